// Rules about manifests that need no proof: what is very probably a mistake, or an exposure to be decided.
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::lint {

struct Options {
  // The input is all there is: a Service that is not in it does not exist.
  bool complete = false;
};

// What is wrong, or wants a decision, with Ingresses and the Services, Secrets and workloads around them (PC1008,
// PC3014, PC3108, PC3112, PC3201–PC3214). `routers` are those that the Ingresses make: they say who answers a request
// that two rules claim, and which rule answers none.
void lint(const manifest::Input& input, const cluster::Cluster& cluster, const std::vector<ir::l7::Router>& routers,
          const Options& options, base::Diagnostics& diagnostics);

}  // namespace portcullis::lint
