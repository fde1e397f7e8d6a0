#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/validate/service_rules.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::array<std::string_view, 2> traffic_policies{"Cluster", "Local"};
constexpr std::string_view ranges_annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

bool known(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string range_hint(std::string_view range) {
  if (const std::string canonical = canonical_cidr(range); !canonical.empty())
    return fmt::format("write `{}`", canonical);
  if (const auto address = net::Address::parse(range))
    return fmt::format("write `{}/{}` for this address alone", address->text(), address->bits());
  return "for example `203.0.113.0/24`";
}

void check_range(ServiceCase& c, std::string_view code, const Path& field, base::SourceSpan span,
                 std::string_view range) {
  range = base::trim(range);  // surrounding blanks are allowed since the days of the annotation
  c.sink.refuse_each(
      code, field, span, [&] { return fmt::format("source range {}", in_quotes(range)); }, cidr(range),
      range_hint(range));
}

void check_source_ranges(ServiceCase& c) {
  const manifest::Service& s = c.service;
  const auto misplaced = [&](std::string_view code, const Path& field, base::SourceSpan span, std::string_view what) {
    if (c.is("LoadBalancer")) return;
    c.sink.refuse(code, Reason::forbidden, field, span, fmt::format("`{}` needs type LoadBalancer", what),
                  "node ports and cluster IPs are not filtered by source ranges: use a NetworkPolicy");
  };
  if (!s.load_balancer_source_ranges.empty()) {
    // The API's own path has this capital letter.
    const Path path = Path("spec").child("LoadBalancerSourceRanges");
    misplaced("PC2021", path, first_known({s.source_ranges_place, c.spec_place()}), "loadBalancerSourceRanges");
    for (std::size_t i = 0; i < s.load_balancer_source_ranges.size(); ++i) {
      const manifest::Text& range = s.load_balancer_source_ranges[i];
      check_range(c, "PC2021", path.index(i), range.span, range.value);
    }
    return;
  }
  const manifest::KeyValue* annotation = s.metadata.annotations.find(ranges_annotation);
  if (annotation == nullptr) return;
  const Path path = Path("metadata").child("annotations").key(ranges_annotation);
  misplaced("PC2022", path, annotation->key.span, ranges_annotation);
  if (base::trim(annotation->value.value).empty()) return;
  for (const std::string_view range : base::split(base::trim(annotation->value.value), ',')) {
    check_range(c, "PC2022", path, annotation->value.span, range);
  }
}

void check_balancer_fields(ServiceCase& c) {
  const manifest::Service& s = c.service;
  const Path spec("spec");
  if (s.allocate_load_balancer_node_ports && !c.is("LoadBalancer")) {
    c.sink.refuse("PC2023", Reason::forbidden, spec.child("allocateLoadBalancerNodePorts"),
                  s.allocate_load_balancer_node_ports->span, "`allocateLoadBalancerNodePorts` needs type LoadBalancer",
                  "remove it");
  }
  if (!s.load_balancer_class) return;
  const auto& name = *s.load_balancer_class;
  if (!c.is("LoadBalancer")) {
    c.sink.refuse("PC2024", Reason::forbidden, spec.child("loadBalancerClass"), name.span,
                  "`loadBalancerClass` needs type LoadBalancer", "remove it");
    return;
  }
  c.sink.refuse_each(
      "PC2024", spec.child("loadBalancerClass"), name.span,
      [&] { return fmt::format("load balancer class {}", in_quotes(name.value)); }, qualified_name(name.value),
      "a name such as `example.com/internal`");
}

void check_external_policy(ServiceCase& c) {
  const Path field = Path("spec").child("externalTrafficPolicy");
  const std::string_view policy = c.filled.external_traffic_policy;
  if (!externally_accessible(c.service)) {
    if (policy.empty()) return;
    c.sink.refuse("PC2025", Reason::invalid, field, c.service.external_traffic_policy->span,
                  fmt::format("`externalTrafficPolicy: {}` on a Service that nothing outside reaches",
                              base::printable(policy.substr(0, 40))),
                  "it needs type NodePort or LoadBalancer, or externalIPs; for traffic to the cluster IP use "
                  "internalTrafficPolicy");
  } else if (!known(traffic_policies, policy)) {
    c.sink.refuse_unknown("PC2025", field, c.service.external_traffic_policy->span, "externalTrafficPolicy", policy,
                          traffic_policies);
  }
}

void check_health_port(ServiceCase& c) {
  const auto& port = c.service.health_check_node_port;
  if (!port || port->value == 0) return;
  const Path field = Path("spec").child("healthCheckNodePort");
  if (!c.needs_health_check()) {
    c.sink.refuse(
        "PC2026", Reason::invalid, field, port->span,
        fmt::format("`healthCheckNodePort: {}` needs type LoadBalancer and externalTrafficPolicy Local", port->value),
        "remove it");
  } else if (!is_port(port->value)) {
    c.sink.refuse("PC2026", Reason::invalid, field, port->span,
                  fmt::format("healthCheckNodePort `{}` is outside 1–65535", port->value),
                  fmt::format("pick one of {}–{}, or leave it out to have one allocated", c.profile.node_ports.first,
                              c.profile.node_ports.last));
  }
}

// What the profile's version takes. PreferSameNode and PreferSameZone came with 1.33, off by default, and are on since
// 1.34.
std::span<const std::string_view> distributions(const Profile& profile) {
  static constexpr std::array<std::string_view, 3> all{"PreferClose", "PreferSameNode", "PreferSameZone"};
  const bool old = profile.kubernetes_minor && *profile.kubernetes_minor < 34;
  return std::span(all).first(old ? 1 : all.size());
}

void check_words(ServiceCase& c) {
  const Path spec("spec");
  const auto& internal = c.service.internal_traffic_policy;
  if (internal && !known(traffic_policies, internal->value)) {
    c.sink.refuse_unknown("PC2027", spec.child("internalTrafficPolicy"), internal->span, "internalTrafficPolicy",
                          internal->value, traffic_policies);
  }
  const auto& distribution = c.service.traffic_distribution;
  const std::span<const std::string_view> accepted = distributions(c.profile);
  if (distribution && !known(accepted, distribution->value)) {
    c.sink.refuse_unknown("PC2028", spec.child("trafficDistribution"), distribution->span, "trafficDistribution",
                          distribution->value, accepted);
  }
}

}  // namespace

void check_traffic(ServiceCase& c) {
  check_source_ranges(c);
  check_balancer_fields(c);
  check_external_policy(c);
  check_health_port(c);
  check_words(c);
}

void check_balancer_status(ServiceCase& c) {
  static constexpr std::array<std::string_view, 2> modes{"Proxy", "VIP"};
  const Path path = Path("status").child("loadBalancer").child("ingress");
  for (std::size_t i = 0; i < c.service.ingress.size(); ++i) {
    const manifest::LoadBalancerIngress& ingress = c.service.ingress[i];
    const Path entry = path.index(i);
    const bool has_ip = ingress.ip && !ingress.ip->value.empty();
    if (has_ip) {
      c.sink.refuse_each(
          "PC2035", entry.child("ip"), ingress.ip->span,
          [&] { return fmt::format("load-balancer status: {}", in_quotes(ingress.ip->value)); },
          ip_address(ingress.ip->value),
          canonical_address(ingress.ip->value).empty()
              ? std::string{}
              : fmt::format("write `{}`", canonical_address(ingress.ip->value)));
    }
    if (ingress.ip_mode) {
      if (!has_ip) {
        c.sink.refuse("PC2035", Reason::forbidden, entry.child("ipMode"), ingress.ip_mode->span,
                      "load-balancer status: `ipMode` without `ip`", "give `ip`, or remove `ipMode`");
      } else if (!known(modes, ingress.ip_mode->value)) {
        c.sink.refuse_unknown("PC2035", entry.child("ipMode"), ingress.ip_mode->span, "load-balancer status: ipMode",
                              ingress.ip_mode->value, modes);
      }
    }
    if (!ingress.hostname || ingress.hostname->value.empty()) continue;
    const std::string& host = ingress.hostname->value;
    c.sink.refuse_each(
        "PC2035", entry.child("hostname"), ingress.hostname->span,
        [&] { return fmt::format("load-balancer status: host name {}", in_quotes(host)); }, dns_subdomain(host));
    if (net::Address::parse_sloppy(host)) {
      c.sink.refuse("PC2035", Reason::invalid, entry.child("hostname"), ingress.hostname->span,
                    fmt::format("load-balancer status: host name {} is an address", in_quotes(host)),
                    "give it as `ip`");
    }
  }
}

}  // namespace portcullis::cluster
