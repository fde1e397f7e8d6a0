#include "compiler/trace/atlas.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace portcullis::trace {

namespace {

using cluster::Node;
using cluster::Pod;
using cluster::Service;
using net::Address;
using net::Packet;

template <class Entries>
void sort_by_address(Entries& entries) {
  std::ranges::stable_sort(entries, {}, [](const auto& e) -> const Address& { return e.first; });
}

template <class Entries>
auto range_of(const Entries& entries, const Address& address) {
  return std::ranges::equal_range(entries, address, {}, [](const auto& e) -> const Address& { return e.first; });
}

// The first entry of an address, or a default (null) value.
template <class Entries>
auto first_at(const Entries& entries, const Address& address) {
  const auto found = range_of(entries, address);
  return found.empty() ? decltype(entries.front().second){} : found.front().second;
}

bool any_contains(std::span<const net::Prefix> prefixes, const Address& address) {
  return std::ranges::any_of(prefixes, [&](const net::Prefix& p) { return p.contains(address); });
}

const cluster::LoadBalancerPool* pool_of(const cluster::Profile& profile, const Address& address) {
  const auto found =
      std::ranges::find_if(profile.load_balancers, [&](const auto& b) { return any_contains(b.pool, address); });
  return found == profile.load_balancers.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Address> main_address(const Node& node, net::Family family) {
  if (const auto& primary = node.primary(family)) return primary;
  const auto found = std::ranges::find(node.addresses, family, &Address::family);
  return found == node.addresses.end() ? std::nullopt : std::optional(*found);
}

Atlas::Atlas(const cluster::Cluster& cluster) : cluster_(cluster) {
  for (const Node& node : cluster.nodes) {
    for (const Address& a : node.addresses) nodes_.emplace_back(a, &node);
  }
  for (const Pod& pod : cluster.pods) {
    if (pod.host_network) continue;
    for (const Address& a : pod.addresses) pods_.emplace_back(a, &pod);
  }
  for (const Service& service : cluster.services) add_service(service);
  sort_by_address(nodes_);
  sort_by_address(pods_);
  sort_by_address(endpoints_);
  sort_by_address(balancers_);
  sort_by_address(cluster_ips_);
  sort_by_address(external_ips_);
}

void Atlas::add_service(const Service& service) {
  for (const cluster::ServicePort& port : service.ports) {
    for (const cluster::Endpoint& e : port.endpoints)
      endpoints_.emplace_back(e.address, KnownEndpoint{&service, &port, &e});
  }
  for (const auto& a : service.load_balancer_ips) balancers_.emplace_back(a.address, &service);
  for (const auto& a : service.cluster_ips) cluster_ips_.emplace_back(a.address, &service);
  for (const auto& a : service.external_ips) external_ips_.emplace_back(a.address, &service);
}

const Node* Atlas::node_with(const Address& address) const {
  return address.is_loopback() ? nullptr : first_at(nodes_, address);
}

const Node* Atlas::node_of_pod(const Address& address) const {
  if (const Pod* pod = pod_at(address)) return cluster_.node(pod->node);
  if (const KnownEndpoint* known = endpoint_at(address); known != nullptr && !known->endpoint->node.empty()) {
    // A nodeName that no node has is an endpoint outside the cluster.
    return cluster_.node(known->endpoint->node);
  }
  const auto holds = [&](const Node& n) { return any_contains(n.pod_cidrs, address); };
  const auto found = std::ranges::find_if(cluster_.nodes, holds);
  return found == cluster_.nodes.end() ? nullptr : &*found;
}

const Pod* Atlas::pod_at(const Address& address) const {
  return first_at(pods_, address);
}

const KnownEndpoint* Atlas::endpoint_at(const Address& address) const {
  const auto found = range_of(endpoints_, address);
  return found.empty() ? nullptr : &found.front().second;
}

bool Atlas::in_pod_network(const Address& address) const {
  if (node_with(address) != nullptr) return false;
  return pod_at(address) != nullptr || endpoint_at(address) != nullptr || node_of_pod(address) != nullptr ||
         any_contains(cluster_.profile.pod_cidrs, address);
}

std::optional<Balancer> Atlas::balancer(const Packet& packet) const {
  Balancer found;
  for (const auto& [address, service] : range_of(balancers_, packet.dst)) {
    const auto serves = [&](const cluster::ServicePort& p) {
      return p.protocol == packet.protocol && p.port == packet.dport;
    };
    const auto port = std::ranges::find_if(service->ports, serves);
    if (found.service != nullptr && port == service->ports.end()) continue;
    found.service = service;
    found.port = port == service->ports.end() ? nullptr : &*port;
    if (found.port != nullptr) break;  // Services may share a balancer's address if their ports differ
  }
  if (found.service == nullptr) return {};
  const auto same = [&](const auto& a) { return a.address == packet.dst; };
  const bool vip = std::ranges::find_if(found.service->load_balancer_ips, same)->vip;
  const auto* pool = pool_of(cluster_.profile, packet.dst);
  found.name = pool != nullptr && !pool->name.empty() ? pool->name : found.service->id();
  // Without a word of the profile: ipMode VIP promises that the address stays the destination (KEP-1860).
  found.via_node_port = pool != nullptr ? pool->via_node_port : !vip;
  if (found.port != nullptr && found.port->node_port == 0) found.via_node_port = false;
  return found;
}

bool Atlas::in_service_network(const Address& address) const {
  return first_at(cluster_ips_, address) != nullptr || any_contains(cluster_.profile.service_cidrs, address);
}

bool Atlas::is_external_ip(const Address& address) const {
  return first_at(external_ips_, address) != nullptr;
}

std::optional<Atlas::Listener> Atlas::claimed(cluster::ClaimKind kind, const std::string& key,
                                              std::string_view what) const {
  const auto place = [](const cluster::Claim& c) { return std::tie(c.kind, c.key); };
  const auto found = std::ranges::lower_bound(cluster_.claims, std::tie(kind, key), {}, place);
  if (found == cluster_.claims.end() || found->kind != kind || found->key != key || found->owners.empty()) return {};
  const cluster::ClaimOwner& owner = found->owners.front();
  return Listener{fmt::format("{} ({})", owner.name, what), owner.span, owner.name};
}

std::optional<Atlas::Listener> Atlas::listener(const Node& node, const Packet& packet) const {
  if (packet.protocol == net::Protocol::icmp) return Listener{"the kernel answers echo requests", {}, {}};
  const std::string port = fmt::format("{}/{}", to_string(packet.protocol), packet.dport);
  for (const std::string& address : {std::string("*"), packet.dst.text()}) {
    const std::string key = fmt::format("{}/{}/{}", node.name, address, port);
    if (auto found = claimed(cluster::ClaimKind::host_network, key, "on the host network")) return found;
  }
  for (const auto& [address, known] : range_of(endpoints_, packet.dst)) {
    if (known.endpoint->port != packet.dport || known.port->protocol != packet.protocol) continue;
    return Listener{fmt::format("an endpoint of {}", service_port_name(*known.service, *known.port)),
                    known.endpoint->span, "Service " + known.service->id()};
  }
  if (packet.protocol == net::Protocol::tcp) {
    if (auto found = claimed(cluster::ClaimKind::health, port, "health check")) return found;
  }
  for (const cluster::ReservedPort& r : cluster_.profile.reserved_ports) {
    const bool speaks = r.protocol ? *r.protocol == packet.protocol : packet.protocol != net::Protocol::sctp;
    if (speaks && r.first <= packet.dport && packet.dport <= r.last) {
      return Listener{r.what.empty() ? "a port that the profile reserves" : r.what, r.span, "profile"};
    }
  }
  return {};
}

std::vector<const Node*> Atlas::behind(const Balancer& balancer, net::Family family) const {
  const auto health =
      balancer.service->health_check_node_port != 0 ? cluster::health(cluster_, *balancer.service) : std::nullopt;
  std::vector<const Node*> nodes;
  for (const Node& node : cluster_.nodes) {
    if (!main_address(node, family)) continue;
    if (health) {
      const auto answer = health->nodes.find(node.name);
      if (answer == health->nodes.end() || answer->second.status != 200) continue;
    }
    nodes.push_back(&node);
  }
  return nodes;
}

net::PacketFrom Atlas::origin_of(const Address& source, const Node* node) const {
  using net::PacketFrom;
  if (source.is_loopback()) return PacketFrom::node;
  const Node* owner = node_with(source);
  if (owner != nullptr) return node == nullptr || owner == node ? PacketFrom::node : PacketFrom::external;
  if (!in_pod_network(source)) return PacketFrom::external;
  const Node* home = node_of_pod(source);
  return node == nullptr || home == node ? PacketFrom::pod : PacketFrom::remote_pod;
}

}  // namespace portcullis::trace
