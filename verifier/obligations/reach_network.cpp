#include "verifier/obligations/reach_network.hpp"

#include <fmt/format.h>

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

Way Network::from_outside(const Key& key) const {
  if (const cluster::Node* owner = atlas_.node_with(key.destination)) return arrives(*owner, key);
  if (const auto balancer = atlas_.balancer(packet_to(key))) return through_balancer(*balancer, key);
  if (atlas_.in_service_network(key.destination)) return by_static_route(key);
  if (atlas_.in_pod_network(key.destination)) return towards_pod(nullptr, key);
  if (atlas_.is_external_ip(key.destination)) return by_static_route(key);
  return ends(fmt::format("nothing in the cluster has {}", key.destination.text()));
}

Way Network::from_node(const cluster::Node& from, const Key& key) const {
  if (const cluster::Node* owner = atlas_.node_with(key.destination)) return arrives(*owner, key);
  if (const auto balancer = atlas_.balancer(packet_to(key))) return through_balancer(*balancer, key);
  if (atlas_.in_service_network(key.destination)) {
    return ends(fmt::format("{} belongs to no device, and no rule of {} took it", key.destination.text(), from.name));
  }
  if (atlas_.in_pod_network(key.destination)) return towards_pod(&from, key);
  return ends(fmt::format("it leaves the cluster towards {}", net::endpoint_text(key.destination, key.port)));
}

Way Network::through_balancer(const trace::Balancer& balancer, const Key& key) const {
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

Way Network::towards_pod(const cluster::Node* from, const Key& key) const {
  const cluster::Node* node = atlas_.node_of_pod(key.destination);
  if (node != nullptr && node != from) return arrives(*node, key);
  if (atlas_.pod_at(key.destination) == nullptr && atlas_.endpoint_at(key.destination) == nullptr)
    return ends(fmt::format("no pod of the input has {}", key.destination.text()));
  return {Way::Kind::received, {}, {}, false};
}

const cluster::Node* Network::home(const net::Address& address) const {
  const cluster::Node* owner = atlas_.node_with(address);
  return owner != nullptr ? owner : atlas_.node_of_pod(address);
}

bool Network::listens(const cluster::Node& node, const Key& key) const {
  return atlas_.listener(node, packet_to(key)).has_value();
}

}  // namespace portcullis::obligations
