// Which node a pod runs on. The scheduler's hard rules are kept (nodeName, nodeSelector, required node affinity,
// taints, required pod anti-affinity, host ports); among the nodes that are left, pods of a workload are spread in an
// order that its name and the nodes' names give. A pod with host ports that finds no node moves others out of its way
// (an augmenting path), so that two pods meet only where no placement keeps them apart, or where that is not certain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/pod_groups.hpp"
#include "compiler/cluster/resolve.hpp"

namespace portcullis::cluster {

// nodeSelector and required node affinity.
[[nodiscard]] bool selects_node(const manifest::PodSpec& spec, const Node& node);
// Taints; a DaemonSet's pods are given tolerations of those that say how a node fares.
[[nodiscard]] bool tolerates_node(const manifest::PodSpec& spec, bool daemon, const Node& node);

struct PlacedPod {
  std::string name;
  std::string node;       // empty: an observed pod that is not scheduled
  std::size_t group = 0;  // index of its PodGroup
};

struct Placement {
  std::vector<PlacedPod> pods;       // in no order that matters
  std::vector<std::size_t> pending;  // by group: pods that find no node
  std::vector<std::vector<std::uint32_t>>
      eligible;  // by group: node indices it may run on (only for groups that want ports of the node)
  // By group: a pod of it stands where its port is taken, and there may be a placement where none does.
  std::vector<bool> undecided;
};

[[nodiscard]] Placement place(const std::vector<PodGroup>& groups, const std::vector<Node>& nodes, const Lock& lock,
                              base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
