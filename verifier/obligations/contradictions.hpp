// Sentences of a policy that can never both hold: one demands that a packet gets through, the other that it does not.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/net/packet.hpp"
#include "compiler/policy/bound.hpp"

namespace portcullis::obligations {

struct Contradiction {
  std::size_t demands = 0, forbids = 0;  // indexes into Bound::obligations
  net::Packet packet;                    // one of those that they disagree about
};

// Found iff there is a source of both, whose packets every address forbids that the demanding sentence is content with;
// whatever the manifests say, one of the two is refuted then. One for each pair of sentences, in their order. The
// policy was bound to `cluster`.
[[nodiscard]] std::vector<Contradiction> contradictions(const policy::Bound& bound, const cluster::Cluster& cluster);

}  // namespace portcullis::obligations
