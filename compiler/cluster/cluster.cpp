#include "compiler/cluster/cluster.hpp"

#include <algorithm>
#include <utility>

namespace portcullis::cluster {

namespace {

// Of a list sorted by namespace and name.
template <class Object>
const Object* named(const std::vector<Object>& list, std::string_view ns, std::string_view name) {
  const auto key = [](const Object& o) { return std::pair<std::string_view, std::string_view>(o.ns, o.name); };
  const std::pair wanted(ns, name);
  const auto found = std::ranges::lower_bound(list, wanted, {}, key);
  return found != list.end() && key(*found) == wanted ? &*found : nullptr;
}

}  // namespace

bool Node::is_local(const net::Address& address) const {
  return address.is_loopback() || std::ranges::find(addresses, address) != addresses.end();
}

std::string_view to_string(ServiceType type) {
  switch (type) {
    case ServiceType::cluster_ip:
      return "ClusterIP";
    case ServiceType::node_port:
      return "NodePort";
    case ServiceType::load_balancer:
      return "LoadBalancer";
    case ServiceType::external_name:
      return "ExternalName";
  }
  return {};
}

std::string_view to_string(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::service_ip:
      return "service-ip";
    case ClaimKind::node_port:
      return "node-port";
    case ClaimKind::host_port:
      return "host-port";
    case ClaimKind::host_network:
      return "host-network";
    case ClaimKind::health:
      return "health";
    case ClaimKind::reserved:
      return "reserved";
  }
  return {};
}

std::string service_port_name(const Service& service, const ServicePort& port) {
  std::string text;
  text.reserve(service.ns.size() + service.name.size() + port.name.size() + 8);
  text.append(service.ns).append(1, '/').append(service.name).append(1, ':');
  text.append(port.name.empty() ? std::to_string(port.port) : port.name);
  if (port.protocol != net::Protocol::tcp) text.append(1, '/').append(net::lower_name(port.protocol));
  return text;
}

const Node* Cluster::node(std::string_view name) const {
  const auto found = std::ranges::lower_bound(nodes, name, {}, [](const Node& n) { return std::string_view{n.name}; });
  return found != nodes.end() && found->name == name ? &*found : nullptr;
}

const Service* Cluster::service(std::string_view ns, std::string_view name) const {
  return named(services, ns, name);
}

const Secret* Cluster::secret(std::string_view ns, std::string_view name) const {
  return named(secrets, ns, name);
}

const IngressClass* Cluster::ingress_class(std::string_view name) const {
  const auto found = std::ranges::lower_bound(ingress_classes, name, {}, &IngressClass::name);
  return found != ingress_classes.end() && found->name == name ? &*found : nullptr;
}

}  // namespace portcullis::cluster
