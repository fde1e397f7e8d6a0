#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/metadata.hpp"
#include "compiler/cluster/validate/service_rules.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view topology_mode = "service.kubernetes.io/topology-mode";
constexpr std::string_view topology_hints = "service.kubernetes.io/topology-aware-hints";

// An RFC 1123 label: 1.36 lets new Services begin with a digit (gate RelaxedServiceNameValidation).
constexpr MetadataRules service_metadata{.code = "PC2001",
                                         .kind = "Service",
                                         .name = dns_label,
                                         .name_hint = "lower-case letters, digits and inner hyphens, at most 63"};

void check_topology_annotations(ServiceCase& c) {
  const manifest::KeyValue* mode = c.service.metadata.annotations.find(topology_mode);
  const manifest::KeyValue* hints = c.service.metadata.annotations.find(topology_hints);
  if (mode == nullptr || hints == nullptr || mode->value.value == hints->value.value) return;
  base::Diagnostic& finding = c.sink.refuse("PC2034", Reason::invalid,
                                            Path("metadata").child("annotations").key(topology_mode), mode->value.span,
                                            fmt::format("the two topology annotations contradict: {}, {}",
                                                        in_quotes(mode->value.value), in_quotes(hints->value.value)),
                                            fmt::format("keep `{}`; the other one is deprecated", topology_mode));
  finding.related.push_back({.message = "the other one", .span = hints->value.span});
}

void check_external_name(ServiceCase& c) {
  const Path spec("spec");
  const auto misplaced = [&](std::string_view field, base::SourceSpan span) {
    c.sink.refuse("PC2005", Reason::forbidden, spec.child(field), span,
                  fmt::format("{} is an ExternalName: `{}` has no place", c.sink.object().text(), field),
                  "an ExternalName is a DNS alias and has no address of its own");
  };
  const manifest::Service& s = c.service;
  if (!c.filled.cluster_ips.empty()) {
    misplaced("clusterIPs",
              first_known({s.cluster_ips.empty() ? s.cluster_ip->span : s.cluster_ips_place, c.spec_place()}));
  }
  if (!s.ip_families.empty()) misplaced("ipFamilies", first_known({s.ip_families_place, c.spec_place()}));
  if (s.ip_family_policy) misplaced("ipFamilyPolicy", s.ip_family_policy->span);

  std::string_view name = s.external_name ? std::string_view{s.external_name->value} : std::string_view{};
  if (name.ends_with('.')) name.remove_suffix(1);
  const base::SourceSpan span = s.external_name ? s.external_name->span : c.spec_place();
  if (name.empty()) {
    c.sink.refuse("PC2006", Reason::required, spec.child("externalName"), span, "an ExternalName needs `externalName`",
                  "give the host name that clients are sent to");
  } else {
    c.sink.refuse_each(
        "PC2006", spec.child("externalName"), span, [&] { return fmt::format("external name {}", in_quotes(name)); },
        dns_subdomain(name), "a lower-case host name without port or scheme");
  }
}

void check_affinity(ServiceCase& c) {
  static constexpr std::array<std::string_view, 2> affinities{"ClientIP", "None"};
  constexpr std::int64_t most_seconds = 86400;
  const Path spec("spec");
  if (c.filled.session_affinity != "ClientIP" && c.filled.session_affinity != "None") {
    c.sink.refuse_unknown("PC2014", spec.child("sessionAffinity"), c.service.session_affinity->span, "session affinity",
                          c.filled.session_affinity, affinities);
  }
  if (!c.filled.client_ip_timeout) return;
  const std::int64_t seconds = *c.filled.client_ip_timeout;
  if (seconds >= 1 && seconds <= most_seconds) return;
  c.sink.refuse(
      "PC2015", Reason::invalid, spec.child("sessionAffinityConfig").child("clientIP").child("timeoutSeconds"),
      c.service.client_ip_timeout_seconds->span, fmt::format("timeout `{}` is outside 1–{}", seconds, most_seconds),
      "the default is 10800 (three hours)");
}

void check_external_ips(ServiceCase& c) {
  const Path path = Path("spec").child("externalIPs");
  for (std::size_t i = 0; i < c.service.external_ips.size(); ++i) {
    const manifest::Text& ip = c.service.external_ips[i];
    Faults faults = ip_address(ip.value);
    std::string hint;
    if (!faults.empty()) {
      if (const std::string canonical = canonical_address(ip.value); !canonical.empty())
        hint = fmt::format("write `{}`", canonical);
      if (ip.value.find('/') != std::string::npos) hint = "an address, not a range";
    } else if (const auto address = net::Address::parse(ip.value)) {
      faults = special_address(*address);
      hint = "an external IP is an address that the outside routes to the nodes";
    }
    c.sink.refuse_each(
        "PC2016", path.index(i), ip.span, [&] { return fmt::format("external address {}", in_quotes(ip.value)); },
        faults, hint);
  }
}

}  // namespace

void check_service_spec(ServiceCase& c) {
  static constexpr std::array<std::string_view, 4> types{"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"};
  const Path spec("spec");
  if (c.headless() && (c.is("LoadBalancer") || c.is("NodePort"))) {
    const manifest::Service& s = c.service;
    c.sink.refuse(
        "PC2004", Reason::invalid, spec.child("clusterIPs").index(0),
        s.cluster_ips.empty() ? s.cluster_ip->span : s.cluster_ips.front().span,
        fmt::format("{} is headless (`clusterIP: None`) and of type {}", c.sink.object().text(), c.filled.type),
        "a headless Service has no address that a node port or balancer could lead to");
  }
  if (c.is("ExternalName")) check_external_name(c);
  if (c.service.selector) check_labels(*c.service.selector, "PC2013", spec.child("selector"), "selector", c.sink);
  check_affinity(c);
  check_external_ips(c);
  if (std::find(types.begin(), types.end(), c.filled.type) == types.end()) {
    c.sink.refuse_unknown("PC2017", spec.child("type"), c.service.type->span, "type", c.filled.type, types);
  }
}

bool validate(const manifest::Service& service, const Profile& profile, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("Service", service.metadata), diagnostics);
  ServiceCase c{.service = service,
                .profile = profile,
                .filled = defaults(service, profile),
                .families = cluster_families(profile),
                .sink = sink};
  if (!c.is("ExternalName")) check_cluster_ips(c);
  const std::vector<AllocatedNodePort> node_ports = allocate_node_ports(c);
  check_metadata(service.metadata, service_metadata, service.place, sink);
  check_topology_annotations(c);
  check_service_spec(c);
  check_ports(c, node_ports);
  check_traffic(c);
  check_balancer_status(c);
  return sink.accepted();
}

}  // namespace portcullis::cluster
