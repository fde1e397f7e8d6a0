// Everything that makes pods: workloads, pods written by hand, and pods that were observed in a cluster. One group, one
// pod template.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/cluster/labels.hpp"
#include "compiler/cluster/pod_ports.hpp"

namespace portcullis::cluster {

struct PodGroup {
  base::ObjectRef workload;
  Labels labels;  // of every pod; a StatefulSet's pods have more (`ordinal_labels`)
  const manifest::PodSpec* spec = nullptr;
  const manifest::Pod* pod = nullptr;  // observed, or written by hand
  bool observed = false;               // a pod with status: nothing of it is planned
  bool daemon = false;                 // one on every node that takes it
  bool ordinal_labels = false;         // StatefulSet: statefulset.kubernetes.io/pod-name, apps.kubernetes.io/pod-index
  std::size_t count = 1;
  std::int64_t first_ordinal = 0;
  std::vector<NodePortWant> ports;  // of the node
  SourceSpan span;

  [[nodiscard]] std::string_view ns() const { return workload.ns; }
};

// More pods than this are not planned for one workload; nothing a node could hold is cut off.
inline constexpr std::int64_t most_replicas = 5000;

// Sorted: observed pods, then DaemonSets, then the rest, each by namespace, name and kind; those with required
// anti-affinity last, so that they see the others. Left out: finished pods; workloads whose pods or whose owner are in
// the input; suspended jobs.
[[nodiscard]] std::vector<PodGroup> pod_groups(const Inventory& inventory);

}  // namespace portcullis::cluster
