// manifests → resolved cluster: validation, defaults, planning, allocation, endpoints.
#pragma once

#include <map>
#include <string>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::cluster {

// portcullis.lock: what an earlier run planned. Keys are object names as in the design: clusterIPs `ns/name` or
// `ns/name#IPv6`, nodePorts `ns/name:port-name/PROTO`, …
struct Lock {
  std::map<std::string, std::string> cluster_ips, node_ports, health_check_node_ports, load_balancers, pod_addresses,
      placement;
  bool operator==(const Lock&) const = default;
};

struct ResolveOptions {
  Lock lock;  // empty: none
  // The input is all there is (`complete` of the configuration): no workload of a namespace means that there is none.
  bool complete = false;
};

struct Resolved {
  Cluster cluster;
  Lock lock;  // everything planned, to be written with --write-lock
};

// Never fails: what is wrong is a finding. `compile`, `trace`, … stop on the findings that design section 3 (exit
// status) names.
[[nodiscard]] Resolved resolve(const manifest::Input& input, const ResolveOptions& options,
                               base::Diagnostics& diagnostics);

// Lock file text (YAML, sorted). `read_lock` reports what it cannot read and returns what it can.
[[nodiscard]] std::string print_lock(const Lock& lock);
[[nodiscard]] Lock read_lock(const std::string& name, const std::string& text, base::SourceMap& sources,
                             base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
