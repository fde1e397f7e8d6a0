#include "compiler/cluster/placement.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "compiler/cluster/label_index.hpp"
#include "compiler/cluster/slots.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view hostname_label = "kubernetes.io/hostname";
constexpr std::string_view zone_label = "topology.kubernetes.io/zone";

std::string_view text_of(const manifest::Field<std::string>& field) {
  return field ? std::string_view{field->value} : std::string_view{};
}

// core/v1 Toleration.ToleratesTaint.
bool tolerates(const manifest::Toleration& toleration, const NodeTaint& taint) {
  if (!text_of(toleration.effect).empty() && text_of(toleration.effect) != taint.effect) return false;
  if (!text_of(toleration.key).empty() && text_of(toleration.key) != taint.key) return false;
  const std::string_view op = text_of(toleration.op);
  if (op == "Exists") return true;
  return (op.empty() || op == "Equal") && !text_of(toleration.key).empty() && text_of(toleration.value) == taint.value;
}

// The DaemonSet controller adds tolerations of these to its pods.
bool daemons_tolerate(const NodeTaint& taint) {
  static constexpr std::string_view keys[] = {"node.kubernetes.io/not-ready",     "node.kubernetes.io/unreachable",
                                              "node.kubernetes.io/disk-pressure", "node.kubernetes.io/memory-pressure",
                                              "node.kubernetes.io/pid-pressure",  "node.kubernetes.io/unschedulable"};
  return std::ranges::find(keys, std::string_view{taint.key}) != std::end(keys);
}

// The value of a topology key; nothing: the node is in no domain of it.
std::optional<std::string_view> domain(const Node& node, std::string_view key) {
  const auto label = node.labels.find(std::string(key));
  if (label != node.labels.end()) return label->second;
  if (key == hostname_label) return node.name;
  if (key == zone_label && !node.zone.empty()) return node.zone;
  return {};
}

std::string pod_key(const PodGroup& group, const std::string& name) {
  return group.workload.ns + "/" + name;
}

class Placer {
 public:
  Placer(const std::vector<PodGroup>& groups, const std::vector<Node>& nodes, const Lock& lock,
         base::Diagnostics& diagnostics)
      : groups_(groups),
        nodes_(nodes),
        lock_(lock),
        diagnostics_(diagnostics),
        taken_(nodes.size()),
        nodes_of_(groups.size()),
        order_(groups.size()),
        full_(groups.size()),
        open_(groups.size()) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      node_index_.emplace(nodes[i].name, static_cast<std::uint32_t>(i));
      node_hashes_.push_back(stable_hash(nodes[i].name));
    }
    for (std::size_t g = 0; g < groups.size(); ++g)
      index_.add(groups[g].ns(), groups[g].labels, static_cast<std::uint32_t>(g));
    for (const PodGroup& group : groups) {
      if (group.pod != nullptr) given_.insert(pod_key(group, group.workload.name));
    }
    names_ = given_;
    for (const PodGroup& group : groups) {
      // The names of a StatefulSet's pods are known beforehand, too; those of others are made up here and give way.
      for (std::size_t i = 0; group.ordinal_labels && i < group.count; ++i) {
        names_.insert(pod_key(group, numbered(group, group.workload.name, i)));
      }
    }
    out_.pending.resize(groups.size());
    out_.eligible.resize(groups.size());
    out_.undecided.resize(groups.size());
    find_bound();
  }

  // Pods that have no choice first, then those that the lock file places, then the rest: what is known never gives way.
  Placement run() {
    std::vector<std::size_t> choosing;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const PodGroup& group = groups_[g];
      if (!group.ports.empty() && !group.observed) out_.eligible[g] = eligible_nodes(group, false);
      if (group.observed) {
        record(g, group.workload.name, std::string(text_of(group.spec->node_name)));
      } else if (group.daemon) {
        place_daemon(g);
      } else {
        open_[g] = pod_names(group);
        if (text_of(group.spec->node_name).empty()) {
          choosing.push_back(g);
        } else {
          for (std::string& name : open_[g]) record(g, std::move(name), group.spec->node_name->value);
        }
      }
    }
    if (!lock_.placement.empty()) {
      for (const std::size_t g : choosing) place_locked(g);
    }
    fewest_nodes_first(choosing);
    for (const std::size_t g : choosing) place_spread(g);
    return std::move(out_);
  }

 private:
  // A port of a node that has its pod.
  struct Taken {
    const NodePortWant* want = nullptr;
    std::size_t pod = 0;  // index into out_.pods
  };
  // Why a pod stands where it does; contested: its ports are taken there, and it cannot run.
  enum class Hold : std::uint8_t { known, locked, chosen, contested };

  struct Constraints {
    bool one_a_node = false;                                   // its own host ports keep its pods apart
    std::set<std::uint32_t> own;                               // nodes it has pods on
    std::vector<std::pair<std::string, bool>> keys;            // topology keys; true: the term matches the group itself
    std::vector<std::set<std::string, std::less<>>> occupied;  // by key
  };

  void record(std::size_t g, std::string name, std::string node, Hold hold = Hold::known) {
    names_.insert(pod_key(groups_[g], name));
    const auto found = node_index_.find(node);
    if (found != node_index_.end()) stand(out_.pods.size(), g, found->second);
    out_.pods.push_back({std::move(name), std::move(node), g});
    holds_.push_back(hold);
  }

  void stand(std::size_t pod, std::size_t g, std::uint32_t node) {
    nodes_of_[g].push_back(node);
    for (const NodePortWant& want : groups_[g].ports) taken_[node].emplace(port_key(want), Taken{&want, pod});
  }

  void move(std::size_t pod, std::uint32_t to) {
    PlacedPod& placed = out_.pods[pod];
    const std::uint32_t from = node_index_.at(placed.node);
    std::erase_if(taken_[from], [&](const auto& entry) { return entry.second.pod == pod; });
    nodes_of_[placed.group].erase(std::ranges::find(nodes_of_[placed.group], from));
    placed.node = nodes_[to].name;
    stand(pod, placed.group, to);
  }

  // Workloads with host ports: who has the least choice first. The others keep their places in between.
  void fewest_nodes_first(std::vector<std::size_t>& choosing) const {
    std::vector<std::size_t> with_ports;
    std::ranges::copy_if(choosing, std::back_inserter(with_ports), [&](std::size_t g) { return wants_ports(g); });
    std::ranges::stable_sort(with_ports, {}, [&](std::size_t g) { return out_.eligible[g].size(); });
    auto next = with_ports.begin();
    for (std::size_t& g : choosing) {
      if (wants_ports(g)) g = *next++;
    }
  }
  [[nodiscard]] bool wants_ports(std::size_t g) const { return !groups_[g].ports.empty(); }

  // Pods that anti-affinity is about stay where they are: whoever moves them would have to ask all of its terms anew.
  void find_bound() {
    bound_.resize(groups_.size());
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      for (const manifest::PodAntiAffinityTerm& term : groups_[g].spec->required_pod_anti_affinity) {
        bound_[g] = true;
        if (!term.selector) continue;
        const auto* candidates = index_.candidates(groups_[g].ns(), term.selector->match_labels);
        if (candidates == nullptr) continue;
        for (const std::uint32_t other : *candidates)
          bound_[other] = bound_[other] || matches(*term.selector, groups_[other].labels);
      }
    }
  }

  static std::uint32_t port_key(const NodePortWant& want) {
    return static_cast<std::uint32_t>(want.protocol) << 16U | want.host_port;
  }

  // Nobody knows the labels of a node that planning made up: it is believed to have those that pods ask for. Not,
  // though, where a port is taken already, lest two workloads meet there that a real cluster keeps apart.
  [[nodiscard]] bool believed(const PodGroup& group, std::uint32_t node) const {
    return nodes_[node].planned && ports_free(group, node);
  }

  [[nodiscard]] std::vector<std::uint32_t> eligible_nodes(const PodGroup& group, bool believe) const {
    std::vector<std::uint32_t> eligible;
    const std::string_view fixed = text_of(group.spec->node_name);  // bypasses the scheduler
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      const bool suits = fixed.empty() ? tolerates_node(*group.spec, group.daemon, nodes_[n]) &&
                                             (selects_node(*group.spec, nodes_[n]) || (believe && believed(group, n)))
                                       : fixed == nodes_[n].name;
      if (suits) eligible.push_back(n);
    }
    return eligible;
  }

  static std::string numbered(const PodGroup& group, const std::string& stem, std::size_t i) {
    return fmt::format("{}-{}", stem, group.first_ordinal + static_cast<std::int64_t>(i));
  }

  // The workload's name, or, if its first pod would be called like another, the name with its kind.
  template <class First>
  [[nodiscard]] std::string free_stem(const PodGroup& group, const First& first) const {
    std::string stem = group.workload.name;
    if (!names_.contains(pod_key(group, first(stem)))) return stem;
    std::string kind = group.workload.kind;
    std::ranges::transform(kind, kind.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return stem + "-" + kind;
  }

  // Claims the names, too.
  [[nodiscard]] std::vector<std::string> pod_names(const PodGroup& group) {
    if (group.pod != nullptr) return {group.workload.name};
    const std::string stem = group.ordinal_labels
                                 ? group.workload.name
                                 : free_stem(group, [&](const std::string& text) { return numbered(group, text, 0); });
    std::vector<std::string> names;
    for (std::size_t i = 0; i < group.count; ++i) {
      std::string name = numbered(group, stem, i);
      std::string key = pod_key(group, name);
      if (given_.contains(key)) continue;  // a StatefulSet's pod that the input holds itself
      names.push_back(std::move(name));
      names_.insert(std::move(key));
    }
    return names;
  }

  void place_daemon(std::size_t g) {
    const PodGroup& group = groups_[g];
    const std::vector<std::uint32_t> eligible = eligible_nodes(group, true);
    if (eligible.empty()) return;
    const std::string& first = nodes_[eligible.front()].name;
    const std::string stem = free_stem(group, [&](const std::string& text) { return text + "-" + first; });
    for (const std::uint32_t n : eligible) record(g, stem + "-" + nodes_[n].name, nodes_[n].name);
  }

  void place_spread(std::size_t g) {
    std::vector<std::string>& open = open_[g];
    if (open.empty()) return;
    const PodGroup& group = groups_[g];
    order_[g] = ranked(group, eligible_nodes(group, true), open.size());
    Constraints constraints = constraints_of(g);
    for (std::size_t i = 0; i < open.size(); ++i) {
      auto node = pick(group, order_[g], i, constraints);
      if (wants_ports(g) && (!node || !ports_free(group, *node))) {
        if (const auto freed = make_room(g, constraints)) {
          node = freed;
          constraints = constraints_of(g);  // its own pods may have moved
        }
      }
      if (!node) {  // a pod more never makes room
        out_.pending[g] = open.size() - i;
        return;
      }
      put(g, std::move(open[i]), *node, constraints, ports_free(group, *node) ? Hold::chosen : Hold::contested);
    }
  }

  // Pods that have ports of the node that the group wants.
  [[nodiscard]] std::set<std::size_t> in_the_way(std::size_t g, std::uint32_t node) const {
    std::set<std::size_t> pods;
    for (const NodePortWant& want : groups_[g].ports) {
      const auto [first, last] = taken_[node].equal_range(port_key(want));
      for (auto entry = first; entry != last; ++entry) {
        const std::size_t pod = entry->second.pod;
        if (holds_[pod] != Hold::contested && overlap(*entry->second.want, want)) pods.insert(pod);
      }
    }
    return pods;
  }

  [[nodiscard]] bool movable(std::size_t pod) const {
    return holds_[pod] == Hold::chosen && !bound_[out_.pods[pod].group];
  }

  // A node for one more pod of the group, if others move: the shortest chain of pods, each of which takes the node of
  // the one before it, and the last a free one. Without a chain no placement has room for all of them, as long as any
  // two of the pods on the way want one port, and those that stay have no choice (Hall: n + 1 pods for n nodes); else
  // that is undecided.
  std::optional<std::uint32_t> make_room(std::size_t g, const Constraints& constraints) {
    constexpr std::size_t the_new_one = SIZE_MAX;
    if (full_[g]) return {};  // and will be, with more pods
    std::vector<std::size_t> wanderers{the_new_one};
    std::map<std::uint32_t, std::size_t> wanted_by;  // node → the pod that would take it
    std::set<std::size_t> groups{g};
    bool certain = true;
    for (std::size_t next = 0; next < wanderers.size(); ++next) {
      const std::size_t pod = wanderers[next];
      const std::size_t group = pod == the_new_one ? g : out_.pods[pod].group;
      for (const std::uint32_t node : order_[group]) {
        if (wanted_by.contains(node)) continue;
        if (pod == the_new_one && !apart_by_affinity(node, constraints)) {
          certain = false;
          continue;
        }
        wanted_by.emplace(node, pod);
        const std::set<std::size_t> blockers = in_the_way(group, node);
        if (blockers.empty()) return shift(node, wanted_by, the_new_one);
        const auto known = std::ranges::find(blockers, Hold::known, [&](std::size_t b) { return holds_[b]; });
        const std::size_t blocker = known != blockers.end() ? *known : *blockers.begin();
        groups.insert(out_.pods[blocker].group);
        if (known != blockers.end()) continue;
        if (blockers.size() == 1 && movable(blocker)) {
          wanderers.push_back(blocker);
        } else {
          certain = false;
        }
      }
    }
    full_[g] = true;
    out_.undecided[g] = !certain || !all_overlap(groups);
    return {};
  }

  // Every pod of the chain takes its node, from the free one on. Returns the one that is left.
  std::uint32_t shift(std::uint32_t node, const std::map<std::uint32_t, std::size_t>& wanted_by,
                      std::size_t the_new_one) {
    for (;;) {
      const std::size_t pod = wanted_by.at(node);
      if (pod == the_new_one) return node;
      const std::uint32_t left = node_index_.at(out_.pods[pod].node);
      move(pod, node);
      node = left;
    }
  }

  [[nodiscard]] bool all_overlap(const std::set<std::size_t>& groups) const {
    return std::ranges::all_of(groups, [&](std::size_t a) {
      return std::ranges::all_of(groups, [&](std::size_t b) {
        return std::ranges::any_of(groups_[a].ports, [&](const NodePortWant& left) {
          return std::ranges::any_of(groups_[b].ports, [&](const NodePortWant& right) { return overlap(left, right); });
        });
      });
    });
  }

  void put(std::size_t g, std::string name, std::uint32_t node, Constraints& constraints, Hold hold = Hold::chosen) {
    constraints.own.insert(node);
    for (std::size_t k = 0; k < constraints.keys.size(); ++k) {
      if (!constraints.keys[k].second) continue;
      if (const auto value = domain(nodes_[node], constraints.keys[k].first)) constraints.occupied[k].emplace(*value);
    }
    record(g, std::move(name), nodes_[node].name, hold);
  }

  // Rendezvous order: each node's rank hangs on the two names alone, so that a node more or less moves few pods.
  [[nodiscard]] std::vector<std::uint32_t> ranked(const PodGroup& group, std::vector<std::uint32_t> eligible,
                                                  std::size_t pods) const {
    const std::uint64_t own = stable_hash(pod_key(group, group.workload.name));
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(mix(own ^ node_hashes_[a]), a) < std::pair(mix(own ^ node_hashes_[b]), b);
    };
    const bool constrained = !group.ports.empty() || !group.spec->required_pod_anti_affinity.empty();
    if (constrained || pods >= eligible.size()) {
      std::ranges::sort(eligible, before);
      return eligible;
    }
    // Unconstrained pods take the first ranks only.
    std::partial_sort(eligible.begin(), eligible.begin() + static_cast<std::ptrdiff_t>(pods), eligible.end(), before);
    eligible.resize(pods);
    return eligible;
  }

  [[nodiscard]] Constraints constraints_of(std::size_t g) const {
    const PodGroup& group = groups_[g];
    Constraints constraints;
    constraints.one_a_node = !group.ports.empty();
    constraints.own.insert(nodes_of_[g].begin(), nodes_of_[g].end());
    for (const manifest::PodAntiAffinityTerm& term : group.spec->required_pod_anti_affinity) {
      if (!term.selector || !term.topology_key) continue;  // a nil selector matches no pod
      std::set<std::string, std::less<>> occupied;
      const std::string& key = term.topology_key->value;
      const auto* candidates = index_.candidates(group.ns(), term.selector->match_labels);
      if (candidates == nullptr) continue;
      for (const std::uint32_t other : *candidates) {
        if (nodes_of_[other].empty() || !matches(*term.selector, groups_[other].labels)) continue;
        for (const std::uint32_t node : nodes_of_[other]) {
          if (const auto value = domain(nodes_[node], key)) occupied.emplace(*value);
        }
      }
      constraints.keys.emplace_back(key, matches(*term.selector, group.labels));
      constraints.occupied.push_back(std::move(occupied));
    }
    return constraints;
  }

  [[nodiscard]] bool apart_by_affinity(std::uint32_t node, const Constraints& constraints) const {
    for (std::size_t k = 0; k < constraints.keys.size(); ++k) {
      const auto value = domain(nodes_[node], constraints.keys[k].first);
      if (value && constraints.occupied[k].contains(*value)) return false;
    }
    return true;
  }
  [[nodiscard]] bool apart(std::uint32_t node, const Constraints& constraints) const {
    return apart_by_affinity(node, constraints) && (!constraints.one_a_node || !constraints.own.contains(node));
  }

  [[nodiscard]] bool ports_free(const PodGroup& group, std::uint32_t node) const {
    return std::ranges::all_of(group.ports, [&](const NodePortWant& want) {
      const auto [first, last] = taken_[node].equal_range(port_key(want));
      return std::none_of(first, last, [&](const auto& entry) { return overlap(*entry.second.want, want); });
    });
  }

  // The first free node from rank `i` on. If host ports of others are all that stands in the way everywhere, the pod is
  // put where it would go without them: it cannot run, and the claims of both are found there (PC3504).
  [[nodiscard]] std::optional<std::uint32_t> pick(const PodGroup& group, const std::vector<std::uint32_t>& order,
                                                  std::size_t i, const Constraints& constraints) const {
    std::optional<std::uint32_t> contested;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const std::uint32_t node = order[(i + k) % order.size()];
      if (!apart(node, constraints)) continue;
      if (ports_free(group, node)) return node;
      if (!contested) contested = node;
    }
    return contested;
  }

  // A lock is believed as long as the pod may stand there: also beside a pod with the same host port, where an earlier
  // run found no better place.
  void place_locked(std::size_t g) {
    const PodGroup& group = groups_[g];
    Constraints constraints = constraints_of(g);
    std::vector<std::string> open;
    for (std::string& name : open_[g]) {
      const auto locked = lock_.placement.find(pod_key(group, name));
      if (locked == lock_.placement.end()) {
        open.push_back(std::move(name));
        continue;
      }
      const auto node = node_index_.find(locked->second);
      if (node != node_index_.end() && may_stand(group, node->second) && apart(node->second, constraints)) {
        put(g, std::move(name), node->second, constraints, Hold::locked);
        continue;
      }
      base::Diagnostic& finding = diagnostics_.add(
          "PC2102",
          fmt::format("the lock file places `{}` on `{}`, where it cannot run", locked->first, locked->second),
          group.span);
      finding.object = group.workload;
      finding.hint = "write the lock file again with --write-lock";
      open.push_back(std::move(name));
    }
    open_[g] = std::move(open);
  }

  [[nodiscard]] bool may_stand(const PodGroup& group, std::uint32_t node) const {
    return tolerates_node(*group.spec, false, nodes_[node]) &&
           (nodes_[node].planned || selects_node(*group.spec, nodes_[node]));
  }

  const std::vector<PodGroup>& groups_;
  const std::vector<Node>& nodes_;
  const Lock& lock_;
  base::Diagnostics& diagnostics_;
  std::unordered_map<std::string, std::uint32_t> node_index_;
  std::vector<std::uint64_t> node_hashes_;
  std::vector<std::unordered_multimap<std::uint32_t, Taken>> taken_;  // by node
  std::vector<Hold> holds_;                                           // by pod
  std::vector<bool> bound_;                                           // by group: see find_bound
  std::vector<std::vector<std::uint32_t>> nodes_of_;                  // by group
  std::vector<std::vector<std::uint32_t>> order_;                     // by group: nodes that it may take, best first
  std::vector<bool> full_;                                            // by group: no pod more finds a node
  std::vector<std::vector<std::string>> open_;                        // by group: names of pods that are not placed yet
  std::unordered_set<std::string> given_, names_;                     // of pods in the input; of all pods
  LabelIndex index_;
  Placement out_;
};

}  // namespace

bool selects_node(const manifest::PodSpec& spec, const Node& node) {
  const NodeLabels labels{&node.labels, node.name};
  if (!matches(spec.node_selector, labels)) return false;
  return spec.required_node_affinity.empty() || matches(spec.required_node_affinity, labels);
}

bool tolerates_node(const manifest::PodSpec& spec, bool daemon, const Node& node) {
  return std::ranges::all_of(node.taints, [&](const NodeTaint& taint) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") return true;
    if (daemon && daemons_tolerate(taint)) return true;
    return std::ranges::any_of(spec.tolerations, [&](const manifest::Toleration& t) { return tolerates(t, taint); });
  });
}

Placement place(const std::vector<PodGroup>& groups, const std::vector<Node>& nodes, const Lock& lock,
                base::Diagnostics& diagnostics) {
  return Placer(groups, nodes, lock, diagnostics).run();
}

}  // namespace portcullis::cluster
