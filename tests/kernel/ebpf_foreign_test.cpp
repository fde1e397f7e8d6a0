// Filters and rules of others see the same packets before the eBPF program comes, while it is there, and after it has
// gone: at the interface and before conntrack those that name a frontend, behind it those that name the endpoint.
#include <array>
#include <map>
#include <regex>

#include <bpf/bpf.h>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "tests/kernel/conversations.hpp"
#include "tests/kernel/ebpf_hosts.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using kernel::EbpfHosts;
using net::Protocol;
namespace at = kernel::at;

constexpr int datagrams = 5;

// A program for tc that counts packets and lets the next filter look at them.
class CountingFilter {
 public:
  CountingFilter(EbpfHosts& hosts, const std::string& priority)
      : count_(::bpf_map_create(BPF_MAP_TYPE_ARRAY, "count", 4, 8, 1, nullptr)) {
    if (!count_.open()) kernel::fail_with_errno("make a map");
    const auto code = instructions();
    const kernel::Fd program(
        ::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "count", "GPL", code.data(), code.size(), nullptr));
    if (!program.open()) kernel::fail_with_errno("load a program that counts");
    const std::string path = kernel::OwnMounts::get().bpf() + "/count" + priority;
    if (::bpf_obj_pin(program.get(), path.c_str()) != 0) kernel::fail_with_errno("pin " + path);
    hosts.net().run("node", {"tc", "filter", "add", "dev", "eth0", "ingress", "prio", priority, "protocol", "ip", "bpf",
                             "da", "object-pinned", path});
    ::unlink(path.c_str());
  }
  [[nodiscard]] int count() const {
    const std::uint32_t zero = 0;
    std::uint64_t value = 0;
    if (::bpf_map_lookup_elem(count_.get(), &zero, &value) != 0) kernel::fail_with_errno("read a count");
    return static_cast<int>(value);
  }

 private:
  [[nodiscard]] std::array<bpf_insn, 12> instructions() const {
    return {{
        {BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0},            // key = 0
        {BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0},  // where it is
        {BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4},          //
        {BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, count_.get()},
        {0, 0, 0, 0, 0},
        {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem},
        {BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 3, 0},
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1},
        {BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD},
        {BPF_JMP | BPF_JA, 0, 0, 0, 0},
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1},  // TC_ACT_UNSPEC
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    }};
  }

  kernel::Fd count_;
};

// In front of our program and behind it.
struct Filters {
  const CountingFilter &before, &behind;
};

constexpr const char* early_rules =
    "add rule inet foreign early iifname eth0 ip daddr 10.96.0.1 udp dport 80 counter name frontend\n"
    "add rule inet foreign early iifname eth0 ip daddr 10.244.1.6 udp dport 8080 counter name direct\n";

void load_foreign(EbpfHosts& hosts) {
  hosts.net().run("node", {"nft", "-f", "-"}, R"(table inet foreign {
  counter frontend { }
  counter direct { }
  counter endpoint { }
  counter answers { }
  chain early { type filter hook prerouting priority raw; policy accept; }
  chain between { type filter hook forward priority 0; policy accept;
    iifname eth0 ip daddr 10.244.1.5 udp dport 8080 counter name endpoint
    oifname eth0 udp sport 8080 counter name answers
  }
}
)");
  hosts.net().run("node", {"nft", "-f", "-"}, early_rules);
}

// How often each rule and filter has matched.
std::map<std::string, int> counts(EbpfHosts& hosts, const Filters& filters) {
  std::map<std::string, int> out{{"tc before", filters.before.count()}, {"tc behind", filters.behind.count()}};
  const std::string rules = hosts.net().run("node", {"nft", "list", "counters", "table", "inet", "foreign"});
  const std::regex counter(R"(counter (\w+) \{\s+packets (\d+))");
  for (std::sregex_iterator match(rules.begin(), rules.end(), counter), end; match != end; ++match)
    out[(*match)[1]] = std::stoi((*match)[2]);
  return out;
}

std::string text(const std::map<std::string, int>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) out += fmt::format("{}: {}; ", name, count);
  return out;
}

// What they count of so many datagrams to the frontend and to an endpoint of nobody's.
std::string counted(EbpfHosts& hosts, const Filters& filters) {
  const auto before = counts(hosts, filters);
  std::vector<kernel::Ask> asks;
  for (int i = 0; i < datagrams; ++i) {
    const auto family = net::Family::ipv4;
    asks.push_back({.host = "client", .protocol = Protocol::udp, .to = kernel::cluster_ip(1).of(family), .port = 80});
    asks.push_back({.host = "client", .protocol = Protocol::udp, .to = at::pod_b.of(family), .port = 8080});
  }
  [[maybe_unused]] const auto answers = kernel::ask_all(hosts.net(), asks, 1000);
  auto after = counts(hosts, filters);
  for (auto& [name, count] : after) count -= before.at(name);
  return text(after);
}

}  // namespace

TEST_CASE("ebpf foreign: filters and rules of others see what they saw") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  hosts.net().settle();
  load_foreign(hosts);
  hosts.net().run("node", {"tc", "qdisc", "add", "dev", "eth0", "clsact"});
  const CountingFilter before(hosts, "1"), behind(hosts, "60000");
  const Filters filters{before, behind};
  // Without a frontend its packets go nowhere; all else is as it will be.
  const std::map<std::string, int> untranslated{
      {"frontend", datagrams}, {"direct", datagrams},        {"endpoint", 0},
      {"answers", datagrams},  {"tc before", 2 * datagrams}, {"tc behind", 2 * datagrams}};
  std::map<std::string, int> translated = untranslated;
  translated["endpoint"] = datagrams;
  translated["answers"] = 2 * datagrams;
  CHECK(counted(hosts, filters) == text(untranslated));
  const kernel::ServiceText web{"web", 1, {at::pod_a}, "", ""};
  const auto programs =
      kernel::compile("web", kernel::profile_of_hosts(cluster::Dialect::nftables) + kernel::text_of(web), "node");
  hosts.apply(*programs);
  CHECK(counted(hosts, filters) == text(translated));

  // A drop of the frontend's address is one.
  hosts.net().run("node", {"nft", "add", "rule", "inet", "foreign", "early", "ip", "daddr", "10.96.0.1", "drop"});
  auto dropped = translated;
  dropped["endpoint"] = 0;
  dropped["answers"] = datagrams;
  CHECK(counted(hosts, filters) == text(dropped));
  hosts.net().run("node", {"nft", "flush", "chain", "inet", "foreign", "early"});
  hosts.net().run("node", {"nft", "-f", "-"}, early_rules);

  hosts.remove();
  CHECK(counted(hosts, filters) == text(untranslated));
}
