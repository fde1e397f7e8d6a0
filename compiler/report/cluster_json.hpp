// The resolved cluster, as `resolve` prints it: schema portcullis/cluster/1 (docs/formats.md).
#pragma once

#include <string>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::report {

// One line a node, Service, claim and conntrack rule.
[[nodiscard]] std::string cluster_json(const cluster::Cluster& cluster);
// The same values as block YAML.
[[nodiscard]] std::string cluster_yaml(const cluster::Cluster& cluster);
// For people: one row a Service port, then what claims one key. What planning filled in carries a `*`.
[[nodiscard]] std::string cluster_table(const cluster::Cluster& cluster);

}  // namespace portcullis::report
