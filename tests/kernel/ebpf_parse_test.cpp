// What begins a flow: the eBPF program and conntrack agree, over every set of TCP flags, every type of ICMP, lengths
// that can't be, other protocols. The program is asked by a frontend that rejects everything; what it writes as refusal
// is looked at, too.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/program.hpp"
#include "compiler/net/address.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/link.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/process.hpp"
#include "tests/kernel/wire.hpp"

namespace {

using namespace portcullis;
using kernel::Bytes;
using View = std::span<const std::uint8_t>;

constexpr int passed_on = -1, sent_back = 7;  // TC_ACT_UNSPEC, TC_ACT_REDIRECT
constexpr std::size_t link_header = 14;

// ---- packets

void put16(Bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

std::uint16_t checksum(View bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void set16(Bytes& in, std::size_t at, std::uint16_t value) {
  in[at] = static_cast<std::uint8_t>(value >> 8);
  in[at + 1] = static_cast<std::uint8_t>(value);
}

struct Ends {
  Bytes source, destination;  // 4 or 16 bytes
  [[nodiscard]] bool v6() const { return source.size() == 16; }
};
const Ends ipv4{{192, 0, 2, 9}, {10, 96, 0, 12}};
const Ends ipv6{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9},
                {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12}};

// What the checksum of a transport protocol begins with.
std::uint32_t pseudo_sum(const Ends& ends, std::uint8_t protocol, std::size_t length) {
  Bytes header = ends.source;
  header.insert(header.end(), ends.destination.begin(), ends.destination.end());
  put16(header, length);
  put16(header, protocol);
  return static_cast<std::uint16_t>(~checksum(header));
}

Bytes packet(const Ends& ends, std::uint8_t protocol, const Bytes& payload) {
  Bytes bytes;
  if (ends.v6()) {
    bytes = {0x60, 0, 0, 0};
    put16(bytes, payload.size());
    bytes.insert(bytes.end(), {protocol, 64});
  } else {
    bytes = {0x45, 0};
    put16(bytes, 20 + payload.size());
    bytes.insert(bytes.end(), {0, 7, 0, 0, 64, protocol, 0, 0});
  }
  bytes.insert(bytes.end(), ends.source.begin(), ends.source.end());
  bytes.insert(bytes.end(), ends.destination.begin(), ends.destination.end());
  if (!ends.v6()) set16(bytes, 10, checksum(bytes));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

Bytes tcp(const Ends& ends, std::size_t port, std::uint8_t flags, std::uint8_t words) {
  Bytes payload;
  put16(payload, port);
  put16(payload, 80);
  payload.insert(payload.end(), {0, 0, 3, 232, 0, 0, 7, 208, static_cast<std::uint8_t>(words << 4U), flags, 4, 0});
  put16(payload, 0);
  put16(payload, 0);
  set16(payload, 16, checksum(payload, pseudo_sum(ends, 6, payload.size())));
  return packet(ends, 6, payload);
}

// A UDP datagram of 12 bytes that says `length`. IPv4 may go without a checksum; with a length that is too small IPv6
// may not, and is invalid either way.
Bytes udp(const Ends& ends, std::size_t port, std::size_t length) {
  Bytes payload;
  put16(payload, port);
  put16(payload, 80);
  put16(payload, length);
  payload.insert(payload.end(), {0, 0, 'a', 'b', 'c', 'd'});
  if (ends.v6()) set16(payload, 6, checksum(payload, pseudo_sum(ends, 17, length)));
  return packet(ends, 17, payload);
}

Bytes icmp(const Ends& ends, std::uint8_t type) {
  Bytes payload{type, 0, 0, 0, 0, 5, 0, 6};
  payload.resize(32, 'x');
  set16(payload, 2, checksum(payload, ends.v6() ? pseudo_sum(ends, 58, payload.size()) : 0));
  return packet(ends, ends.v6() ? 58 : 1, payload);
}

// ---- the program

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

// pcl_in with tables by which the two destinations are rejected.
class Program {
 public:
  Program() {
    const auto bytes = ebpf::program();
    object_.reset(bpf_object__open_mem(bytes.data(), bytes.size(), nullptr));
    if (!object_) throw kernel::Failure("libbpf does not open the program");
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
      bpf_program__set_autoload(program, std::string(bpf_program__name(program)) == "pcl_in");
    }
    if (bpf_object__load(object_.get()) != 0) throw kernel::Failure("the kernel does not take the program");
    fill();
  }

  // What becomes of a packet; of one that is sent back, the answer.
  struct Verdict {
    int action = 0;
    Bytes answer;  // from the IP header on
  };
  [[nodiscard]] Verdict ask(const Bytes& packet) const {
    Bytes frame(link_header - 2, 0);
    put16(frame, packet.at(0) >> 4 == 4 ? 0x0800 : 0x86dd);
    frame.insert(frame.end(), packet.begin(), packet.end());
    Bytes out(512);
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    run.data_in = frame.data();
    run.data_size_in = static_cast<__u32>(frame.size());
    run.data_out = out.data();
    run.data_size_out = static_cast<__u32>(out.size());
    const bpf_program* program = bpf_object__find_program_by_name(object_.get(), "pcl_in");
    if (bpf_prog_test_run_opts(bpf_program__fd(program), &run) != 0) throw kernel::Failure("the program does not run");
    out.resize(run.data_size_out);
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(std::min(link_header, out.size())));
    return {static_cast<int>(run.retval), out};
  }

 private:
  std::unique_ptr<bpf_object, CloseObject> object_;

  void put(const char* table, const kernel::Fd& inner) {
    const pcl_u32 generation = 0;
    const int fd = inner.get();
    const bpf_map* outer = bpf_object__find_map_by_name(object_.get(), table);
    if (fd < 0 || bpf_map_update_elem(bpf_map__fd(outer), &generation, &fd, BPF_ANY) != 0) {
      throw kernel::Failure(fmt::format("cannot set {}", table));
    }
  }

  void fill() {
    const kernel::Fd frontends(
        bpf_map_create(BPF_MAP_TYPE_HASH, "f", sizeof(pcl_frontend_key), sizeof(pcl_frontend), 2, nullptr));
    pcl_frontend rejected{};
    std::fill(std::begin(rejected.action), std::end(rejected.action), pcl_u8{PCL_REJECT});
    for (const Ends& ends : {ipv4, ipv6}) {
      pcl_frontend_key key{};
      auto* address = reinterpret_cast<std::uint8_t*>(&key.address);
      if (!ends.v6()) address[10] = address[11] = 0xff;
      std::copy(ends.destination.begin(), ends.destination.end(), address + 16 - ends.destination.size());
      if (bpf_map_update_elem(frontends.get(), &key, &rejected, BPF_ANY) != 0) throw kernel::Failure("no frontend");
    }
    put("t_frontends", frontends);
    put("t_locals",
        kernel::Fd(bpf_map_create(BPF_MAP_TYPE_HASH, "l", sizeof(pcl_addr), sizeof(pcl_local), 1, nullptr)));
    bpf_map_create_opts options{};
    options.sz = sizeof(options);
    options.map_flags = BPF_F_NO_PREALLOC;
    put("t_prefixes",
        kernel::Fd(bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "p", sizeof(pcl_prefix_key), sizeof(pcl_u32), 1, &options)));
  }
};

// Port unreachable to the sender, from the destination, quoting the packet, checksums right.
void check_answer(const Ends& ends, const Bytes& asked, const Bytes& answer) {
  const std::size_t header = ends.v6() ? 40 : 20, addresses = ends.v6() ? 8 : 12, size = ends.source.size();
  REQUIRE(answer.size() >= header + 8 + header + 8);
  const View all(answer);
  CHECK(std::ranges::equal(all.subspan(addresses, size), ends.destination));
  CHECK(std::ranges::equal(all.subspan(addresses + size, size), ends.source));
  const View body = all.subspan(header);
  const Ends back{ends.destination, ends.source};
  CHECK(checksum(body, ends.v6() ? pseudo_sum(back, 58, body.size()) : 0) == 0);
  if (!ends.v6()) CHECK(checksum(all.first(header)) == 0);
  CHECK(body[0] == (ends.v6() ? 1 : 3));
  CHECK(body[1] == (ends.v6() ? 4 : 3));
  // The IP header and the ports, or what is in their place.
  CHECK(std::ranges::equal(body.subspan(8, header + 4), View(asked).first(header + 4)));
}

// ---- conntrack

// What conntrack calls packets that come in.
class Conntrack {
 public:
  Conntrack() : link_("cable") {
    kernel::run_or_fail({"nft", "-f", "-"},
                        "table inet look {\n"
                        "  counter new { }\n  counter invalid { }\n"
                        "  chain look {\n    type filter hook prerouting priority 0\n"
                        "    iifname \"cable\" ct state new counter name new drop\n"
                        "    iifname \"cable\" ct state invalid counter name invalid drop\n  }\n}\n");
  }

  [[nodiscard]] bool begins(const Bytes& packet) {
    const std::uint64_t before = new_ones();
    link_.send(packet);
    return new_ones() > before;
  }
  [[nodiscard]] static std::uint64_t invalid_ones() { return count("invalid"); }

 private:
  kernel::Tun link_;

  static std::uint64_t new_ones() { return count("new"); }
  static std::uint64_t count(const std::string& name) {
    const auto listing =
        nlohmann::json::parse(kernel::run_or_fail({"nft", "-j", "list", "counter", "inet", "look", name}));
    for (const auto& entry : listing.at("nftables")) {
      if (entry.contains("counter")) return entry.at("counter").at("packets").get<std::uint64_t>();
    }
    throw kernel::Failure("nft lists no counter");
  }
};

struct Agreement {
  Program program;
  Conntrack conntrack;
  std::size_t begun = 0;

  void check(const std::string& name, const Ends& ends, const Bytes& packet) {
    CAPTURE(name, ends.v6());
    const Program::Verdict verdict = program.ask(packet);
    const bool begins = conntrack.begins(packet);
    CHECK(verdict.action == (begins ? sent_back : passed_on));
    if (verdict.action == sent_back) check_answer(ends, packet, verdict.answer);
    if (begins) ++begun;
  }
};

TEST_CASE("the eBPF program takes no IPv6 packet for one of IPv4") {
  if (!kernel::permitted()) return;
  const kernel::Fd netns = kernel::make_netns();
  const kernel::Inside inside(netns);
  const Program program;
  const auto mapped = [](const Bytes& ipv4_address) {
    Bytes out(12, 0);
    out[10] = out[11] = 0xff;
    out.insert(out.end(), ipv4_address.begin(), ipv4_address.end());
    return out;
  };
  const Ends to_frontend{ipv6.source, mapped(ipv4.destination)}, from_mapped{mapped(ipv4.source), ipv6.destination};
  CHECK(program.ask(tcp(ipv4, 1000, 2, 5)).action == sent_back);
  CHECK(program.ask(tcp(ipv6, 1000, 2, 5)).action == sent_back);
  CHECK(program.ask(tcp(to_frontend, 1000, 2, 5)).action == passed_on);
  CHECK(program.ask(tcp(from_mapped, 1000, 2, 5)).action == passed_on);
}

TEST_CASE("the eBPF program lets begin a flow what conntrack lets") {
  if (!kernel::permitted()) return;
  const kernel::Fd netns = kernel::make_netns();
  const kernel::Inside inside(netns);
  Agreement agreement;

  for (const Ends& ends : {ipv4, ipv6}) {
    agreement.begun = 0;
    for (unsigned flags = 0; flags < 256; ++flags) {
      agreement.check(fmt::format("TCP flags {:#04x}", flags), ends,
                      tcp(ends, 10000 + flags, static_cast<std::uint8_t>(flags), 5));
    }
    CHECK(agreement.begun == 32);  // SYN or ACK, with or without URG, with any of PSH, ECE, CWR

    for (const std::uint8_t words : Bytes{0, 4, 6, 15}) {
      agreement.check(fmt::format("TCP header of {} words", words), ends, tcp(ends, 11000U + words, 2, words));
    }
    for (const std::size_t length : {0U, 7U, 12U, 13U, 1000U}) {
      agreement.check(fmt::format("UDP length {}", length), ends, udp(ends, 12000 + length, length));
    }

    agreement.begun = 0;
    for (unsigned type = 0; type < 256; ++type) {
      agreement.check(fmt::format("ICMP type {}", type), ends, icmp(ends, static_cast<std::uint8_t>(type)));
    }
    CHECK(agreement.begun == (ends.v6() ? 2 : 4));

    for (const std::uint8_t protocol : Bytes{50, 89, 253}) {
      const Bytes payload(28, protocol);
      agreement.check(fmt::format("protocol {}", protocol), ends, packet(ends, protocol, payload));
    }
  }
  CHECK(Conntrack::invalid_ones() > 0);
}

}  // namespace
