#include "compiler/cluster/validate/defaults.hpp"

#include <algorithm>

namespace portcullis::cluster {

namespace {

constexpr std::int64_t default_client_ip_timeout = 10800;  // core/v1 DefaultClientIPServiceAffinitySeconds

std::string_view text_or(const manifest::Field<std::string>& field, std::string_view otherwise) {
  return field && !field->value.empty() ? std::string_view{field->value} : otherwise;
}

std::vector<std::string_view> cluster_ips_of(const manifest::Service& service) {
  std::vector<std::string_view> ips;
  ips.reserve(service.cluster_ips.size());
  for (const manifest::Text& ip : service.cluster_ips) ips.emplace_back(ip.value);
  if (ips.empty() && service.cluster_ip && !service.cluster_ip->value.empty())
    ips.emplace_back(service.cluster_ip->value);
  return ips;
}

void add_family(std::vector<net::Family>& families, net::Family family) {
  if (std::find(families.begin(), families.end(), family) == families.end()) families.push_back(family);
}

net::Family other(net::Family family) {
  return family == net::Family::ipv4 ? net::Family::ipv6 : net::Family::ipv4;
}

std::vector<net::Family> families_of(const manifest::Service& service, const ServiceDefaults& filled,
                                     const ClusterFamilies& cluster) {
  std::vector<net::Family> families;
  for (const manifest::Text& text : service.ip_families) {
    if (const auto family = parse_family(text.value)) add_family(families, *family);
  }
  for (std::size_t i = families.size(); i < filled.cluster_ips.size() && !filled.headless; ++i) {
    if (const auto address = net::Address::parse_sloppy(filled.cluster_ips[i])) add_family(families, address->family());
  }
  if (families.empty()) families.push_back(cluster.primary());
  if (families.size() == 1) {
    const net::Family second = other(families.front());
    const bool require = filled.ip_family_policy == "RequireDualStack";
    const bool wants_two = require || filled.ip_family_policy == "PreferDualStack";
    // A headless Service without a selector needs no addresses, so the cluster's families do not limit it. A cluster
    // whose ranges nobody stated is believed to be what RequireDualStack says it is.
    const bool unlimited =
        (filled.headless && (!service.selector || service.selector->entries.empty())) || (require && !cluster.stated);
    if (wants_two && (unlimited || cluster.has(second))) families.push_back(second);
  }
  return families;
}

}  // namespace

bool ClusterFamilies::has(net::Family family) const {
  return std::find(configured.begin(), configured.end(), family) != configured.end();
}

ClusterFamilies cluster_families(const Profile& profile) {
  ClusterFamilies families;
  families.stated = profile.service_cidrs_given && profile.service_cidrs_known;
  if (!profile.service_cidrs_known) return families;
  for (const net::Prefix& range : profile.service_cidrs) add_family(families.configured, range.family());
  return families;
}

bool externally_accessible(const manifest::Service& service) {
  const std::string_view type = text_or(service.type, "ClusterIP");
  return type == "NodePort" || type == "LoadBalancer" || (type == "ClusterIP" && !service.external_ips.empty());
}

ServiceDefaults defaults(const manifest::Service& service, const Profile& profile) {
  ServiceDefaults filled;
  filled.type = text_or(service.type, "ClusterIP");
  filled.session_affinity = text_or(service.session_affinity, "None");
  if (filled.session_affinity == "ClientIP") {
    filled.client_ip_timeout =
        service.client_ip_timeout_seconds ? service.client_ip_timeout_seconds->value : default_client_ip_timeout;
  }
  filled.external_traffic_policy =
      text_or(service.external_traffic_policy, externally_accessible(service) ? "Cluster" : "");
  const bool internal = filled.type == "ClusterIP" || filled.type == "NodePort" || filled.type == "LoadBalancer";
  if (service.internal_traffic_policy) {
    filled.internal_traffic_policy = service.internal_traffic_policy->value;
  } else if (internal) {
    filled.internal_traffic_policy = "Cluster";
  }
  if (service.allocate_load_balancer_node_ports) {
    filled.allocate_node_ports = service.allocate_load_balancer_node_ports->value;
  } else if (filled.type == "LoadBalancer") {
    filled.allocate_node_ports = true;
  }
  filled.cluster_ips = cluster_ips_of(service);
  if (filled.type == "ExternalName") return filled;

  filled.headless = !filled.cluster_ips.empty() && filled.cluster_ips.front() == "None";
  const bool selects = service.selector && !service.selector->entries.empty();
  if (service.ip_family_policy) {
    filled.ip_family_policy = service.ip_family_policy->value;
  } else {
    filled.ip_family_policy = filled.headless && !selects ? "RequireDualStack" : "SingleStack";
  }
  filled.ip_families = families_of(service, filled, cluster_families(profile));
  return filled;
}

std::string_view protocol_text(const manifest::Field<std::string>& protocol) {
  return text_or(protocol, "TCP");
}

manifest::IntOrString target_port(const manifest::ServicePort& port) {
  if (port.target_port) {
    const manifest::IntOrString& written = port.target_port->value;
    if (written.is_number ? written.number != 0 : !written.text.empty()) return written;
  }
  return {.is_number = true, .number = port.port ? port.port->value : 0, .text = {}};
}

ServiceType parse_type(std::string_view text) {
  if (text == "NodePort") return ServiceType::node_port;
  if (text == "LoadBalancer") return ServiceType::load_balancer;
  if (text == "ExternalName") return ServiceType::external_name;
  return ServiceType::cluster_ip;
}

TrafficPolicy parse_traffic_policy(std::string_view text) {
  return text == "Local" ? TrafficPolicy::local : TrafficPolicy::cluster;
}

net::Protocol parse_service_protocol(std::string_view text) {
  const auto protocol = net::parse_protocol(text);
  return protocol && *protocol != net::Protocol::icmp ? *protocol : net::Protocol::tcp;
}

std::optional<net::Family> parse_family(std::string_view text) {
  for (const net::Family family : net::all_families) {
    if (net::to_string(family) == text) return family;
  }
  return std::nullopt;
}

}  // namespace portcullis::cluster
