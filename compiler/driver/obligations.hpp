// What `check` proves: what holds of every cluster that works, and the sentences of policies.
#pragma once

#include <span>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/policy/bound.hpp"
#include "verifier/obligations/method.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::driver {

// Without a policy. What a proof finds of its own is added to the findings of resolving.
[[nodiscard]] std::vector<verdict::Proof> prove_built_in(const cluster::Cluster& cluster, smt::Session& session,
                                                         obligations::Method method, base::Diagnostics& diagnostics);

// PC4008: sentences that can never both hold, with a packet that they disagree about.
void report_contradictions(const policy::Bound& bound, const cluster::Cluster& cluster, base::Diagnostics& diagnostics);

// One proof an obligation of `bound`, in their order; `cluster` is what they were bound to, `built_in` what
// prove_built_in said of it. A question that nobody can answer is unknown, and the reason says so.
[[nodiscard]] std::vector<verdict::Proof> prove_sentences(const policy::Bound& bound, const cluster::Cluster& cluster,
                                                          smt::Session& session, obligations::Method method,
                                                          std::span<const verdict::Proof> built_in);

}  // namespace portcullis::driver
