#include "verifier/obligations/conflicts.hpp"

#include <algorithm>
#include <iterator>

namespace portcullis::obligations {

std::vector<Proof> prove_no_conflicts(const cluster::Cluster& cluster, smt::Session& session,
                                      base::Diagnostics& diagnostics) {
  std::vector<Proof> proofs = prove_ports_apart(cluster, session, diagnostics);
  std::ranges::move(prove_placement(cluster, session, diagnostics), std::back_inserter(proofs));
  return proofs;
}

}  // namespace portcullis::obligations
