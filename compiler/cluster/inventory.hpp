// The input sorted by kind: one entry an object, the later of two documents of one name (an API server would hold
// nothing else).
#pragma once

#include <string_view>
#include <vector>

#include "compiler/manifest/objects.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::cluster {

// Points into the input, which outlives every Inventory. `ns` is `default` where the object gives none, and empty for
// kinds without namespaces.
template <class Body>
struct Given {
  const Body* body = nullptr;
  const manifest::Object* object = nullptr;
  std::string_view ns, name;
};

// Every list is sorted by namespace and name (workloads by kind after that); objects without a name are all kept, in
// input order.
struct Inventory {
  std::vector<Given<manifest::Service>> services;
  std::vector<Given<manifest::EndpointSlice>> slices;
  std::vector<Given<manifest::Endpoints>> endpoints;
  std::vector<Given<manifest::Pod>> pods;
  std::vector<Given<manifest::Workload>> workloads;
  std::vector<Given<manifest::Node>> nodes;
  std::vector<Given<manifest::IPAddress>> ip_addresses;
  std::vector<Given<manifest::IngressClass>> ingress_classes;
  std::vector<Given<manifest::Ingress>> ingresses;
  std::vector<Given<manifest::Secret>> secrets;
  std::vector<Given<manifest::ClusterProfile>> profiles;  // in input order
};
[[nodiscard]] Inventory take_inventory(const manifest::Input& input);

}  // namespace portcullis::cluster
