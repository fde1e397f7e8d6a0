// Can pods be put on nodes so that no two that must be apart share one? The scheduler's question about host ports.
//
// Pods come in kinds (the replicas of a workload). If all kinds are apart from each other, every node takes one pod and
// this is a flow: kinds → classes of nodes → nodes. A minimum cut then says why it is impossible: these kinds need 51
// nodes, and only 50 will do (Hall's condition). If some kinds may share a node, a node takes an independent set of
// kinds, and integers count how many nodes of a class take which set.
//
// An answer is never the search's word alone: a placement is checked pod by pod, a shortage is a sum that is compared,
// and the solver judges the integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verifier/smt/session.hpp"

namespace portcullis::obligations {

struct PodKind {
  std::size_t pods = 0;              // no two of which share a node
  std::vector<std::uint32_t> nodes;  // that will do; ascending
};

struct PlacementProblem {
  std::vector<PodKind> kinds;
  bool all_apart = true;                                       // no two pods at all share a node
  std::vector<std::pair<std::uint32_t, std::uint32_t>> apart;  // else: kinds no two pods of which do, the lower first
};

// Why there is no placement. `kinds` is as small as it could be made.
struct Shortage {
  std::vector<std::uint32_t> kinds;
  // All of these kinds are apart, need so many nodes and have so many. Both 0: no such sum explains it.
  std::size_t needed = 0, nodes = 0;
};

struct PlacementAnswer {
  smt::Answer possible = smt::Answer::unknown;       // satisfiable: there is a placement
  std::string reason;                                // of unknown
  std::vector<std::vector<std::uint32_t>> nodes_of;  // of satisfiable: by kind, a node for each pod
  std::optional<Shortage> shortage;                  // of unsatisfiable
};

// Throws InternalError if search and solver disagree.
[[nodiscard]] PlacementAnswer find_placement(const PlacementProblem& problem, smt::Session& session);

// The flow alone: exact if all kinds are apart. Never unknown.
[[nodiscard]] PlacementAnswer place_by_flow(const PlacementProblem& problem);
// The integers alone: exact whatever is apart. No shortage; unknown beyond the limits, or with too many independent
// sets.
[[nodiscard]] PlacementAnswer place_by_solver(const PlacementProblem& problem, smt::Session& session);

}  // namespace portcullis::obligations
