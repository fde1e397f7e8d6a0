#include "compiler/cluster/endpoints.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace portcullis::cluster {

namespace {

constexpr std::string_view service_name_label = "kubernetes.io/service-name";

// `address:port` as text without an allocation: what endpoints are sorted by.
class Key {
 public:
  explicit Key(const Endpoint& endpoint) {
    if (endpoint.address.family() == net::Family::ipv6) {
      const std::string text = net::endpoint_text(endpoint.address, endpoint.port);
      size_ = std::min(text.size(), text_.size());
      std::copy_n(text.begin(), size_, text_.begin());
      return;
    }
    for (std::size_t i = 12; i < 16; ++i) append(endpoint.address.bytes()[i], i < 15 ? '.' : ':');
    append(endpoint.port, '\0');
    --size_;
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  void append(unsigned number, char after) {
    char* end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr;
    *end++ = after;
    size_ = static_cast<std::size_t>(end - text_.data());
  }
  std::array<char, 56> text_;
  std::size_t size_ = 0;
};

// All of an endpoint that decides about packets, beside its key. The order is fixed, whatever the order of the input;
// local knowledge first.
auto facts(const Endpoint& e) {
  return std::tie(e.terminating, e.node, e.zone, e.for_zones, e.for_nodes, e.ready, e.serving);
}

void report_ambiguous(const Service& service, const Endpoint& kept, base::Diagnostics& diagnostics) {
  base::Diagnostic& finding = diagnostics.add(
      "PC2100",
      fmt::format("endpoint {} of {} is listed {} times, differently: {}", kept.address.text(),
                  base::ObjectRef{"Service", service.ns, service.name}.text(), kept.alternatives.size() + 1,
                  kept.node.empty() ? "without a node" : "on node `" + kept.node + "`"),
      kept.span);
  finding.object = {"Service", service.ns, service.name};
  finding.hint = "which entry a proxy keeps is chance; the one that is local to the node is taken here";
  for (const Endpoint& other : kept.alternatives) {
    finding.related.push_back({other.node.empty() ? "without a node" : "on node `" + other.node + "`", other.span});
  }
}

// The entries [first, last) share a key. One is kept; what contradicts it hangs on it.
Endpoint merge_run(std::vector<Endpoint*>::iterator first, std::vector<Endpoint*>::iterator last) {
  std::sort(first, last, [](const Endpoint* a, const Endpoint* b) {
    return std::pair(facts(*a), a->span) < std::pair(facts(*b), b->span);
  });
  Endpoint kept = std::move(**first);
  for (auto other = first + 1; other != last; ++other) {
    if ((*other)->terminating && !kept.terminating) continue;
    const Endpoint& previous = kept.alternatives.empty() ? kept : kept.alternatives.back();
    if (facts(**other) != facts(previous)) kept.alternatives.push_back(std::move(**other));
  }
  return kept;
}

bool annotated_auto(const manifest::Service& service) {
  static constexpr std::string_view keys[] = {"service.kubernetes.io/topology-mode",
                                              "service.kubernetes.io/topology-aware-hints"};
  return std::ranges::any_of(keys, [&](std::string_view key) {
    const std::string_view value = service.metadata.annotations.get(key);
    return value == "Auto" || value == "auto";
  });
}

// Slices by the position of their Service; those of no Service are left out (PC3008 is lint's to say).
std::vector<std::pair<std::size_t, const manifest::EndpointSlice*>> slices_of_services(const Inventory& inventory) {
  const auto& services = inventory.services;
  std::vector<std::pair<std::size_t, const manifest::EndpointSlice*>> out;
  out.reserve(inventory.slices.size());
  const auto key = [](const Given<manifest::Service>& s) { return std::pair(s.ns, s.name); };
  for (const Given<manifest::EndpointSlice>& slice : inventory.slices) {
    const std::pair wanted(slice.ns, slice.body->metadata.labels.get(service_name_label));
    const auto found = std::ranges::lower_bound(services, wanted, {}, key);
    if (found != services.end() && key(*found) == wanted)
      out.emplace_back(static_cast<std::size_t>(found - services.begin()), slice.body);
  }
  std::ranges::stable_sort(out, {}, [](const auto& entry) { return entry.first; });
  return out;
}

const manifest::Endpoints* endpoints_object(const Inventory& inventory, const Service& service) {
  const auto key = [](const Given<manifest::Endpoints>& e) { return std::pair(e.ns, e.name); };
  const std::pair wanted(std::string_view{service.ns}, std::string_view{service.name});
  const auto found = std::ranges::lower_bound(inventory.endpoints, wanted, {}, key);
  return found != inventory.endpoints.end() && key(*found) == wanted ? found->body : nullptr;
}

}  // namespace

std::vector<Endpoint> unite(std::vector<Endpoint> candidates, const Service& service, std::set<net::Address>& reported,
                            base::Diagnostics& diagnostics) {
  std::vector<Key> keys;
  keys.reserve(candidates.size());
  for (const Endpoint& candidate : candidates) keys.emplace_back(candidate);
  const auto not_before = [](const Key& a, const Key& b) { return a.view() >= b.view(); };
  if (std::ranges::adjacent_find(keys, not_before) == keys.end()) return candidates;

  std::vector<std::uint32_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return keys[i].view(); });

  std::vector<Endpoint> united;
  united.reserve(candidates.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && keys[order[last]].view() == keys[order[first]].view()) ++last;
    if (last == first + 1) {
      united.push_back(std::move(candidates[order[first]]));
    } else {
      std::vector<Endpoint*> run;
      for (std::size_t i = first; i < last; ++i) run.push_back(&candidates[order[i]]);
      Endpoint& kept = united.emplace_back(merge_run(run.begin(), run.end()));
      if (!kept.alternatives.empty() && reported.insert(kept.address).second)
        report_ambiguous(service, kept, diagnostics);
    }
    first = last;
  }
  return united;
}

void resolve_endpoints(const EndpointSources& sources, std::vector<Service>& services, base::Diagnostics& diagnostics) {
  const auto slices = slices_of_services(sources.inventory);
  const PodEndpoints pods(sources);
  auto slice = slices.begin();
  for (std::size_t i = 0; i < services.size(); ++i) {
    Service& service = services[i];
    const manifest::Service& given = *sources.inventory.services[i].body;
    PortEndpoints ports(service.ports.size());
    const bool has_slices = slice != slices.end() && slice->first == i;
    for (; slice != slices.end() && slice->first == i; ++slice) add_slice(*slice->second, service, ports);
    if (!has_slices) {
      const manifest::Endpoints* object = endpoints_object(sources.inventory, service);
      if (object != nullptr && is_mirrored(*object, given)) {
        add_mirrored(*object, service, ports);
      } else {
        pods.add(given, service, ports);
        if (annotated_auto(given) && std::ranges::any_of(ports, [](const auto& list) { return !list.empty(); })) {
          base::Diagnostic& note = diagnostics.add(
              "PC1014",
              "topology-mode `Auto` hands out zones by CPU shares, which is not modelled: endpoints have no hints",
              service.span);
          note.object = {"Service", service.ns, service.name};
          note.field = "metadata.annotations";
        }
      }
    }
    std::set<net::Address> reported;
    for (std::size_t p = 0; p < ports.size(); ++p) {
      service.ports[p].endpoints = unite(std::move(ports[p]), service, reported, diagnostics);
    }
  }
}

}  // namespace portcullis::cluster
