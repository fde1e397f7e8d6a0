// What the first packet of a flow costs, by cluster size: once counted (rules looked at and look-ups, by the evaluator
// of the printed text) and once timed in the kernel, in interleaved rounds, beside rulesets in kube-proxy's shapes.
// Usage: bench_packets [--rounds N] [--services N]…
//
// Timed: UDP-less TCP SYNs from a raw socket inside a namespace through OUTPUT (new conntrack entry, translation,
// postrouting) to a TUN that nobody reads. Every packet is a flow of its own towards a Service drawn at random. The
// cost of everything but the ruleset is the row `no ruleset`.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/file.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/kube_proxy_shape.hpp"
#include "tests/bench/pipeline.hpp"
#include "tests/engines/engines.hpp"

namespace {

using namespace portcullis;

constexpr std::size_t packets_per_round = 2000;

// A packet as the raw socket takes it; the kernel fills in the IP checksum, and nobody looks at TCP's.
struct Syn {
  iphdr ip{};
  tcphdr tcp{};
};

Syn syn(std::uint32_t source, std::uint32_t destination, std::uint16_t source_port) {
  Syn s;
  s.ip.version = 4;
  s.ip.ihl = 5;
  s.ip.ttl = 64;
  s.ip.protocol = IPPROTO_TCP;
  s.ip.tot_len = htons(sizeof(Syn));
  s.ip.saddr = htonl(source);
  s.ip.daddr = htonl(destination);
  s.tcp.source = htons(source_port);
  s.tcp.dest = htons(80);
  s.tcp.doff = 5;
  s.tcp.syn = 1;
  s.tcp.window = htons(1024);
  return s;
}

class Sender {
 public:
  explicit Sender(std::vector<std::uint32_t> services)
      : socket_(::socket(AF_INET, SOCK_RAW, IPPROTO_RAW)), services_(std::move(services)) {}
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender() { ::close(socket_); }

  // Nanoseconds a packet.
  double round() {
    std::vector<Syn> batch;
    batch.reserve(packets_per_round);
    for (std::size_t i = 0; i < packets_per_round; ++i) {
      flow_ = flow_ % 60000 + 1;
      batch.push_back(syn(0x0A000000U + static_cast<std::uint32_t>(random_() % 200 + 2),
                          services_[random_() % services_.size()], static_cast<std::uint16_t>(flow_ + 1024)));
    }
    const auto begin = std::chrono::steady_clock::now();
    for (const Syn& s : batch) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr.s_addr = s.ip.daddr;
      static_cast<void>(::sendto(socket_, &s, sizeof s, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
    }
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() /
           packets_per_round;
  }

 private:
  int socket_;
  std::vector<std::uint32_t> services_;
  std::mt19937 random_{1};
  std::uint32_t flow_ = 0;
};

void shell(const std::string& line) {
  if (bench::run({"sh", "-c", line}).status != 0) fmt::print(stderr, "failed: {}\n", line);
}

// A process with a namespace of its own that has one ruleset loaded; it sends a round when it is told to.
class Subject {
 public:
  Subject(std::string name, const std::string& load, const std::vector<std::uint32_t>& services)
      : name_(std::move(name)) {
    if (::pipe(commands_.data()) != 0 || ::pipe(answers_.data()) != 0) throw base::InternalError("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::close(commands_[1]);
      serve(load, services);
      ::_exit(0);
    }
    ::close(commands_[0]);
    ::close(answers_[1]);
    wait_answer();
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject() {
    ::close(commands_[1]);
    ::close(answers_[0]);
    ::waitpid(child_, nullptr, 0);
  }
  void round() {
    const char go = 'g';
    if (::write(commands_[1], &go, 1) == 1) nanoseconds_.push_back(wait_answer());
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] double median() const { return bench::median(nanoseconds_); }

 private:
  double wait_answer() const {
    double value = 0;
    if (::read(answers_[0], &value, sizeof value) != sizeof value) throw base::InternalError(name_ + ": no answer");
    return value;
  }
  void serve(const std::string& load, const std::vector<std::uint32_t>& services) const {
    if (::unshare(CLONE_NEWNET) != 0) return;
    shell(
        "ip link set lo up && ip tuntap add dev dummy0 mode tun && ip addr add 10.0.0.1/8 dev dummy0 && ip link set "
        "dummy0 "
        "up && ip route add default dev dummy0 "
        "&& sysctl -qw net.ipv4.ip_forward=1");
    if (!load.empty()) shell(load);
    Sender sender(services);
    static_cast<void>(sender.round());  // warm
    double value = 0;
    static_cast<void>(::write(answers_[1], &value, sizeof value));
    char go = 0;
    while (::read(commands_[0], &go, 1) == 1) {
      shell("conntrack -F >/dev/null 2>&1 || true");
      value = sender.round();
      static_cast<void>(::write(answers_[1], &value, sizeof value));
    }
  }

  std::string name_;
  std::array<int, 2> commands_{}, answers_{};
  pid_t child_ = -1;
  std::vector<double> nanoseconds_;
};

std::vector<std::uint32_t> cluster_ips(const ir::Program& p) {
  std::vector<std::uint32_t> out;
  for (const ir::Route& r : p.routes) {
    if (r.kind == ir::FrontendKind::cluster_ip) out.push_back(r.key.address->v4_value());
  }
  return out;
}

void write(const std::string& path, const std::string& text) {
  if (const auto error = base::write_file(path, text)) throw base::InternalError(path + ": " + *error);
}

// The worst first packet to any of a sample of Services.
std::string counted(const engines::Costing& costing, const std::vector<std::uint32_t>& services) {
  netfilter::Cost worst;
  for (std::size_t i = 0; i < services.size(); i += 1 + services.size() / 200) {
    net::Packet p;
    p.from = net::PacketFrom::node;
    p.src = *net::Address::parse("10.0.0.1");
    p.dst = net::Address::v4(services[i]);
    p.dport = 80;
    const netfilter::Cost cost = costing(p);
    worst.rules = std::max(worst.rules, cost.rules);
    worst.lookups = std::max(worst.lookups, cost.lookups);
  }
  return fmt::format("{} rules, {} look-ups", worst.rules, worst.lookups);
}

void measure(const std::string& folder, std::size_t services, std::size_t rounds) {
  const std::string text = bench::json_text({services, 10, 10});
  const ir::Program nft = bench::program_of(text, true, ir::Dialect::nftables);
  const ir::Program ipt = bench::program_of(text, true, ir::Dialect::iptables);
  const std::string nft_text = engines::nftables_text(nft);
  const engines::IptablesText ipt_text = engines::iptables_text(ipt);
  write(folder + "/ours.nft", nft_text);
  write(folder + "/ours.rules", ipt_text.rules);
  write(folder + "/ours.jumps", ipt_text.jumps);
  write(folder + "/shape.nft", bench::kube_proxy_nftables(nft));
  write(folder + "/shape.rules", bench::kube_proxy_iptables(ipt));
  const auto addresses = cluster_ips(nft);
  const auto legacy = [&](const std::string& file) {
    return "iptables-legacy-restore --noflush < " + folder + "/" + file;
  };
  std::vector<std::unique_ptr<Subject>> subjects;
  const auto add = [&](const char* name, const std::string& load) {
    subjects.push_back(std::make_unique<Subject>(name, load, addresses));
  };
  add("no ruleset", {});
  add("nftables, portcullis", "nft -f " + folder + "/ours.nft");
  add("nftables, kube-proxy's shape", "nft -f " + folder + "/shape.nft");
  add("iptables legacy, portcullis", legacy("ours.rules") + " && " + legacy("ours.jumps"));
  add("iptables legacy, kube-proxy's shape", legacy("shape.rules"));
  for (std::size_t i = 0; i < rounds; ++i) {
    for (const auto& s : subjects) s->round();
  }
  for (const auto& s : subjects) {
    std::string count;
    if (s->name() == "nftables, portcullis") count = counted(engines::nftables_costing(nft_text, nft), addresses);
    if (s->name() == "iptables legacy, portcullis")
      count = counted(engines::iptables_costing(ipt_text, ipt), addresses);
    fmt::print("| {} | {} | {:.0f} | {} |\n", services, s->name(), s->median(), count);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t rounds = 10;
  std::vector<std::size_t> services;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--rounds") rounds = std::stoul(argv[i + 1]);
    if (std::string(argv[i]) == "--services") services.push_back(std::stoul(argv[i + 1]));
  }
  if (services.empty()) services = {100, 1000, 10000, 30000};
  std::string folder = "/tmp/portcullis-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  fmt::print("| Services × 10 | ruleset | ns a first packet, median | counted, worst packet |\n|---|---|---|---|\n");
  for (const std::size_t n : services) measure(folder, n, rounds);
  std::filesystem::remove_all(folder);
  return 0;
}
