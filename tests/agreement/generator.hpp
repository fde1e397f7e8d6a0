// Random small clusters, and every packet that could tell two readings of them apart. Everything follows from the seed.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/interpret.hpp"

namespace portcullis::agreement {

using Random = std::mt19937_64;

// A cluster of a few Services over every type, policy and endpoint state, with the node `n1` of the conformance
// environment (two IPv4 addresses, one IPv6) and endpoints on it, elsewhere and nowhere.
[[nodiscard]] cluster::Cluster random_cluster(Random& random, cluster::Dialect dialect);

// Packets at the boundaries of the program: every frontend, its neighbours (port ±1, other protocols, unallocated
// addresses), from every kind of source (pods here and elsewhere, endpoints themselves, sources inside and outside
// ranges, the node's own addresses). In a fixed order.
[[nodiscard]] std::vector<net::Packet> boundary_packets(const cluster::Cluster& cluster, const ir::Program& program);

// Which row of reference 3.5.2–3.5.6 decided this packet: `internal`, `external cluster`, `external local pod`,
// `refused cluster-ip`, …
[[nodiscard]] std::string row(const ir::Program& program, const net::Packet& packet, const ir::Fate& fate,
                              const ir::Trail& trail);

// Counts packets by row × origin × family × protocol.
class Coverage {
 public:
  void count(const std::string& row, const net::Packet& packet) { ++cells_[cell(row, packet)]; }
  [[nodiscard]] std::size_t of(const std::string& row, const net::Packet& packet) const {
    const auto found = cells_.find(cell(row, packet));
    return found == cells_.end() ? 0 : found->second;
  }
  [[nodiscard]] const std::map<std::string, std::size_t>& cells() const { return cells_; }
  // `internal | pod | IPv4 | TCP`.
  [[nodiscard]] static std::string cell(const std::string& row, const net::Packet& packet);

 private:
  std::map<std::string, std::size_t> cells_;
};

}  // namespace portcullis::agreement
