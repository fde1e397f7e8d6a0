// Resolved cluster → program of one node and family: where reference 3.2–3.5 becomes routes, pools and checks.
#pragma once

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir {

// The profile's dialect, detector and policies apply. Services without a cluster IP of the family do not exist in it.
[[nodiscard]] Program build(const cluster::Cluster& cluster, const cluster::Node& node, net::Family family);

// The families in which the cluster has anything for this node: a Service address, a node address, a host port.
[[nodiscard]] std::vector<net::Family> families(const cluster::Cluster& cluster, const cluster::Node& node);

}  // namespace portcullis::ir
