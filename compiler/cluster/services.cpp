#include "compiler/cluster/services.hpp"

#include <algorithm>

#include "compiler/base/text.hpp"
#include "compiler/cluster/validate/defaults.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view proxy_name_label = "service.kubernetes.io/service-proxy-name";
constexpr std::int64_t most_affinity_seconds = 86400;
constexpr std::uint32_t default_affinity_seconds = 10800;

std::uint16_t port_or_zero(const manifest::Field<std::int64_t>& field) {
  return field && field->value >= 1 && field->value <= 65535 ? static_cast<std::uint16_t>(field->value)
                                                             : std::uint16_t{0};
}

void take_ports(const manifest::Service& given, Service& service) {
  service.ports.reserve(given.ports.size());
  for (std::size_t i = 0; i < given.ports.size(); ++i) {
    const manifest::ServicePort& entry = given.ports[i];
    ServicePort port;
    port.port = port_or_zero(entry.port);
    if (port.port == 0) continue;
    if (entry.name) port.name = entry.name->value;
    port.protocol = parse_service_protocol(protocol_text(entry.protocol));
    port.node_port = port_or_zero(entry.node_port);
    port.target_port = target_port(entry);
    if (entry.app_protocol) port.app_protocol = entry.app_protocol->value;
    port.span = entry.place;
    port.port_span = entry.port->span;
    port.node_port_span = entry.node_port ? entry.node_port->span : entry.place;
    port.index = i;
    service.ports.push_back(std::move(port));
  }
}

SourceSpan cluster_ip_span(const manifest::Service& given, std::size_t i) {
  if (i < given.cluster_ips.size()) return given.cluster_ips[i].span;
  return given.cluster_ip ? given.cluster_ip->span : given.place;
}

void take_cluster_ips(const manifest::Service& given, const ServiceDefaults& filled, Service& service) {
  if (filled.headless || service.type == ServiceType::external_name) return;
  for (std::size_t i = 0; i < filled.cluster_ips.size(); ++i) {
    const auto address = net::Address::parse_sloppy(filled.cluster_ips[i]);
    if (!address || service.cluster_ip(address->family()) != nullptr) continue;
    service.cluster_ips.push_back({*address, false, cluster_ip_span(given, i)});
  }
}

void take_external_ips(const manifest::Service& given, Service& service) {
  for (const manifest::Text& text : given.external_ips) {
    const auto address = net::Address::parse_sloppy(text.value);
    if (!address) continue;
    const bool known =
        std::ranges::any_of(service.external_ips, [&](const LocatedAddress& a) { return a.address == *address; });
    if (!known) service.external_ips.push_back({*address, false, text.span});
  }
}

// Observed state: kept whatever the type, for a proxy looks at the fields (reference 1.1).
void take_load_balancer(const manifest::Service& given, Service& service) {
  for (const manifest::LoadBalancerIngress& entry : given.ingress) {
    if (entry.hostname && !entry.hostname->value.empty())
      service.load_balancer_hostnames.push_back(entry.hostname->value);
    if (!entry.ip) continue;
    const auto address = net::Address::parse_sloppy(entry.ip->value);
    if (!address) continue;
    const bool vip = !entry.ip_mode || entry.ip_mode->value != "Proxy";
    const bool known = std::ranges::any_of(service.load_balancer_ips,
                                           [&](const auto& a) { return a.address == *address && a.vip == vip; });
    if (!known) service.load_balancer_ips.push_back({*address, vip, false, entry.ip->span});
  }
}

void take_source_ranges(const manifest::Service& given, Service& service) {
  service.has_source_ranges = !given.load_balancer_source_ranges.empty();
  for (const manifest::Text& text : given.load_balancer_source_ranges) {
    if (const auto range = net::Prefix::parse_sloppy(base::trim(text.value)))
      service.source_ranges.push_back({*range, text.span});
  }
}

void take_policies(const manifest::Service& given, const ServiceDefaults& filled, Service& service) {
  service.external_policy = parse_traffic_policy(filled.external_traffic_policy);
  service.internal_policy = parse_traffic_policy(filled.internal_traffic_policy);
  if (filled.session_affinity == "ClientIP") {
    const std::int64_t seconds = filled.client_ip_timeout.value_or(default_affinity_seconds);
    const bool usable = seconds >= 1 && seconds <= most_affinity_seconds;
    service.affinity_seconds = usable ? static_cast<std::uint32_t>(seconds) : default_affinity_seconds;
  }
  if (service.type == ServiceType::load_balancer && service.external_policy == TrafficPolicy::local) {
    service.health_check_node_port = port_or_zero(given.health_check_node_port);
    if (given.health_check_node_port) service.health_check_span = given.health_check_node_port->span;
  }
}

Service resolve_service(const Given<manifest::Service>& entry, const Profile& profile) {
  const manifest::Service& given = *entry.body;
  const ServiceDefaults filled = defaults(given, profile);
  Service service;
  service.ns = entry.ns;
  service.name = entry.name;
  service.span = given.metadata.name ? given.metadata.name->span : given.place;
  service.type = parse_type(filled.type);
  service.families = filled.ip_families;
  service.headless = filled.headless;
  service.skipped = given.metadata.labels.find(proxy_name_label) != nullptr;
  if (given.external_name) service.external_name = given.external_name->value;
  take_ports(given, service);
  take_cluster_ips(given, filled, service);
  take_external_ips(given, service);
  take_load_balancer(given, service);
  take_source_ranges(given, service);
  take_policies(given, filled, service);
  return service;
}

}  // namespace

std::vector<Service> resolve_services(const Inventory& inventory, const Profile& profile) {
  std::vector<Service> services;
  services.reserve(inventory.services.size());
  for (const auto& entry : inventory.services) services.push_back(resolve_service(entry, profile));
  return services;
}

}  // namespace portcullis::cluster
