// The HTTP health check of a Service with externalTrafficPolicy Local (reference 3.7).
#include <set>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::cluster {

std::optional<Health> health(const Cluster& cluster, const Service& service) {
  if (!service.programmed() || service.health_check_node_port == 0) return {};
  Health out;
  out.port = service.health_check_node_port;
  // An address counts once on a node, however many ports use it; only ready ones count, draining ones do not.
  std::map<std::string, std::set<net::Address>> local;
  for (const ServicePort& port : service.ports) {
    for (const Endpoint& endpoint : port.endpoints) {
      if (service.cluster_ip(endpoint.address.family()) == nullptr) continue;
      if (endpoint.ready && !endpoint.node.empty()) local[endpoint.node].insert(endpoint.address);
      for (const Endpoint& other : endpoint.alternatives) {
        // An alternative counts where it is local and the entry itself is not.
        if (&endpoint.on_node(other.node) == &other && other.ready && !other.node.empty())
          local[other.node].insert(other.address);
      }
    }
  }
  for (const Node& node : cluster.nodes) {
    const auto found = local.find(node.name);
    const std::size_t count = found == local.end() ? 0 : found->second.size();
    out.nodes[node.name] = {count > 0 ? 200 : 503, count};
  }
  return out;
}

}  // namespace portcullis::cluster
