// IngressClasses and Ingresses as the API server holds them after admission.
#pragma once

#include <set>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::cluster {

// Objects of the input that the API server would not take; they point into the input.
using Refused = std::set<const manifest::Object*>;

[[nodiscard]] std::vector<IngressClass> resolve_ingress_classes(const Inventory& inventory, const Refused& refused);

// Fills in the default class: of several, the newest, then the first by name (reference 0.3 and D3 of the Ingress
// semantics).
[[nodiscard]] std::vector<Ingress> resolve_ingresses(const manifest::Input& input, const Inventory& inventory,
                                                     const Refused& refused, const std::vector<IngressClass>& classes);

}  // namespace portcullis::cluster
