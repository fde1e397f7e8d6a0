// Endpoints from pods, as the EndpointSlice controller derives them (reference 1.6).
#include <algorithm>

#include "compiler/cluster/endpoints.hpp"

namespace portcullis::cluster {

namespace {

enum class Distribution { none, same_zone, same_node };

Distribution distribution(const manifest::Service& service) {
  if (!service.traffic_distribution) return Distribution::none;
  const std::string& word = service.traffic_distribution->value;
  if (word == "PreferSameNode") return Distribution::same_node;
  return word == "PreferSameZone" || word == "PreferClose" ? Distribution::same_zone : Distribution::none;
}

// Hints are for endpoints that are ready. An endpoint of an unknown zone gets none, whatever the distribution asks.
void take_hints(Distribution wanted, Endpoint& endpoint) {
  if (!endpoint.ready || wanted == Distribution::none) return;
  if (!endpoint.zone.empty()) endpoint.for_zones = {endpoint.zone};
  if (wanted == Distribution::same_node && !endpoint.node.empty()) endpoint.for_nodes = {endpoint.node};
}

}  // namespace

PodEndpoints::PodEndpoints(const EndpointSources& sources)
    : sources_(sources), nodes_are_known_(!sources.inventory.nodes.empty()) {
  for (std::size_t i = 0; i < sources.pods.pods.size(); ++i) {
    const PodFacts& pod = sources.pods.pods[i];
    index_.add(sources.pods.groups[pod.group].ns(), pod.labels, static_cast<std::uint32_t>(i));
  }
}

const Node* PodEndpoints::node(std::string_view name) const {
  const auto found =
      std::ranges::lower_bound(sources_.nodes, name, {}, [](const Node& n) { return std::string_view{n.name}; });
  return found != sources_.nodes.end() && found->name == name ? &*found : nullptr;
}

void PodEndpoints::add(const manifest::Service& given, const Service& service, PortEndpoints& ports) const {
  if (!given.selector || given.selector->entries.empty() || service.type == ServiceType::external_name) return;
  const auto* candidates = index_.candidates(service.ns, *given.selector);
  if (candidates == nullptr) return;
  for (const std::uint32_t id : *candidates) {
    const PodFacts& pod = sources_.pods.pods[id];
    const bool selected = std::ranges::all_of(given.selector->entries, [&](const manifest::KeyValue& pair) {
      const std::string* value = pod.labels.find(pair.key.value);
      return value != nullptr && *value == pair.value.value;
    });
    if (selected && !pod.addresses.empty()) add_pod(pod, given, service, ports);
  }
}

void PodEndpoints::add_pod(const PodFacts& pod, const manifest::Service& given, const Service& service,
                           PortEndpoints& ports) const {
  const PodGroup& group = sources_.pods.groups[pod.group];
  const bool publish = given.publish_not_ready_addresses && given.publish_not_ready_addresses->value;
  const Node* on = pod.node.empty() ? nullptr : node(pod.node);
  // The controller looks the node up by name, and a pod that names none is on none.
  const bool no_such_node = pod.node.empty() || (nodes_are_known_ && on == nullptr);
  if (no_such_node && !publish) return;

  Endpoint endpoint;
  endpoint.serving = pod.serving;
  endpoint.terminating = pod.terminating;
  endpoint.ready = publish || (pod.serving && !pod.terminating);
  endpoint.node = pod.node;
  if (on != nullptr) endpoint.zone = on->zone;
  endpoint.pod = pod.name;
  endpoint.planned = pod.planned;
  endpoint.span = group.span;
  take_hints(distribution(given), endpoint);
  for (const net::Family family : service.families) {
    const net::Address* address = pod.address(family);
    if (address == nullptr) continue;
    endpoint.address = *address;
    for (std::size_t p = 0; p < service.ports.size(); ++p) {
      const auto number = find_target_port(*group.spec, service.ports[p].target_port, service.ports[p].protocol);
      if (!number) continue;
      Endpoint& added = ports[p].emplace_back(endpoint);
      added.port = *number;
    }
  }
}

}  // namespace portcullis::cluster
