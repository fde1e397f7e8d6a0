// What `check` proves of routers, and what it finds in them.
#pragma once

#include <span>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::driver {

// Findings are added, but for those that lint has told of the same rule, and those about endpoints where the input has
// none of the namespace. A proof is of one router.
[[nodiscard]] std::vector<verdict::Proof> prove_routers(std::span<const ir::l7::Router> routers,
                                                        const cluster::Cluster& cluster, smt::Session& session,
                                                        base::Diagnostics& diagnostics);

}  // namespace portcullis::driver
