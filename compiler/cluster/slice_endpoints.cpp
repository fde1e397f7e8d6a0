// Endpoints from EndpointSlices, and from Endpoints objects by way of their mirror.
#include "compiler/cluster/endpoints.hpp"
#include "compiler/cluster/validate/defaults.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view headless_label = "service.kubernetes.io/headless";
constexpr std::string_view skip_mirror_label = "endpointslice.kubernetes.io/skip-mirror";
constexpr std::string_view leader_annotation = "control-plane.alpha.kubernetes.io/leader";
constexpr std::size_t mirrored_addresses = 1000;  // of a subset (reference 1.3)

// A slice port pairs with the Service ports of its name and protocol; its number is where endpoints listen.
struct Pair {
  std::size_t port = 0;  // position in Service::ports
  std::uint16_t number = 0;
};

std::vector<Pair> pairs(const std::vector<manifest::SlicePort>& given, const Service& service) {
  std::vector<Pair> out;
  for (const manifest::SlicePort& entry : given) {
    // No number means all ports to the API; a proxy has no use for it, nor for 0.
    if (!entry.port || entry.port->value < 1 || entry.port->value > 65535) continue;
    const std::string_view name = entry.name ? std::string_view{entry.name->value} : std::string_view{};
    for (std::size_t p = 0; p < service.ports.size(); ++p) {
      const ServicePort& port = service.ports[p];
      if (port.name == name && net::to_string(port.protocol) == protocol_text(entry.protocol)) {
        out.push_back({p, static_cast<std::uint16_t>(entry.port->value)});
      }
    }
  }
  return out;
}

void add_to(const std::vector<Pair>& paired, Endpoint&& endpoint, PortEndpoints& ports) {
  if (paired.empty()) return;
  for (std::size_t i = 0; i + 1 < paired.size(); ++i)
    ports[paired[i].port].emplace_back(endpoint).port = paired[i].number;
  ports[paired.back().port].emplace_back(std::move(endpoint)).port = paired.back().number;
}

void take_texts(const std::vector<manifest::Text>& given, std::vector<std::string>& out) {
  out.reserve(given.size());
  for (const manifest::Text& text : given) out.push_back(text.value);
}

void take_target(const manifest::Field<std::string>& kind, const manifest::Field<std::string>& name,
                 Endpoint& endpoint) {
  if (kind && kind->value == "Pod" && name) endpoint.pod = name->value;
}

}  // namespace

void add_slice(const manifest::EndpointSlice& slice, const Service& service, PortEndpoints& ports) {
  // A proxy leaves a headless Service's slices alone; what resolves names to endpoints needs them.
  if (!service.headless && slice.metadata.labels.find(headless_label) != nullptr) return;
  if (!slice.address_type) return;
  const auto family = parse_family(slice.address_type->value);
  if (!family) return;
  const std::vector<Pair> paired = pairs(slice.ports, service);
  if (paired.empty()) return;
  for (const Pair& pair : paired) ports[pair.port].reserve(ports[pair.port].size() + slice.endpoints.size());
  for (const manifest::SliceEndpoint& given : slice.endpoints) {
    if (given.addresses.empty()) continue;
    const auto address = net::Address::parse_sloppy(given.addresses.front().value);
    if (!address || address->family() != *family) continue;
    Endpoint endpoint;
    endpoint.address = *address;
    endpoint.ready = !given.ready || given.ready->value;
    endpoint.serving = !given.serving || given.serving->value;
    endpoint.terminating = given.terminating && given.terminating->value;
    if (given.node_name) endpoint.node = given.node_name->value;
    if (given.zone) endpoint.zone = given.zone->value;
    take_texts(given.for_zones, endpoint.for_zones);
    take_texts(given.for_nodes, endpoint.for_nodes);
    take_target(given.target_kind, given.target_name, endpoint);
    endpoint.span = given.addresses.front().span;
    add_to(paired, std::move(endpoint), ports);
  }
}

bool is_mirrored(const manifest::Endpoints& object, const manifest::Service& service) {
  const bool selects = service.selector && !service.selector->entries.empty();
  return !selects && object.metadata.labels.get(skip_mirror_label) != "true" &&
         object.metadata.annotations.find(leader_annotation) == nullptr;
}

void add_mirrored(const manifest::Endpoints& object, const Service& service, PortEndpoints& ports) {
  for (const manifest::EndpointsSubset& subset : object.subsets) {
    const std::vector<Pair> paired = pairs(subset.ports, service);
    std::size_t count = 0;
    for (const bool ready : {true, false}) {
      for (const manifest::EndpointsAddress& given : ready ? subset.addresses : subset.not_ready_addresses) {
        if (++count > mirrored_addresses) break;
        if (!given.ip) continue;
        const auto address = net::Address::parse_sloppy(given.ip->value);
        if (!address) continue;
        Endpoint endpoint;
        endpoint.address = *address;
        endpoint.ready = ready;  // the mirror sets this condition alone; serving stays unset, which is true
        if (given.node_name) endpoint.node = given.node_name->value;
        take_target(given.target_kind, given.target_name, endpoint);
        endpoint.span = given.ip->span;
        add_to(paired, std::move(endpoint), ports);
      }
    }
  }
}

}  // namespace portcullis::cluster
