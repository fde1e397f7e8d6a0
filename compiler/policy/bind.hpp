// Policies against a cluster: names are looked up, selectors matched, zones made of addresses.
#pragma once

#include <chrono>
#include <span>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/policy/bound.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

// `input` is what `cluster` was resolved from; both must outlive the result. Zones of one tree can be used in the
// others. A sentence with a finding that is an error (PC4002–PC4004, PC4009, PC4010) gives no obligation: with errors
// among the findings the policy as a whole is not proved, whatever becomes of the obligations.
// `today` (UTC) decides which waivers have expired.
[[nodiscard]] Bound bind(std::span<const SyntaxTree> trees, const manifest::Input& input,
                         const cluster::Cluster& cluster, const base::SourceMap& sources,
                         std::chrono::year_month_day today, base::Diagnostics& diagnostics);

}  // namespace portcullis::policy
