// What takes ports of its nodes, as the scheduler sees it before it chooses: for those who ask about every placement,
// not only about the one that planning made up.
#include <algorithm>

#include "compiler/cluster/claims.hpp"

namespace portcullis::cluster {

namespace {

std::vector<std::string> further_rules(const manifest::PodSpec& spec) {
  std::vector<std::string> rules;
  if (!spec.required_pod_anti_affinity.empty()) rules.emplace_back("required pod anti-affinity");
  if (spec.required_pod_affinity_place.known()) rules.emplace_back("required pod affinity");
  if (spec.topology_spread_place.known()) rules.emplace_back("topology spread constraints");
  return rules;
}

bool asks_for_labels(const manifest::PodSpec& spec) {
  return !spec.node_selector.entries.empty() || !spec.required_node_affinity.empty();
}

}  // namespace

std::vector<HostPortWorkload> host_port_workloads(const Pods& pods, const std::vector<Node>& nodes) {
  const bool made_up = std::ranges::all_of(nodes, &Node::planned);
  std::vector<std::size_t> placed(pods.groups.size());
  std::vector<const PodFacts*> first(pods.groups.size());
  for (const PodFacts& pod : pods.pods) {
    if (placed[pod.group]++ == 0) first[pod.group] = &pod;
  }
  std::vector<HostPortWorkload> out;
  for (std::size_t g = 0; g < pods.groups.size(); ++g) {
    const PodGroup& group = pods.groups[g];
    if (group.ports.empty()) continue;
    HostPortWorkload one{
        group.workload, placed[g] + pods.pending[g], group.daemon, group.observed, {}, false, group.ports, {},
        group.span};
    if (group.observed) {
      const auto node = std::ranges::lower_bound(nodes, first[g]->node, {}, &Node::name);
      if (node == nodes.end() || node->name != first[g]->node) continue;  // elsewhere, or not scheduled
      one.nodes.push_back(static_cast<std::uint32_t>(node - nodes.begin()));
    } else {
      one.nodes = pods.eligible[g];
      const bool by_name = group.spec->node_name && !group.spec->node_name->value.empty();
      if (by_name && one.nodes.empty()) continue;  // elsewhere
      one.nodes_unknown = made_up && one.nodes.empty() && asks_for_labels(*group.spec);
      if (group.daemon) one.pods = one.nodes.size();
      one.further_rules = further_rules(*group.spec);
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace portcullis::cluster
