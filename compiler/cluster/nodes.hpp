// The nodes: Node objects and profile nodes of one name are one node (the profile's non-empty fields win); without
// either three are planned.
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"

namespace portcullis::cluster {

// Sorted by name. Planned are, by name: addresses of nodes that have none (192.168.0.0/24), and a share of the
// profile's pod ranges (/24, IPv6 /64) for nodes without podCIDRs. `families`: those that Services or ranges use; a
// planned node has an address of each.
[[nodiscard]] std::vector<Node> resolve_nodes(const Inventory& inventory, const Profile& profile,
                                              const std::vector<net::Family>& families, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
