// Which ingress controllers there are, and which Ingresses each takes (reference 1.4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/build/options.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

struct Controller {
  std::string name;  // its class, else its flavour
  Flavour flavour = Flavour::api;
  std::optional<std::string> class_name;  // the IngressClass it was named by
  std::string controller;                 // `spec.controller` of that class; empty: not known
  ControllerOptions options;
  std::string entry;                               // as the profile gives it
  base::SourceSpan span;                           // of the profile's entry, else of the IngressClass
  std::vector<const cluster::Ingress*> ingresses;  // in the order of their age, the oldest first
};

[[nodiscard]] std::vector<Controller> find_controllers(const cluster::Cluster& cluster, base::Diagnostics& diagnostics);

// Flavour of an IngressClass by its `spec.controller` (reference 0.2).
[[nodiscard]] Flavour flavour_of(std::string_view controller);

}  // namespace portcullis::ir::l7
