#include "compiler/cluster/inventory.hpp"

#include <algorithm>
#include <tuple>

namespace portcullis::cluster {

namespace {

constexpr std::string_view default_namespace = "default";

std::string_view namespace_of(const manifest::Metadata& metadata) {
  return metadata.ns && !metadata.ns->value.empty() ? std::string_view{metadata.ns->value} : default_namespace;
}

std::string_view name_of(const manifest::Metadata& metadata) {
  return metadata.name ? std::string_view{metadata.name->value} : std::string_view{};
}

template <class Body>
std::string_view kind_key(const Given<Body>&) {
  return {};
}
std::string_view kind_key(const Given<manifest::Workload>& given) {
  return given.body->kind;
}

template <class Body>
void sort_and_keep_last(std::vector<Given<Body>>& list) {
  const auto key = [](const Given<Body>& g) { return std::tuple(g.ns, g.name, kind_key(g)); };
  std::ranges::stable_sort(list, {}, key);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool replaced = i + 1 < list.size() && !list[i].name.empty() && key(list[i]) == key(list[i + 1]);
    if (!replaced) list[kept++] = list[i];
  }
  list.resize(kept);
}

// Which list a body goes to, and whether its kind has namespaces. Kinds that resolving has no use for are named here on
// purpose: a new kind in manifest::Body does not compile until somebody has decided.
struct Sorter {
  Inventory& inventory;
  const manifest::Object& object;

  template <class Body>
  void namespaced(std::vector<Given<Body>>& list, const Body& body) const {
    list.push_back({&body, &object, namespace_of(body.metadata), name_of(body.metadata)});
  }
  template <class Body>
  void clusterwide(std::vector<Given<Body>>& list, const Body& body) const {
    list.push_back({&body, &object, {}, name_of(body.metadata)});
  }

  void operator()(const manifest::Service& body) const { namespaced(inventory.services, body); }
  void operator()(const manifest::EndpointSlice& body) const { namespaced(inventory.slices, body); }
  void operator()(const manifest::Endpoints& body) const { namespaced(inventory.endpoints, body); }
  void operator()(const manifest::Pod& body) const { namespaced(inventory.pods, body); }
  void operator()(const manifest::Workload& body) const { namespaced(inventory.workloads, body); }
  void operator()(const manifest::Node& body) const { clusterwide(inventory.nodes, body); }
  void operator()(const manifest::IPAddress& body) const { clusterwide(inventory.ip_addresses, body); }
  void operator()(const manifest::ClusterProfile& body) const { clusterwide(inventory.profiles, body); }
  void operator()(const manifest::IngressClass& body) const { clusterwide(inventory.ingress_classes, body); }
  void operator()(const manifest::Ingress& body) const { namespaced(inventory.ingresses, body); }
  void operator()(const manifest::Secret& body) const { namespaced(inventory.secrets, body); }
  void operator()(const manifest::Namespace&) const {}
  void operator()(const manifest::NetworkPolicy&) const {}
  void operator()(const manifest::ServiceCIDR&) const {}             // merge_profile
  void operator()(const manifest::KubeProxyConfiguration&) const {}  // merge_profile
};

}  // namespace

Inventory take_inventory(const manifest::Input& input) {
  Inventory inventory;
  for (const manifest::Object& object : input.objects) std::visit(Sorter{inventory, object}, object.body);
  sort_and_keep_last(inventory.services);
  sort_and_keep_last(inventory.slices);
  sort_and_keep_last(inventory.endpoints);
  sort_and_keep_last(inventory.pods);
  sort_and_keep_last(inventory.workloads);
  sort_and_keep_last(inventory.nodes);
  sort_and_keep_last(inventory.ip_addresses);
  sort_and_keep_last(inventory.ingress_classes);
  sort_and_keep_last(inventory.ingresses);
  sort_and_keep_last(inventory.secrets);
  return inventory;
}

}  // namespace portcullis::cluster
