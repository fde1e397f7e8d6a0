// Random clusters through every engine. By default a few hundred clusters with fixed seeds; for a longer hunt:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_CLUSTERS=100000 ctest -R agreement
//
// A disagreement prints the seed, the dialect, the packet and both fates; the same seed makes the same cluster again.
#include <algorithm>
#include <cstdlib>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/build.hpp"
#include "compiler/ir/l4/text.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/engines/engines.hpp"

namespace {

using namespace portcullis;
using agreement::Coverage;
using net::PacketFrom;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// One row of reference 3.5.2–3.5.6 and the origins that can meet it.
struct Row {
  const char* name;
  std::vector<PacketFrom> origins;
  std::vector<net::Protocol> protocols{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp};
};

std::vector<Row> required_rows() {
  using enum PacketFrom;
  const std::vector<PacketFrom> all{pod, remote_pod, external, node}, pods{pod, remote_pod},
      arriving{pod, remote_pod, external};
  const std::vector<net::Protocol> any{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp,
                                       net::Protocol::icmp};
  return {
      {"internal", all},
      {"internal local", all},
      {"external cluster", all},
      {"external local: pod", pods},
      {"external local: node", {node}},
      {"external local: others", arriving},
      {"ranges before translation", all},
      {"ranges after translation", all},
      {"cluster-ip refused: reject", all},
      {"cluster-ip refused: drop", all},
      {"external refused: reject", all},
      {"external refused: drop", arriving},
      {"node-port refused: reject", all},
      {"node-port refused: drop", all},
      {"hygiene: undefined port", all, any},
      {"hygiene: unallocated", all},
      {"health accept", all, {net::Protocol::tcp}},
      {"host-port", all},
      {"nothing", all},
  };
}

struct Tally {
  Coverage coverage;
  std::size_t clusters = 0, packets = 0, comparisons = 0;
};

// Variants of a packet that later stages tell apart: a known flow, an invalid packet.
std::vector<net::Packet> with_states(const net::Packet& packet, std::size_t index) {
  std::vector<net::Packet> out{packet};
  if (index % 11 != 0) return out;
  for (const auto state :
       {net::ConntrackState::established, net::ConntrackState::invalid, net::ConntrackState::related}) {
    out.push_back(packet);
    out.back().ct_state = state;
  }
  return out;
}

void compare(const std::vector<engines::Engine>& all, const net::Packet& packet, const ir::Memory& memory,
             const ir::Fate& meaning, const std::string& where, Tally& tally) {
  for (std::size_t i = 1; i < all.size(); ++i) {
    const ir::Fate fate = all[i].fate(packet, memory);
    ++tally.comparisons;
    if (engines::agrees(all[i], meaning, fate, packet)) continue;
    FAIL_CHECK(where << "\n  " << packet.text() << " (" << net::to_string(packet.from)
                     << ")\n  interpreter: " << ir::text(meaning) << "\n  " << all[i].name << ": " << ir::text(fate));
  }
}

void check_program(const cluster::Cluster& cluster, const ir::Program& program, std::size_t stride,
                   const std::string& where, Tally& tally) {
  const auto all = engines::engines(program);
  const ir::Interpreter interpreter(program);
  const auto packets = agreement::boundary_packets(cluster, program);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    for (const net::Packet& packet : with_states(packets[i], i)) {
      ir::Trail trail;
      const ir::Fate meaning = interpreter.fate(packet, {}, &trail);
      if (packet.ct_state == net::ConntrackState::fresh)
        tally.coverage.count(agreement::row(program, packet, meaning, trail), packet);
      if (meaning.kind == ir::Fate::Kind::conflict) continue;  // two owners: `compile` refuses such a program
      if ((i + tally.clusters) % stride != 0) continue;
      ++tally.packets;
      compare(all, packet, {}, meaning, where, tally);
      if (!meaning.affinity_seconds || meaning.targets.empty()) continue;
      // A source that an endpoint remembers goes there again; one that an unused endpoint remembers is balanced anew.
      ir::Memory memory;
      memory.remember(packet.src, meaning.targets.back().label);
      compare(all, packet, memory, interpreter.fate(packet, memory), where + ", remembered", tally);
    }
  }
}

}  // namespace

TEST_CASE("agreement: interpreter and all rulesets give every packet the same fate") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      clusters = from_environment("PORTCULLIS_CLUSTERS", 350);
  const std::size_t stride = from_environment("PORTCULLIS_STRIDE", 8);
  Tally tally;
  for (std::uint64_t s = seed; s < seed + clusters; ++s) {
    for (const auto dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
      agreement::Random random(s);
      const cluster::Cluster cluster = agreement::random_cluster(random, dialect);
      for (const net::Family family : net::all_families) {
        const ir::Program program = ir::build(cluster, cluster.nodes.front(), family);
        check_program(
            cluster, program, stride,
            fmt::format("seed {}, dialect {}, {}", s, dialect == cluster::Dialect::nftables ? "nftables" : "iptables",
                        net::to_string(family)),
            tally);
      }
      ++tally.clusters;
    }
  }
  fmt::print("agreement: seeds {}–{}, {} clusters, {} packets, {} comparisons\n", seed, seed + clusters - 1,
             tally.clusters, tally.packets, tally.comparisons);
  if (clusters < 350) return;
  CHECK(tally.clusters >= 200);
  CHECK(tally.packets >= 20000);
  for (const Row& row : required_rows()) {
    for (const PacketFrom from : row.origins) {
      for (const net::Family family : net::all_families) {
        for (const net::Protocol protocol : row.protocols) {
          net::Packet packet;
          packet.from = from;
          packet.src = packet.dst = *net::Address::parse(family == net::Family::ipv4 ? "0.0.0.0" : "::");
          packet.protocol = protocol;
          INFO(Coverage::cell(row.name, packet));
          CHECK(tally.coverage.of(row.name, packet) >= 20);
        }
      }
    }
  }
}
