#include "compiler/driver/upstreams.hpp"

#include <algorithm>
#include <charconv>

namespace portcullis::driver {

namespace {

using ir::l7::Backend;

// The Service and the port of `ns/name:80`.
struct ServicePlace {
  const cluster::Service* service = nullptr;
  std::uint16_t port = 0;
};
ServicePlace place_of(const Backend& backend, const cluster::Cluster& cluster) {
  const std::string_view name = backend.service;
  const std::size_t colon = name.rfind(':');
  ServicePlace out;
  const auto found = std::ranges::find(cluster.services, name.substr(0, colon), &cluster::Service::id);
  if (colon == std::string_view::npos || found == cluster.services.end()) return out;
  const auto [end, error] = std::from_chars(name.data() + colon + 1, name.data() + name.size(), out.port);
  if (error == std::errc{} && end == name.data() + name.size()) out.service = &*found;
  return out;
}

// Whether the rules of the node send what comes to the node port on.
bool takes_node_port(const cluster::Service& service, const cluster::ServicePort& port, const cluster::Node& node) {
  if (service.external_policy == cluster::TrafficPolicy::cluster) return true;
  return std::ranges::any_of(
      port.endpoints, [&](const cluster::Endpoint& endpoint) { return endpoint.ready && endpoint.node == node.name; });
}

}  // namespace

void through_cluster_ips(ir::l7::Router& router, const cluster::Cluster& cluster) {
  for (Backend& backend : router.backends) {
    if (backend.via != Backend::Via::endpoints || backend.dead()) continue;
    const ServicePlace place = place_of(backend, cluster);
    if (place.service == nullptr || place.service->cluster_ips.empty()) continue;
    backend.via = Backend::Via::cluster_ip;
    backend.targets.clear();
    for (const cluster::LocatedAddress& address : place.service->cluster_ips)
      backend.targets.emplace_back(address.address, place.port);
  }
}

bool comes_by_node_ports(const ir::l7::Router& router) {
  return std::ranges::any_of(router.entries,
                             [](const ir::l7::Entry& entry) { return entry.kind == ir::l7::Entry::Kind::node_ports; });
}

void through_node_ports(ir::l7::Router& router, const cluster::Cluster& cluster) {
  for (Backend& backend : router.backends) {
    if (backend.via != Backend::Via::endpoints || backend.dead()) continue;
    const ServicePlace place = place_of(backend, cluster);
    if (place.service == nullptr) continue;
    const auto& ports = place.service->ports;
    const auto port = std::ranges::find_if(
        ports, [&](const cluster::ServicePort& p) { return p.protocol == net::Protocol::tcp && p.port == place.port; });
    if (port == ports.end() || port->node_port == 0) continue;
    backend.via = Backend::Via::cluster_ip;
    backend.targets.clear();
    for (const cluster::Node& node : cluster.nodes) {
      if (!takes_node_port(*place.service, *port, node)) continue;
      const auto& address = node.primary(place.service->families.front());
      if (address) backend.targets.emplace_back(*address, port->node_port);
    }
  }
}

}  // namespace portcullis::driver
