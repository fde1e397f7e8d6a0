// `no conflicts`: nobody fights for a port.
//
//   no-conflicts.services   no two Services answer for one address, protocol and port with different fates
//   no-conflicts.nodes      no port that a Service answers for on a node, or that a node needs itself, is wanted there
//   by
//                           a pod, in any placement that the scheduler may choose
//   no-conflicts.placement  all pods that take ports of their nodes can run
//
// One Proof for each that holds; one for each conflict where it does not, with every claimant and its line. The first
// and the last are left out of a cluster that has no Service or no host port.
//
// Findings: PC3103 (a Service address takes a port of a node), PC3503 (more pods with a host port than nodes), PC3506
// (a Service takes the port of a pod), PC3507 (a port that nodes need), PC6007 (no placement). What one look at the
// objects shows has been said while resolving (PC2037, PC2038, PC3102, PC3504) and is not said again.
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

using verdict::Proof;
using verdict::Standing;

// `diagnostics` holds the findings of resolving `cluster`; new ones are added.
[[nodiscard]] std::vector<Proof> prove_no_conflicts(const cluster::Cluster& cluster, smt::Session& session,
                                                    base::Diagnostics& diagnostics);

// ---- the pieces, one a file

[[nodiscard]] std::vector<Proof> prove_ports_apart(const cluster::Cluster& cluster, smt::Session& session,
                                                   base::Diagnostics& diagnostics);
[[nodiscard]] std::vector<Proof> prove_placement(const cluster::Cluster& cluster, smt::Session& session,
                                                 base::Diagnostics& diagnostics);

// At most so many conflicts of one kind become Proofs of their own; the last one counts the rest.
inline constexpr std::size_t most_conflicts = 100;

}  // namespace portcullis::obligations
