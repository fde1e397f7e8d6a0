#include "compiler/policy/zones.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/net/prefix_algebra.hpp"

namespace portcullis::policy {

namespace {

using net::Prefix;
using net::PrefixSet;

PrefixSet anywhere() {
  return PrefixSet({net::everything(net::Family::ipv4), net::everything(net::Family::ipv6)});
}

// Sources with which no packet arrives from outside: the kernel drops it (Linux: ip_route_input_slow, ipv6_rcv).
PrefixSet martians() {
  std::vector<Prefix> out;
  out.reserve(6);
  for (const char* text : {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/127", "ff00::/8"})
    out.push_back(*Prefix::parse(text));
  return PrefixSet(std::move(out));
}

PrefixSet hosts(const std::vector<net::Address>& addresses) {
  std::vector<Prefix> out;
  out.reserve(addresses.size());
  for (const net::Address& address : addresses) out.push_back(Prefix::host(address));
  return PrefixSet(std::move(out));
}

PrefixSet of_nodes(const std::vector<cluster::Node>& nodes) {
  std::vector<net::Address> all;
  for (const cluster::Node& node : nodes) all.insert(all.end(), node.addresses.begin(), node.addresses.end());
  return hosts(all);
}

PrefixSet of_services(const cluster::Cluster& cluster) {
  std::vector<Prefix> out;
  if (cluster.profile.service_cidrs_known) out = cluster.profile.service_cidrs;
  for (const cluster::Service& service : cluster.services) {
    for (const cluster::LocatedAddress& ip : service.cluster_ips) out.push_back(Prefix::host(ip.address));
  }
  return PrefixSet(std::move(out));
}

bool has_address_in(const cluster::Pod& pod, const PrefixSet& set) {
  return std::ranges::any_of(pod.addresses, [&](const net::Address& a) { return set.contains(a); });
}

PrefixSet united(const std::vector<PrefixSet>& parts) {
  std::vector<Prefix> all;
  for (const PrefixSet& part : parts) all.insert(all.end(), part.prefixes().begin(), part.prefixes().end());
  return PrefixSet(std::move(all));
}

// Of each part that shares an address with another, the first such prefix and the other part. Sorted prefixes either
// contain the next one or lie before it, so one look at the enclosing ones is enough.
struct Shared {
  std::size_t part = 0, other = 0;
  Prefix prefix;
};
std::vector<Shared> shared(const std::vector<PrefixSet>& parts) {
  std::vector<std::pair<Prefix, std::size_t>> all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const Prefix& prefix : parts[i].prefixes()) all.emplace_back(prefix, i);
  }
  std::ranges::sort(all);
  std::vector<Shared> out;
  std::set<std::size_t> said;
  std::vector<std::pair<Prefix, std::size_t>> enclosing;
  for (const auto& [prefix, part] : all) {
    while (!enclosing.empty() && !enclosing.back().first.contains(prefix)) enclosing.pop_back();
    const auto other = std::ranges::find_if(enclosing, [&, own = part](const auto& e) { return e.second != own; });
    if (other != enclosing.end() && said.insert(std::max(part, other->second)).second)
      out.push_back({std::max(part, other->second), std::min(part, other->second), prefix});
    // A part's own prefixes are disjoint, so at most one of each is here.
    enclosing.emplace_back(prefix, part);
  }
  std::ranges::sort(out, {}, [](const Shared& s) { return std::pair(s.part, s.other); });
  return out;
}

}  // namespace

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::outside:
      return "outside";
    case Origin::pods:
      return "pods";
    case Origin::nodes:
      return "nodes";
  }
  return {};
}

ZoneTable::ZoneTable(const Objects& objects)
    : objects_(objects), nodes_(of_nodes(objects.cluster().nodes)), services_(of_services(objects.cluster())) {
  place_everybody();
  const PrefixSet cluster = unite(unite(pods_, nodes_), services_);
  definitions_["internet"] = {subtract(anywhere(), cluster), {}, 0, false, true};
  for (const auto& [name, cidrs] : objects.cluster().profile.zones) {
    Definition& zone = definitions_[name];
    zone = {PrefixSet(cidrs), {}, 0, true, false};
    for (const manifest::Object& object : objects.input().objects) {
      const auto* profile = std::get_if<manifest::ClusterProfile>(&object.body);
      if (profile == nullptr || !profile->zones) continue;
      for (const manifest::ProfileZone& given : *profile->zones) {
        if (given.name.value == name && !zone.span.known()) zone.span = given.name.span;
      }
    }
  }
}

// Who has which address. Pods first by what is known of each, then by the ranges of their nodes; nobody is placed
// twice, unless ranges of two nodes overlap.
void ZoneTable::place_everybody() {
  const cluster::Cluster& cluster = objects_.cluster();
  std::map<std::string, SourceGroup> pods;
  std::vector<Prefix> known;
  for (const cluster::Pod& pod : cluster.pods) {
    if (pod.host_network || pod.addresses.empty()) continue;
    const std::string node = cluster.node(pod.node) == nullptr ? std::string{} : pod.node;
    SourceGroup& group = pods[node];
    group.pods.push_back(&pod);
    for (const net::Address& address : pod.addresses) known.push_back(Prefix::host(address));
  }
  const PrefixSet known_pods = subtract(PrefixSet(known), nodes_);
  const PrefixSet placed = unite(known_pods, nodes_);
  std::vector<Prefix> ranges;
  for (const cluster::Node& node : cluster.nodes) {
    const PrefixSet range = subtract(PrefixSet(node.pod_cidrs), placed);
    ranges.insert(ranges.end(), node.pod_cidrs.begin(), node.pod_cidrs.end());
    if (!range.empty()) pods[node.name].addresses = range;
  }
  const PrefixSet rest = subtract(subtract(PrefixSet(cluster.profile.pod_cidrs), PrefixSet(std::move(ranges))), placed);
  if (!rest.empty()) pods[{}].addresses = rest;
  std::vector<PrefixSet> of_pods;
  for (auto& [node, group] : pods) {
    std::vector<net::Address> own;
    for (const cluster::Pod* pod : group.pods) own.insert(own.end(), pod->addresses.begin(), pod->addresses.end());
    group.addresses = unite(group.addresses, intersect(hosts(own), known_pods));
    group.origin = Origin::pods;
    group.node = node;
    of_pods.push_back(group.addresses);
  }
  pods_ = united(of_pods);
  const PrefixSet inside = unite(unite(pods_, nodes_), unite(services_, martians()));
  everybody_.push_back({Origin::outside, {}, subtract(anywhere(), inside), {}});
  for (auto& [node, group] : pods) everybody_.push_back(std::move(group));
  for (const cluster::Node& node : cluster.nodes)
    everybody_.push_back({Origin::nodes, node.name, hosts(node.addresses), {}});
}

void ZoneTable::announce(const ZoneDefinition& definition, const Sentence& sentence) {
  announced_.emplace(definition.name.value, sentence.line);
}

void ZoneTable::define(const ZoneDefinition& definition, const Asker& asker) {
  const std::string& name = definition.name.value;
  std::optional<PrefixSet> addresses = addresses_of(definition.zones, false, asker);
  const auto existing = definitions_.find(name);
  if (existing == definitions_.end() || existing->second.built_in) {
    definitions_[name] = {std::move(addresses), definition.name.span, asker.sentence.line, false, false};
    return;
  }
  const Definition& first = existing->second;
  const std::string where = first.of_profile ? "in the profile" : fmt::format("on line {}", first.line);
  asker.diagnostics.add("PC4009", fmt::format("zone `{}` is defined {} too", name, where), definition.name.span)
      .related.push_back({"here", first.span});
}

std::optional<PrefixSet> ZoneTable::named(const std::string& name, SourceSpan span, const Asker& asker) const {
  const auto found = definitions_.find(name);
  if (found != definitions_.end()) return found->second.addresses;
  std::vector<std::string_view> names{"anywhere", "cluster", "pods", "nodes"};
  for (const auto& [known, definition] : definitions_) names.push_back(known);
  base::Diagnostic& finding = report_unknown(asker, "zone", name, span, names);
  if (const auto later = announced_.find(name); later != announced_.end())
    finding.hint = fmt::format("it is defined on line {}: a zone uses only zones above it", later->second);
  return std::nullopt;
}

std::optional<PrefixSet> ZoneTable::addresses_of(const Located<ZoneTerm>& term, const Asker& asker) const {
  struct Visitor {
    const ZoneTable& table;
    SourceSpan span;
    const Asker& asker;

    std::optional<PrefixSet> operator()(const Anywhere&) const { return anywhere(); }
    std::optional<PrefixSet> operator()(const ClusterRange&) const {
      return unite(unite(table.pods_, table.nodes_), table.services_);
    }
    std::optional<PrefixSet> operator()(const Range& range) const { return PrefixSet({range.prefix}); }
    std::optional<PrefixSet> operator()(const ZoneName& zone) const { return table.named(zone.name, span, asker); }
    std::optional<PrefixSet> operator()(const Nodes& nodes) const {
      const auto selected = select_nodes(table.objects_, nodes, span, asker);
      if (!selected) return std::nullopt;
      std::vector<net::Address> all;
      for (const cluster::Node* node : *selected) all.insert(all.end(), node->addresses.begin(), node->addresses.end());
      return hosts(all);
    }
    std::optional<PrefixSet> operator()(const Pods& pods) const {
      if (pods.every) return table.pods_;
      const auto selected = select_pods(table.objects_, pods.selection, asker);
      if (!selected) return std::nullopt;
      std::vector<net::Address> all;
      for (const KnownPod* known : *selected)
        all.insert(all.end(), known->pod->addresses.begin(), known->pod->addresses.end());
      if (!all.empty()) return hosts(all);
      report_nothing(asker, span, "none of these pods has an address");
      return std::nullopt;
    }
  };
  return std::visit(Visitor{*this, term.span, asker}, term.value);
}

std::optional<ZoneTable::Parts> ZoneTable::parts_of(const std::vector<Located<ZoneTerm>>& terms,
                                                    const Asker& asker) const {
  Parts out;
  bool whole = true;
  for (const Located<ZoneTerm>& term : terms) {
    std::optional<PrefixSet> part = addresses_of(term, asker);
    whole = whole && part.has_value();
    if (part) out.push_back(std::move(*part));
  }
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<PrefixSet> ZoneTable::addresses_of(const Zones& zones, bool alternatives, const Asker& asker) const {
  const std::optional<Parts> terms = parts_of(zones.terms, asker);
  const std::optional<Parts> except = parts_of(zones.except, asker);
  if (!terms || !except) return std::nullopt;
  const auto text = [&](std::size_t i) { return asker.sources.text(zones.terms[i].span); };
  if (alternatives) {
    for (const Shared& s : shared(*terms)) {
      asker.diagnostics
          .add("PC4007", fmt::format("zones `{}` and `{}` share {}", text(s.other), text(s.part), s.prefix.text()),
               zones.terms[s.part].span)
          .related.push_back({"here", zones.terms[s.other].span});
    }
  }
  PrefixSet left = subtract(united(*terms), united(*except));
  if (!left.empty()) return left;
  report_nothing(asker, zones.span, "`except` takes every address away");
  return std::nullopt;
}

SharedSources ZoneTable::start(std::string text, const PrefixSet& addresses) const {
  Sources out;
  out.text = std::move(text);
  for (const SourceGroup& group : everybody_) {
    SourceGroup part{group.origin, group.node, intersect(group.addresses, addresses), {}};
    if (part.addresses.empty()) continue;
    for (const cluster::Pod* pod : group.pods) {
      if (has_address_in(*pod, part.addresses)) part.pods.push_back(pod);
    }
    out.groups.push_back(std::move(part));
  }
  return std::make_shared<const Sources>(std::move(out));
}

SharedSources ZoneTable::sources(const Zones& zones, const Asker& asker) {
  const std::string text(asker.sources.text(zones.span));
  if (const auto known = known_.find(text); known != known_.end()) return known->second;
  const std::optional<PrefixSet> addresses = addresses_of(zones, true, asker);
  if (!addresses) return nullptr;
  SharedSources sources = start(text, *addresses);
  if (sources->groups.empty()) {
    report_nothing(asker, zones.span, "no packet can have such a source");
    return nullptr;
  }
  known_.emplace(text, sources);
  return sources;
}

SharedSources ZoneTable::others(const Zones& zones, const Asker& asker) {
  const std::string text(asker.sources.text(zones.span));
  if (const auto known = known_others_.find(text); known != known_others_.end()) return known->second;
  base::Diagnostics said_already;  // by sources(), which is asked first
  const std::optional<PrefixSet> addresses =
      addresses_of(zones, false, Asker{asker.sentence, asker.sources, said_already});
  if (!addresses) return nullptr;
  SharedSources sources = start(fmt::format("anywhere except {}", text), subtract(anywhere(), *addresses));
  known_others_.emplace(text, sources);
  return sources;
}

}  // namespace portcullis::policy
