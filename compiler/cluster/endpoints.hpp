// The endpoints of every Service port, from the first of these that speaks of the Service:
//   1. EndpointSlices that carry its name (reference 1.2),
//   2. an Endpoints object, if the mirroring controller would copy it (reference 1.3),
//   3. pods, observed or planned, as the EndpointSlice controller derives them (reference 1.6).
#pragma once

#include <set>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/cluster/label_index.hpp"
#include "compiler/cluster/pods.hpp"

namespace portcullis::cluster {

struct EndpointSources {
  const Inventory& inventory;
  const Pods& pods;
  const std::vector<Node>& nodes;
};

// Fills `ports[].endpoints` of `services`, which are those of the inventory in its order. Reports PC2100 (entries for
// one address that contradict each other) and PC1014 (topology-mode annotation: hints by CPU shares are not derived).
void resolve_endpoints(const EndpointSources& sources, std::vector<Service>& services, base::Diagnostics& diagnostics);

// ---- the pieces, one a file

// Where candidates for the ports of one Service are collected before they are sorted and united.
using PortEndpoints = std::vector<std::vector<Endpoint>>;  // by position in Service::ports

// Adds what one slice has for `service`; slices of FQDNs add nothing, nor do those
// labelled as a headless Service's, unless it is one.
void add_slice(const manifest::EndpointSlice& slice, const Service& service, PortEndpoints& ports);
[[nodiscard]] bool is_mirrored(const manifest::Endpoints& object, const manifest::Service& service);
void add_mirrored(const manifest::Endpoints& object, const Service& service, PortEndpoints& ports);

class PodEndpoints {
 public:
  explicit PodEndpoints(const EndpointSources& sources);
  void add(const manifest::Service& given, const Service& service, PortEndpoints& ports) const;

 private:
  void add_pod(const PodFacts& pod, const manifest::Service& given, const Service& service, PortEndpoints& ports) const;
  [[nodiscard]] const Node* node(std::string_view name) const;

  const EndpointSources& sources_;
  LabelIndex index_;
  bool nodes_are_known_;  // Node objects are in the input: a pod on another node is on one that is gone
};

// Sorted by key as text, one entry a key; of several the non-terminating ones count. Entries that still differ stay as
// `alternatives`, and PC2100 is reported once a Service and address.
[[nodiscard]] std::vector<Endpoint> unite(std::vector<Endpoint> candidates, const Service& service,
                                          std::set<net::Address>& reported, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
