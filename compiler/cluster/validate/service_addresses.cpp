#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/cluster/validate/service_rules.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::array<std::string_view, 2> family_words{"IPv4", "IPv6"};

const Path& spec() {
  static const Path path("spec");
  return path;
}

base::SourceSpan list_place(const ServiceCase& c) {
  const manifest::Service& s = c.service;
  return first_known({s.cluster_ips_place, s.cluster_ip ? s.cluster_ip->span : base::SourceSpan{}, c.spec_place()});
}

base::SourceSpan place_of(const ServiceCase& c, std::size_t i) {
  const manifest::Service& s = c.service;
  return s.cluster_ips.empty() ? s.cluster_ip->span : s.cluster_ips[i].span;
}

// Whether clusterIP and clusterIPs say the same. On create the server fills clusterIPs from clusterIP, never the other
// way round.
void check_agreement(ServiceCase& c) {
  const manifest::Service& s = c.service;
  if (s.cluster_ips.empty()) return;
  const std::string& first = s.cluster_ips.front().value;
  if (!s.cluster_ip || s.cluster_ip->value.empty()) {
    c.sink.refuse("PC2029", Reason::invalid, spec().child("clusterIPs"), list_place(c),
                  "`clusterIPs` is given without `clusterIP`", fmt::format("add `clusterIP: {}`", first));
  } else if (s.cluster_ip->value != first) {
    base::Diagnostic& finding = c.sink.refuse(
        "PC2029", Reason::invalid, spec().child("clusterIPs"), s.cluster_ips.front().span,
        fmt::format("clusterIP is {}, clusterIPs[0] is {}", in_quotes(s.cluster_ip->value), in_quotes(first)),
        "both name the first address: write the same, or leave one out");
    finding.related.push_back({.message = "clusterIP", .span = s.cluster_ip->span});
  }
}

void check_family_words(ServiceCase& c) {
  const Path path = spec().child("ipFamilies");
  const auto& families = c.service.ip_families;
  for (std::size_t i = 0; i < families.size(); ++i) {
    if (!parse_family(families[i].value)) {
      c.sink.refuse_unknown("PC2031", path.index(i), families[i].span, "address family", families[i].value,
                            family_words);
    }
    const auto end = families.begin() + static_cast<std::ptrdiff_t>(i);
    const auto first =
        std::find_if(families.begin(), end, [&](const manifest::Text& f) { return f.value == families[i].value; });
    if (first != end) {
      c.sink.refuse_duplicate("PC2031", path.index(i), families[i].span,
                              fmt::format("ipFamilies: {} is listed twice", in_quotes(families[i].value)), first->span,
                              "at most one entry of each family");
    }
  }
}

void check_policy_word(ServiceCase& c) {
  static constexpr std::array<std::string_view, 3> policies{"PreferDualStack", "RequireDualStack", "SingleStack"};
  if (!c.service.ip_family_policy) return;
  const auto& policy = *c.service.ip_family_policy;
  if (std::find(policies.begin(), policies.end(), policy.value) != policies.end()) return;
  c.sink.refuse_unknown("PC2032", spec().child("ipFamilyPolicy"), policy.span, "ipFamilyPolicy", policy.value,
                        policies);
}

// Each entry an address, or `None` alone. Returns whether the list may be looked at as addresses.
bool check_address_words(ServiceCase& c) {
  const Path path = spec().child("clusterIPs");
  const auto& ips = c.filled.cluster_ips;
  bool good = true;
  for (std::size_t i = 0; i < ips.size(); ++i) {
    if (i == 0 && ips[i] == "None") {
      if (ips.size() > 1) {
        good = false;
        c.sink.refuse("PC2030", Reason::invalid, path, place_of(c, 0), "clusterIPs: `None` stands beside other entries",
                      "a headless Service has `None` as its only entry");
      }
      continue;
    }
    const Faults faults = ip_address(ips[i]);
    good = good && faults.empty();
    std::string hint = "leave it out to have one allocated, or write `None` for a headless Service";
    if (const std::string canonical = canonical_address(ips[i]); !canonical.empty())
      hint = fmt::format("write `{}`", canonical);
    c.sink.refuse_each(
        "PC2030", path.index(i), place_of(c, i), [&] { return fmt::format("cluster IP {}", in_quotes(ips[i])); },
        faults, hint);
  }
  if (ips.size() > 2) {
    c.sink.refuse("PC2030", Reason::invalid, path, place_of(c, 2), fmt::format("clusterIPs has {} entries", ips.size()),
                  "at most one address of each family");
  }
  return good;
}

void check_addresses_against_families(ServiceCase& c) {
  const Path path = spec().child("clusterIPs");
  const auto& ips = c.filled.cluster_ips;
  std::set<net::Family> seen;
  for (const std::string_view ip : ips) {
    if (const auto address = net::Address::parse_sloppy(ip)) seen.insert(address->family());
  }
  if (ips.size() > 1 && seen.size() < 2) {
    c.sink.refuse("PC2030", Reason::invalid, path, place_of(c, 1),
                  fmt::format("clusterIPs: {} and {} are of one family", in_quotes(ips[0]), in_quotes(ips[1])),
                  "at most one address of each family");
  }
  if (c.headless()) return;
  for (std::size_t i = 0; i < std::min(ips.size(), c.service.ip_families.size()); ++i) {
    const auto family = parse_family(c.service.ip_families[i].value);
    const auto address = net::Address::parse_sloppy(ips[i]);
    if (!family || !address || *family == address->family()) continue;
    base::Diagnostic& finding =
        c.sink.refuse("PC2031", Reason::invalid, path.index(i), place_of(c, i),
                      fmt::format("cluster IP {} is {}, but `ipFamilies[{}]` is {}", in_quotes(ips[i]),
                                  net::to_string(address->family()), i, net::to_string(*family)),
                      "list addresses and families in the same order");
    finding.related.push_back({.message = "the family", .span = c.service.ip_families[i].span});
  }
}

std::string configured_text(const ServiceCase& c) {
  std::string out;
  for (const net::Family family : c.families.configured) {
    if (!out.empty()) out += " and ";
    out += net::to_string(family);
  }
  return out;
}

base::SourceSpan policy_place(const ServiceCase& c) {
  const manifest::Service& s = c.service;
  return first_known(
      {s.ip_family_policy ? s.ip_family_policy->span : base::SourceSpan{}, s.ip_families_place, list_place(c)});
}

// SingleStack with two of anything; families of the addresses that the cluster lacks.
bool check_policy_against_lists(ServiceCase& c) {
  const std::string_view hint = "use PreferDualStack or RequireDualStack";
  const std::string_view written = c.service.ip_family_policy ? "" : " (the default)";
  bool good = true;
  const auto two = [&](std::string_view what) {
    good = false;
    c.sink.refuse("PC2033", Reason::invalid, spec().child("ipFamilyPolicy"), policy_place(c),
                  fmt::format("`SingleStack`{} with two {}", written, what), std::string(hint));
  };
  if (c.filled.ip_family_policy == "SingleStack") {
    if (c.filled.cluster_ips.size() == 2) two("addresses");
    if (c.service.ip_families.size() == 2) two("families");
  }
  if (!c.families.stated || c.filled.headless) return good;
  for (std::size_t i = c.service.ip_families.size(); i < c.filled.cluster_ips.size(); ++i) {
    const auto address = net::Address::parse_sloppy(c.filled.cluster_ips[i]);
    if (!address || c.families.has(address->family())) continue;
    good = false;
    c.sink.refuse("PC2041", Reason::invalid, spec().child("clusterIPs").index(i), place_of(c, i),
                  fmt::format("cluster IP {} is {}, the cluster has only {}", in_quotes(c.filled.cluster_ips[i]),
                              net::to_string(address->family()), configured_text(c)),
                  "leave it out");
  }
  return good;
}

// What a cluster of one family cannot do. A headless Service without a selector needs no address and may name both.
bool check_configured(ServiceCase& c) {
  if (!c.families.stated || (c.filled.headless && !c.selects())) return true;
  bool good = true;
  if (c.filled.ip_family_policy == "RequireDualStack" && !c.families.dual()) {
    good = false;
    c.sink.refuse(
        "PC2041", Reason::invalid, spec().child("ipFamilyPolicy"), policy_place(c),
        fmt::format("{} requires IPv4 and IPv6, the cluster has only {}", c.sink.object().text(), configured_text(c)),
        "PreferDualStack takes what is there");
  }
  for (std::size_t i = 0; i < c.service.ip_families.size(); ++i) {
    const manifest::Text& word = c.service.ip_families[i];
    const auto family = parse_family(word.value);
    if (!family || c.families.has(*family)) continue;
    good = false;
    c.sink.refuse(
        "PC2041", Reason::invalid, spec().child("ipFamilies").index(i), word.span,
        fmt::format("{} requires {}, the cluster has only {}", c.sink.object().text(), word.value, configured_text(c)),
        "leave `ipFamilies` out to take what is there");
  }
  return good;
}

std::string ranges_text(const Profile& profile, net::Family family) {
  std::string out;
  for (const net::Prefix& range : profile.service_cidrs) {
    if (range.family() != family) continue;
    if (!out.empty()) out += ", ";
    out += range.text();
  }
  return out;
}

// Why the allocator would not give this address; empty if it would. The network address is never given, nor IPv4's
// broadcast address; the first one belongs to the API server's own Service.
std::string refused_by_allocator(const ServiceCase& c, const net::Address& address) {
  bool first = true;
  for (const net::Prefix& range : c.profile.service_cidrs) {
    const bool primary = std::exchange(first, false);
    if (!range.contains(address)) continue;
    if (address == range.address()) return "is the network address of the service range " + range.text();
    if (address.family() == net::Family::ipv4 && address == range.last())
      return "is the broadcast address of the service range " + range.text();
    const base::ObjectRef& object = c.sink.object();
    const bool api_server = object.ns == "default" && object.name == "kubernetes";
    if (primary && !api_server && address == range.address().next()) return "belongs to Service default/kubernetes";
    return {};
  }
  const std::string ranges = ranges_text(c.profile, address.family());
  if (ranges.empty()) return fmt::format("is {}, and no service range is", net::to_string(address.family()));
  return "is outside the service range " + ranges;
}

void check_range(ServiceCase& c) {
  if (c.filled.headless || !c.profile.service_cidrs_known) return;
  const std::size_t wanted = std::max<std::size_t>(c.filled.ip_families.size(), c.service.ip_families.size());
  for (std::size_t i = 0; i < std::min(c.filled.cluster_ips.size(), wanted); ++i) {
    const auto address = net::Address::parse_sloppy(c.filled.cluster_ips[i]);
    if (!address) continue;
    const std::string why = refused_by_allocator(c, *address);
    if (why.empty()) continue;
    const std::string message = fmt::format("cluster IP {} {}", in_quotes(c.filled.cluster_ips[i]), why);
    const Path path = spec().child("clusterIPs");
    if (c.families.stated) {
      c.sink.refuse("PC2039", Reason::invalid, path, place_of(c, i), message, "leave it out to have one allocated");
    } else {
      c.sink
          .note("PC2039", path, place_of(c, i), message,
                "give the cluster's ranges as `serviceCIDRs` in a ClusterProfile")
          .severity = base::Severity::warning;
    }
  }
}

}  // namespace

void check_cluster_ips(ServiceCase& c) {
  const bool before = c.sink.accepted();
  check_agreement(c);
  check_family_words(c);
  check_policy_word(c);
  const bool addresses = check_address_words(c);
  if (addresses) check_addresses_against_families(c);
  if (before && !c.sink.accepted()) return;
  if (!check_policy_against_lists(c) || !check_configured(c)) return;
  check_range(c);
}

}  // namespace portcullis::cluster
