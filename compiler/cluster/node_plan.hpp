// Addresses and pod ranges of nodes that the input leaves without.
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"

namespace portcullis::cluster {

// Fills `nodes` (sorted by name). A node that has any address, or any pod range, keeps exactly what it has: a cluster
// may well have nodes of one family. The three nodes that stand for 'no nodes given' get the first addresses and shares
// in order; every other one by the hash of its name.
void plan_nodes(std::vector<Node>& nodes, const Profile& profile, const std::vector<net::Family>& families,
                base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
