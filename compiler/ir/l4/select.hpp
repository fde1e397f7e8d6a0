// Which endpoints of a Service port a node uses (reference 3.2, 3.3): policies, readiness with its fallbacks, topology
// hints.
#pragma once

#include <vector>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::ir {

struct Selection {
  std::vector<const cluster::Endpoint*> cluster_set;  // sorted by `address:port`
  std::vector<const cluster::Endpoint*> local_set;
  bool uses_cluster = false, uses_local = false;
  bool has_any = false;       // endpoints exist, here or elsewhere
  bool has_internal = false;  // the cluster IP is served on this node
  bool has_external = false;  // node port, external and balancer addresses are served for everybody
};

// `externally_accessible`: the port has a node port, an external address or a balancer VIP of this family.
[[nodiscard]] Selection select(const cluster::Service& service, const cluster::ServicePort& port,
                               const cluster::Node& node, net::Family family, bool externally_accessible);

}  // namespace portcullis::ir
