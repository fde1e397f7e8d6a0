#include "compiler/ir/l4/select.hpp"

#include <algorithm>

namespace portcullis::ir {

namespace {

using cluster::Endpoint;
using cluster::Node;
using cluster::TrafficPolicy;
using Endpoints = std::vector<const Endpoint*>;

bool is_local(const Endpoint& e, const Node& node) {
  return !e.node.empty() && e.node == node.name;
}

bool names(const std::vector<std::string>& hints, const std::string& name) {
  return std::ranges::find(hints, name) != hints.end();
}

// As this node sees them: where slices contradict each other about an endpoint, the node's own entry counts.
Endpoints of_family(const std::vector<Endpoint>& all, const Node& node, net::Family family) {
  Endpoints out;
  for (const Endpoint& e : all) {
    if (e.address.family() == family) out.push_back(&e.on_node(node.name));
  }
  return out;
}

template <class Keep>
Endpoints filter(const Endpoints& in, Keep keep) {
  Endpoints out;
  std::ranges::copy_if(in, std::back_inserter(out), [&](const Endpoint* e) { return keep(*e); });
  return out;
}

// Reference 3.3.2: node hints before zone hints, and only if every ready endpoint has one and one of them names us.
Endpoints fit_topology(const Endpoints& ready, const Node& node) {
  const auto all = [&](auto has) { return std::ranges::all_of(ready, [&](const Endpoint* e) { return has(*e); }); };
  if (all([](const Endpoint& e) { return !e.for_nodes.empty(); })) {
    Endpoints mine = filter(ready, [&](const Endpoint& e) { return names(e.for_nodes, node.name); });
    if (!mine.empty()) return mine;
  }
  if (!node.zone.empty() && all([](const Endpoint& e) { return !e.for_zones.empty(); })) {
    Endpoints mine = filter(ready, [&](const Endpoint& e) { return names(e.for_zones, node.zone); });
    if (!mine.empty()) return mine;
  }
  return ready;
}

}  // namespace

Selection select(const cluster::Service& service, const cluster::ServicePort& port, const Node& node,
                 net::Family family, bool externally_accessible) {
  const Endpoints all = of_family(port.endpoints, node, family);
  const Endpoints ready = filter(all, [](const Endpoint& e) { return e.ready; });
  const Endpoints draining = filter(all, [](const Endpoint& e) { return !e.ready && e.serving && e.terminating; });
  const auto local = [&](const Endpoint& e) { return is_local(e, node); };

  Selection s;
  s.uses_cluster = service.internal_policy == TrafficPolicy::cluster || externally_accessible;
  s.uses_local = service.internal_policy == TrafficPolicy::local ||
                 (service.external_policy == TrafficPolicy::local && externally_accessible);
  if (s.uses_cluster) {
    s.cluster_set = fit_topology(ready, node);
    if (s.cluster_set.empty())
      s.cluster_set = filter(all, [](const Endpoint& e) { return e.serving && e.terminating; });
  }
  if (s.uses_local) {
    s.local_set = filter(ready, local);
    if (s.local_set.empty()) s.local_set = filter(draining, local);
  }
  s.has_any = !s.cluster_set.empty() || (s.uses_local && !(ready.empty() && draining.empty()));
  s.has_internal = s.has_any && (service.internal_policy != TrafficPolicy::local || !s.local_set.empty());
  s.has_external = s.has_any && (service.external_policy != TrafficPolicy::local || !s.local_set.empty());
  return s;
}

}  // namespace portcullis::ir
