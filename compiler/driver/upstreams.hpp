// Where the proxy of a node sends requests: to endpoints, or to Services.
#pragma once

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::driver {

// Backends with endpoints get the cluster IPs of their Service instead, where it has one: the packet rules of the node
// choose the endpoint. A backend without endpoints stays as it is, and so does a headless Service.
void through_cluster_ips(ir::l7::Router& router, const cluster::Cluster& cluster);

// For a router that stands outside of the cluster (its entry is `node_ports`): backends with endpoints get the node
// port of their Service on every node, or, with externalTrafficPolicy Local, on those that have an endpoint. A Service
// without a node port stays as it is.
void through_node_ports(ir::l7::Router& router, const cluster::Cluster& cluster);
[[nodiscard]] bool comes_by_node_ports(const ir::l7::Router& router);

}  // namespace portcullis::driver
