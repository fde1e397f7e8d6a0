#include "verifier/obligations/reach_network.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "verifier/specialise/interner.hpp"

namespace portcullis::obligations {

namespace {

Way ends(std::string why) {
  return {Way::Kind::ends, std::move(why), {}, false};
}
Way arrives(const cluster::Node& node, const Key& key) {
  return {Way::Kind::arrives, {}, {{&node, key}}, false};
}

}  // namespace

net::Packet packet_to(const Key& key) {
  net::Packet packet;
  packet.dst = key.destination;
  packet.protocol = key.protocol;
  packet.dport = key.port;
  return packet;
}

std::size_t Network::AddressHash::operator()(const net::Address& address) const {
  std::size_t h = 0;
  for (std::size_t i = 0; i < 16; i += 8) {
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < 8; ++j) word = word << 8U | address.bytes()[i + j];
    h = specialise::mix(h, word);
  }
  return h;
}

const Network::Owner& Network::owner(const net::Address& address) const {
  const auto [at, fresh] = owners_.try_emplace(address);
  if (!fresh) return at->second;
  Owner& owner = at->second;
  owner.node = atlas_.node_with(address);
  owner.home = owner.node != nullptr ? owner.node : atlas_.node_of_pod(address);
  owner.balancer = atlas_.balancer(packet_to({address, net::Protocol::tcp, 0})).has_value();
  owner.service = atlas_.in_service_network(address);
  owner.external = atlas_.is_external_ip(address);
  owner.in_pod_network = atlas_.in_pod_network(address);
  owner.lives = atlas_.pod_at(address) != nullptr || atlas_.endpoint_at(address) != nullptr;
  return owner;
}

Way Network::from_outside(const Key& key) const {
  const Owner& to = owner(key.destination);
  if (to.node != nullptr) return arrives(*to.node, key);
  if (to.balancer) return through_balancer(key);
  if (to.service) return by_static_route(key);
  if (to.in_pod_network) return towards_pod(nullptr, to, key);
  if (to.external) return by_static_route(key);
  return ends(fmt::format("nothing in the cluster has {}", key.destination.text()));
}

Way Network::from_node(const cluster::Node& from, const Key& key) const {
  const Owner& to = owner(key.destination);
  if (to.node != nullptr) return arrives(*to.node, key);
  if (to.balancer) return through_balancer(key);
  if (to.service) {
    return ends(fmt::format("{} belongs to no device, and no rule of {} took it", key.destination.text(), from.name));
  }
  if (to.in_pod_network) return towards_pod(&from, to, key);
  return ends(fmt::format("it leaves the cluster towards {}", net::endpoint_text(key.destination, key.port)));
}

Way Network::through_balancer(const Key& key) const {
  const trace::Balancer balancer = *atlas_.balancer(packet_to(key));
  if (balancer.port == nullptr) return ends("the balancer has no such port");
  Way way{Way::Kind::arrives, {}, {}, false};
  for (const cluster::Node* node : atlas_.behind(balancer, key.destination.family())) {
    Key there = key;
    if (balancer.via_node_port) {
      there.destination = *trace::main_address(*node, key.destination.family());
      there.port = balancer.port->node_port;
    }
    way.arrivals.push_back({node, there});
  }
  return way.arrivals.empty() ? ends("no node answers the balancer's health check") : way;
}

Way Network::by_static_route(const Key& key) const {
  Way way{Way::Kind::arrives, {}, {}, true};
  for (const cluster::Node& node : cluster().nodes) {
    if (trace::main_address(node, key.destination.family())) way.arrivals.push_back({&node, key});
  }
  return way.arrivals.empty() ? ends("no node has an address of this family") : way;
}

Way Network::towards_pod(const cluster::Node* from, const Owner& owner, const Key& key) {
  if (owner.home != nullptr && owner.home != from) return arrives(*owner.home, key);
  if (!owner.lives) return ends(fmt::format("no pod of the input has {}", key.destination.text()));
  return {Way::Kind::received, {}, {}, false};
}

bool Network::listens(const cluster::Node& node, const Key& key) const {
  if (key.protocol == net::Protocol::tcp && listeners_.contains({key.destination, key.port})) return true;
  return atlas_.listener(node, packet_to(key)).has_value();
}

cluster::Cluster without_nodes(const Network& network, std::span<const std::uint32_t> nodes) {
  cluster::Cluster left = network.cluster();
  const auto gone = [&](const cluster::Node* node) {
    return node != nullptr &&
           std::ranges::binary_search(nodes, static_cast<std::uint32_t>(node - network.cluster().nodes.data()));
  };
  for (cluster::Service& service : left.services) {
    for (cluster::ServicePort& port : service.ports)
      std::erase_if(port.endpoints, [&](const cluster::Endpoint& e) { return gone(network.home(e.address)); });
  }
  std::erase_if(left.pods, [&](const cluster::Pod& p) { return gone(network.cluster().node(p.node)); });
  std::erase_if(left.nodes, [&](const cluster::Node& n) { return gone(network.cluster().node(n.name)); });
  return left;
}

}  // namespace portcullis::obligations
