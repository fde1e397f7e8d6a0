#include "compiler/cluster/pods.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/placement.hpp"
#include "compiler/cluster/pod_addresses.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::size_t named_in_message = 4;

void take_addresses(const manifest::Pod& pod, std::vector<net::Address>& addresses) {
  const auto add = [&](const std::string& text) {
    const auto address = net::Address::parse_sloppy(text);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
  };
  if (pod.pod_ips.empty() && pod.pod_ip) add(pod.pod_ip->value);
  for (const manifest::Text& text : pod.pod_ips) add(text.value);
}

class PodPlanner {
 public:
  PodPlanner(const Inventory& inventory, const Profile& profile, const std::vector<Node>& nodes, const Lock& lock,
             Lock& planned, base::Diagnostics& diagnostics)
      : inventory_(inventory),
        profile_(profile),
        nodes_(nodes),
        lock_(lock),
        planned_(planned),
        diagnostics_(diagnostics) {}

  Pods run() {
    out_.groups = pod_groups(inventory_);
    Placement placement = place(out_.groups, nodes_, lock_, diagnostics_);
    out_.eligible = std::move(placement.eligible);
    out_.pending = std::move(placement.pending);
    out_.undecided = std::move(placement.undecided);
    for (PlacedPod& placed : placement.pods) out_.pods.push_back(facts(std::move(placed)));
    std::ranges::stable_sort(out_.pods, {}, [&](const PodFacts& p) {
      return std::tuple(out_.groups[p.group].ns(), std::string_view{p.name});
    });
    if (std::ranges::any_of(out_.pods, &PodFacts::planned)) plan_addresses();
    say_what_was_planned();
    return std::move(out_);
  }

 private:
  [[nodiscard]] PodFacts facts(PlacedPod placed) const {
    const PodGroup& group = out_.groups[placed.group];
    PodFacts pod;
    pod.name = std::move(placed.name);
    pod.node = std::move(placed.node);
    pod.group = placed.group;
    pod.labels = group.labels;
    pod.planned = !group.observed;
    if (group.ordinal_labels) {
      const std::string ordinal = pod.name.substr(pod.name.rfind('-') + 1);
      pod.labels.added.emplace_back("statefulset.kubernetes.io/pod-name", pod.name);
      pod.labels.added.emplace_back("apps.kubernetes.io/pod-index", ordinal);
    }
    if (!group.observed) return pod;
    take_addresses(*group.pod, pod.addresses);
    pod.serving = group.pod->ready_condition && group.pod->ready_condition->value == "True";
    pod.terminating = group.pod->metadata.deletion_timestamp.has_value();
    if (group.pod->metadata.creation_timestamp) pod.created = group.pod->metadata.creation_timestamp->value;
    return pod;
  }

  [[nodiscard]] std::string key(const PodFacts& pod, net::Family family) const {
    return std::string(out_.groups[pod.group].ns()) + "/" + pod.name + (family == net::Family::ipv6 ? "#IPv6" : "");
  }

  [[nodiscard]] const Node* node(const std::string& name) const {
    const auto found = std::ranges::lower_bound(nodes_, name, {}, &Node::name);
    return found != nodes_.end() && found->name == name ? &*found : nullptr;
  }

  // Every address that the input gives to something: a planned pod must not have it.
  void reserve_given(PodAddresses& addresses) const {
    const auto reserve_text = [&](const std::string& text) {
      const auto address = net::Address::parse_sloppy(text);
      if (address) addresses.reserve(*address);
    };
    for (const PodFacts& pod : out_.pods) {
      for (const net::Address& address : pod.addresses) addresses.reserve(address);
    }
    for (const auto& slice : inventory_.slices) {
      for (const manifest::SliceEndpoint& endpoint : slice.body->endpoints) {
        if (!endpoint.addresses.empty()) reserve_text(endpoint.addresses.front().value);
      }
    }
    for (const auto& object : inventory_.endpoints) {
      for (const manifest::EndpointsSubset& subset : object.body->subsets) {
        for (const auto* list : {&subset.addresses, &subset.not_ready_addresses}) {
          for (const manifest::EndpointsAddress& entry : *list) {
            if (entry.ip) reserve_text(entry.ip->value);
          }
        }
      }
    }
    for (const Node& one : nodes_) {
      for (const HostPort& host_port : one.host_ports) addresses.reserve(host_port.pod_ip);
    }
  }

  void plan_addresses() {
    PodAddresses addresses(nodes_, profile_);
    reserve_given(addresses);
    std::vector<std::pair<PodFacts*, net::Family>> open, without;
    for (PodFacts& pod : out_.pods) {
      if (!pod.planned) continue;
      const manifest::PodSpec& spec = *out_.groups[pod.group].spec;
      const bool chosen = !out_.groups[pod.group].daemon && (!spec.node_name || spec.node_name->value.empty());
      if (chosen) planned_.placement[key(pod, net::Family::ipv4)] = pod.node;
      if (spec.host_network && spec.host_network->value) {
        take_node_addresses(pod);
        continue;
      }
      for (const net::Family family : addresses.families()) {
        if (!take_locked(pod, family, addresses)) open.emplace_back(&pod, family);
      }
    }
    for (const auto& [pod, family] : open) {
      if (const auto address = addresses.take(key(*pod, family), pod->node, family)) {
        give(*pod, *address);
      } else {
        without.emplace_back(pod, family);
      }
    }
    report_without_address(without);
  }

  void take_node_addresses(PodFacts& pod) const {
    const Node* on = node(pod.node);
    if (on == nullptr) return;
    for (const net::Family family : net::all_families) {
      if (on->primary(family)) pod.addresses.push_back(*on->primary(family));
    }
  }

  void give(PodFacts& pod, const net::Address& address) {
    pod.addresses.push_back(address);
    std::ranges::sort(pod.addresses);  // IPv4 first, however the two were found
    planned_.pod_addresses[key(pod, address.family())] = address.text();
  }

  bool take_locked(PodFacts& pod, net::Family family, PodAddresses& addresses) {
    const auto locked = lock_.pod_addresses.find(key(pod, family));
    if (locked == lock_.pod_addresses.end()) return false;
    const auto address = net::Address::parse(locked->second);
    if (address && address->family() == family && addresses.fits(*address, pod.node) && addresses.reserve(*address)) {
      give(pod, *address);
      return true;
    }
    const PodGroup& group = out_.groups[pod.group];
    base::Diagnostic& finding =
        diagnostics_.add("PC2102",
                         fmt::format("the lock file gives pod `{}` the address `{}`, which it cannot have on node `{}`",
                                     locked->first, base::printable(locked->second), pod.node),
                         group.span);
    finding.object = group.workload;
    finding.hint = "write the lock file again with --write-lock";
    return false;
  }

  // A pod without any address has failed; one that lacks a family that its node does not have is as it should be.
  void report_without_address(const std::vector<std::pair<PodFacts*, net::Family>>& without) {
    base::Diagnostic* finding = nullptr;
    std::size_t count = 0;
    const PodFacts* last = nullptr;
    for (const auto& [pod, family] : without) {
      if (!pod->addresses.empty() || pod == last) continue;
      last = pod;
      const PodGroup& group = out_.groups[pod->group];
      if (finding == nullptr) {
        finding = &diagnostics_.add("PC2104", {}, group.span);
        finding->object = group.workload;
        finding->hint = "a larger podCIDRs range, or more nodes in the profile";
      }
      ++count;
      finding->related.push_back(
          {fmt::format("pod `{}` on node `{}`", key(*pod, net::Family::ipv4), pod->node), group.span});
    }
    if (finding != nullptr)
      finding->message =
          fmt::format("the pod range of the node has no address left: {} planned pods go without", count);
  }

  void say_what_was_planned() {
    std::vector<std::vector<const PodFacts*>> of_group(out_.groups.size());
    for (const PodFacts& pod : out_.pods) {
      if (pod.planned) of_group[pod.group].push_back(&pod);
    }
    for (std::size_t g = 0; g < out_.groups.size(); ++g) {
      const PodGroup& group = out_.groups[g];
      if (group.observed) continue;
      std::string text = of_group[g].empty()
                             ? fmt::format("planned no pod of {}", group.workload.text())
                             : fmt::format("planned {} pods of {}: ", of_group[g].size(), group.workload.text());
      for (std::size_t i = 0; i < std::min(of_group[g].size(), named_in_message); ++i) {
        const PodFacts& pod = *of_group[g][i];
        text += fmt::format("{}{} {} on {}", i == 0 ? "" : ", ", pod.name,
                            pod.addresses.empty() ? "without address" : pod.addresses.front().text(), pod.node);
      }
      if (of_group[g].size() > named_in_message)
        text += fmt::format(" and {} more", of_group[g].size() - named_in_message);
      if (out_.pending[g] != 0) text += fmt::format("; {} more find no node", out_.pending[g]);
      diagnostics_.add("PC2101", std::move(text), group.span).object = group.workload;
    }
  }

  const Inventory& inventory_;
  const Profile& profile_;
  const std::vector<Node>& nodes_;
  const Lock& lock_;
  Lock& planned_;
  base::Diagnostics& diagnostics_;
  Pods out_;
};

}  // namespace

Pods resolve_pods(const Inventory& inventory, const Profile& profile, const std::vector<Node>& nodes, const Lock& lock,
                  Lock& planned, base::Diagnostics& diagnostics) {
  return PodPlanner(inventory, profile, nodes, lock, planned, diagnostics).run();
}

}  // namespace portcullis::cluster
