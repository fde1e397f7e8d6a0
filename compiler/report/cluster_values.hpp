// The values of portcullis/cluster/1, shared by its JSON and its YAML form.
#pragma once

#include "compiler/cluster/cluster.hpp"
#include "compiler/report/json.hpp"

namespace portcullis::report {

[[nodiscard]] Json node_value(const cluster::Node& node);
[[nodiscard]] Json service_value(const cluster::Cluster& cluster, const cluster::Service& service);
[[nodiscard]] Json claim_value(const cluster::Claim& claim);
[[nodiscard]] Json conntrack_value(const cluster::ConntrackRule& rule);

}  // namespace portcullis::report
