// Generations of tables change under the connections of clients, as fast as they can: every packet meets the tables of
// one generation whole. Routes of each generation lead to pools that are dead ports in the other one, so that a packet
// that met routes of one and pools of the other would be refused. For more than the default:
//
//   PORTCULLIS_SWITCHES=2000000 ctest -R 'ebpf switch'
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/loader/generation.hpp"
#include "backends/ebpf/program.hpp"
#include "tests/kernel/conversations.hpp"
#include "tests/kernel/ebpf_hosts.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using ebpf::Tables;
using kernel::EbpfHosts;
using net::Protocol;
using Outcome = kernel::Answer::Outcome;
namespace at = kernel::at;
namespace loader = ebpf::loader;

Tables lowered(const kernel::Dual& endpoint) {
  const kernel::ServiceText service{"web", 1, {endpoint}, "", ""};
  const auto programs =
      kernel::compile("web", kernel::profile_of_hosts(cluster::Dialect::nftables) + kernel::text_of(service), "node");
  base::Diagnostics diagnostics;
  return ebpf::lower(programs->both(), ebpf::program_digest(), diagnostics);
}

// Nobody listens at port 9.
std::vector<ebpf::Pool> dead(std::vector<ebpf::Pool> pools) {
  for (auto& pool : pools)
    for (auto& endpoint : pool.endpoints) endpoint.port = 9;
  return pools;
}

// Routes lead to the first half of the pools; the second half is dead.
Tables first_half(Tables tables) {
  const auto more = dead(tables.pools);
  tables.pools.insert(tables.pools.end(), more.begin(), more.end());
  return tables;
}

// Routes lead to the second half of the pools; the first half is dead.
Tables second_half(Tables tables) {
  const auto live = tables.pools;
  tables.pools = dead(live);
  tables.pools.insert(tables.pools.end(), live.begin(), live.end());
  for (auto& frontend : tables.frontends)
    for (auto& pool : frontend.pools) pool += static_cast<std::uint32_t>(live.size());
  return tables;
}

std::vector<kernel::Ask> asks(const std::vector<Protocol>& protocols) {
  std::vector<kernel::Ask> out;
  for (int i = 0; i < 8; ++i)
    for (const char* host : {"client", "pod-c", "node"})
      for (const auto family : net::all_families)
        for (const auto protocol : protocols)
          out.push_back({.host = host, .protocol = protocol, .to = kernel::cluster_ip(1).of(family), .port = 80});
  return out;
}

std::uint64_t wanted_switches() {
  const char* text = std::getenv("PORTCULLIS_SWITCHES");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

// Switches between the slots until it is told to stop.
class Switcher {
 public:
  Switcher(const loader::Options& options, std::uint32_t a, std::uint32_t b)
      : object_(loader::Object::open(loader::Pins(options.pins))), thread_([this, a, b] {
          while (!stop_) {
            loader::switch_to(object_, a);
            loader::switch_to(object_, b);
            switches_ += 2;
          }
        }) {}
  Switcher(const Switcher&) = delete;
  Switcher& operator=(const Switcher&) = delete;
  ~Switcher() {
    stop_ = true;
    thread_.join();
  }
  [[nodiscard]] std::uint64_t switches() const { return switches_; }

 private:
  loader::Object object_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> switches_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("ebpf switch: no connection fails while generations change") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  const Tables a = first_half(lowered(at::pod_a)), b = second_half(lowered(at::pod_b));
  hosts.apply(a);
  const auto slot_a = hosts.status().generation;
  hosts.apply(b);
  const auto slot_b = hosts.status().generation;
  REQUIRE(slot_a != slot_b);

  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  const auto batch = asks({Protocol::tcp, Protocol::udp});
  const std::uint64_t wanted = wanted_switches();
  std::size_t connections = 0, failed = 0;
  std::map<std::string, std::size_t> servers;
  std::uint64_t switches = 0;
  {
    const Switcher switcher(hosts.options(), slot_a, slot_b);
    while (wanted == 0 ? elapsed() < 2 : switcher.switches() < wanted) {
      for (const auto& answer : kernel::ask_all(hosts.net(), batch, 5000)) {
        ++connections;
        if (answer.outcome != Outcome::answered) ++failed;
        ++servers[answer.server];
      }
    }
    switches = switcher.switches();
  }
  fmt::print("{} switches of generations in {:.1f} s during {} connections, of which {} failed\n", switches, elapsed(),
             connections, failed);
  CHECK(failed == 0);
  CHECK(switches > 1000);
  // Both generations were met, from the first to the last.
  CHECK(servers.size() == 4);
  for (const auto& [server, count] : servers) CHECK(count > 0);

  // The control: what a packet between two generations would have met. Datagrams from a port that was used before
  // would go where its flow went.
  Tables mixed = a;
  mixed.pools = b.pools;
  hosts.apply(mixed);
  for (const auto& answer : kernel::ask_all(hosts.net(), asks({Protocol::tcp}), 5000))
    CHECK(answer.outcome == Outcome::refused);
}
