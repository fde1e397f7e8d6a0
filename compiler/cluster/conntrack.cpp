// Which UDP conntrack entries a new ruleset makes stale (reference 3.10).
#include <algorithm>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::cluster {

namespace {

std::vector<std::pair<net::Address, std::uint16_t>> serving(const ServicePort& port, net::Family family) {
  std::vector<std::pair<net::Address, std::uint16_t>> out;
  for (const Endpoint& endpoint : port.endpoints) {
    if (endpoint.address.family() != family) continue;
    // Entries that contradict each other are one address: it is kept if any of them serves.
    const bool serves = endpoint.serving || std::ranges::any_of(endpoint.alternatives, &Endpoint::serving);
    if (serves) out.emplace_back(endpoint.address, endpoint.port);
  }
  return out;
}

void add_rules(const Service& service, const ServicePort& port, net::Family family, std::vector<ConntrackRule>& rules) {
  const LocatedAddress* cluster_ip = service.cluster_ip(family);
  if (cluster_ip == nullptr) return;
  const auto keep = serving(port, family);
  if (keep.empty()) return;  // without a serving endpoint nothing is deleted
  const std::string owner = service_port_name(service, port);
  const auto add = [&](std::optional<net::Address> dst, std::uint16_t dport) {
    rules.push_back({dst, family, dport, keep, owner});
  };
  add(cluster_ip->address, port.port);
  for (const LocatedAddress& ip : service.external_ips) {
    if (ip.address.family() == family) add(ip.address, port.port);
  }
  for (const LoadBalancerAddress& ip : service.load_balancer_ips) {
    if (ip.vip && ip.address.family() == family) add(ip.address, port.port);
  }
  if (port.node_port != 0) add(std::nullopt, port.node_port);
}

}  // namespace

std::vector<ConntrackRule> conntrack_rules(const Cluster& cluster) {
  std::vector<ConntrackRule> rules;
  for (const Service& service : cluster.services) {
    if (!service.programmed()) continue;
    for (const ServicePort& port : service.ports) {
      if (port.protocol != net::Protocol::udp) continue;
      for (const net::Family family : net::all_families) add_rules(service, port, family, rules);
    }
  }
  return rules;
}

}  // namespace portcullis::cluster
