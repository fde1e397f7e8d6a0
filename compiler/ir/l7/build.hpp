// resolved cluster → routers.
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// One router for each ingress controller that the profile lists, or else for each that the input shows (by class);
// flavour gce: one for each Ingress. In the order of their names. What is not carried over is a finding; nothing is
// silent.
[[nodiscard]] std::vector<Router> build_routers(const cluster::Cluster& cluster, base::Diagnostics& diagnostics);

}  // namespace portcullis::ir::l7
