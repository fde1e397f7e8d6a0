// Ports of nodes that pods claim, by hostPort or hostNetwork (reference 1.5, 3.8), and portmap's entries for them.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/cluster/claims.hpp"

namespace portcullis::cluster {

namespace {

struct HostClaim {
  std::string_view node;
  NodePortWant want;
  std::string owner;
  const PodGroup* group = nullptr;  // nullptr: the profile
  std::size_t pod = 0;              // two ports of one pod are no conflict between pods

  [[nodiscard]] auto port_key() const { return std::tuple(node, want.protocol, want.host_port); }
  [[nodiscard]] bool everywhere() const { return !want.host_ip || want.host_ip->is_unspecified(); }
  [[nodiscard]] std::string key() const {
    return fmt::format("{}/{}/{}/{}", node, everywhere() ? "*" : want.host_ip->text(), net::to_string(want.protocol),
                       want.host_port);
  }
};

std::string owner_text(const PodGroup& group, const PodFacts& pod, const NodePortWant& want) {
  return fmt::format("pod {}/{}:{}", group.ns(), pod.name, want.label);
}

std::vector<HostClaim> host_claims(const Pods& pods, const std::vector<Node>& nodes) {
  std::vector<HostClaim> out;
  std::size_t id = 0;
  for (const PodFacts& pod : pods.pods) {
    ++id;
    const PodGroup& group = pods.groups[pod.group];
    if (pod.node.empty()) continue;
    for (const NodePortWant& want : group.ports)
      out.push_back({pod.node, want, owner_text(group, pod, want), &group, id});
  }
  for (const Node& node : nodes) {
    for (const HostPort& entry : node.host_ports) {
      NodePortWant want{entry.protocol, entry.host_port, entry.container_port, entry.host_ip, {}, false, entry.span};
      out.push_back({node.name, std::move(want), entry.owner, nullptr, ++id});
    }
  }
  std::ranges::stable_sort(out, [](const HostClaim& a, const HostClaim& b) { return a.port_key() < b.port_key(); });
  return out;
}

// The claims of one port of one node, split into sets inside which each meets another: everything if somebody wants all
// addresses, else what names one address.
std::vector<std::vector<const HostClaim*>> meeting(const HostClaim* first, const HostClaim* last) {
  std::map<std::optional<net::Address>, std::vector<const HostClaim*>> by_address;
  const bool anywhere = std::any_of(first, last, [](const HostClaim& c) { return c.everywhere(); });
  for (const HostClaim* claim = first; claim != last; ++claim) {
    by_address[anywhere ? std::nullopt : claim->want.host_ip].push_back(claim);
  }
  std::vector<std::vector<const HostClaim*>> sets;
  sets.reserve(by_address.size());
  for (auto& [address, set] : by_address) sets.push_back(std::move(set));
  return sets;
}

base::ObjectRef object_of(const HostClaim& claim) {
  return claim.group == nullptr ? base::ObjectRef{} : claim.group->workload;
}
std::string text_of(const HostClaim& claim) {
  return claim.group == nullptr ? claim.owner : claim.group->workload.text();
}

class HostPortReport {
 public:
  HostPortReport(const Pods& pods, const std::vector<Node>& nodes, base::Diagnostics& diagnostics)
      : pods_(pods), diagnostics_(diagnostics), nodes_made_up_(std::ranges::all_of(nodes, &Node::planned)) {}

  // Pods that stand on one node and want one port there. One finding a pair of workloads and port, however many nodes.
  void taken(const std::vector<const HostClaim*>& set) {
    std::vector<const HostClaim*> ordered = set;
    // In the order of the groups, the profile last: which of two comes later does not hang on the order of files.
    std::ranges::stable_sort(ordered, {}, [&](const HostClaim* c) {
      return c->group == nullptr ? pods_.groups.size() : position(*c->group);
    });
    const HostClaim& first = *ordered.front();
    for (const HostClaim* later : ordered) {
      if (later->pod == first.pod) continue;
      if (!said_.emplace(later->group, first.group, later->want.protocol, later->want.host_port).second) continue;
      base::Diagnostic& finding =
          diagnostics_.add("PC3504",
                           fmt::format("{} and {} both want {}/{} on {}", text_of(first), text_of(*later),
                                       later->want.host_port, net::to_string(later->want.protocol), later->node),
                           later->want.span);
      finding.object = object_of(*later);
      if (nodes_made_up_ && !daemon(first) && !daemon(*later)) {
        finding.severity = base::Severity::warning;
        finding.hint = "three nodes are assumed, and there they meet; give the nodes in a profile";
      } else if (undecided(first) || undecided(*later)) {
        finding.severity = base::Severity::warning;
        finding.hint = "no placement was found that keeps them apart; `portcullis check` decides whether there is one";
      }
      for (const HostClaim* other : ordered) {
        if (other != later && finding.related.size() < most_named)
          finding.related.push_back({other->owner, other->want.span});
      }
    }
  }

  // Workloads that planning kept apart, but that could meet: the scheduler leaves a pod of one pending when nodes run
  // short.
  void possible() {
    std::map<std::pair<net::Protocol, std::uint16_t>, std::vector<std::pair<const PodGroup*, const NodePortWant*>>>
        by_port;
    for (const PodGroup& group : pods_.groups) {
      if (group.observed) continue;
      for (const NodePortWant& want : group.ports) by_port[{want.protocol, want.host_port}].emplace_back(&group, &want);
    }
    for (const auto& [port, wants] : by_port) {
      for (std::size_t later = 1; later < wants.size(); ++later) {
        for (std::size_t first = 0; first < std::min(later, most_named); ++first) {
          if (warn_possible(*wants[first].first, *wants[first].second, *wants[later].first, *wants[later].second))
            break;
        }
      }
    }
  }

 private:
  [[nodiscard]] bool undecided(const HostClaim& claim) const {
    return claim.group != nullptr && pods_.undecided[position(*claim.group)];
  }
  static bool daemon(const HostClaim& claim) {
    return claim.group == nullptr || claim.group->daemon || claim.group->observed;
  }

  [[nodiscard]] std::size_t position(const PodGroup& group) const {
    return static_cast<std::size_t>(&group - pods_.groups.data());
  }

  [[nodiscard]] std::optional<std::uint32_t> common_node(const PodGroup& a, const PodGroup& b) const {
    const auto& left = pods_.eligible[position(a)];
    const auto& right = pods_.eligible[position(b)];
    for (auto l = left.begin(), r = right.begin(); l != left.end() && r != right.end();) {
      if (*l == *r) return *l;
      *l < *r ? ++l : ++r;
    }
    return {};
  }

  static bool keeps_away(const PodGroup& from, const PodGroup& other) {
    return from.ns() == other.ns() &&
           std::ranges::any_of(from.spec->required_pod_anti_affinity, [&](const manifest::PodAntiAffinityTerm& term) {
             return term.selector && matches(*term.selector, other.labels);
           });
  }

  // True if the later workload has its finding.
  bool warn_possible(const PodGroup& first, const NodePortWant& first_want, const PodGroup& later,
                     const NodePortWant& later_want) {
    if (&first == &later || !overlap(first_want, later_want)) return false;
    if (said_.contains({&later, &first, later_want.protocol, later_want.host_port})) return true;
    if (!common_node(first, later) || keeps_away(first, later) || keeps_away(later, first)) return false;
    said_.emplace(&later, &first, later_want.protocol, later_want.host_port);
    base::Diagnostic& finding =
        diagnostics_.add("PC3504",
                         fmt::format("{} and {} both want {}/{}, and may run on one node", first.workload.text(),
                                     later.workload.text(), later_want.host_port, net::to_string(later_want.protocol)),
                         later_want.span);
    finding.severity = base::Severity::warning;
    finding.object = later.workload;
    finding.hint = "the scheduler keeps them apart; when nodes run short, a pod of one stays pending";
    finding.related.push_back({first.workload.text(), first_want.span});
    return true;
  }

  const Pods& pods_;
  base::Diagnostics& diagnostics_;
  bool nodes_made_up_;
  std::set<std::tuple<const PodGroup*, const PodGroup*, net::Protocol, std::uint16_t>> said_;  // later, first
};

bool several_pods(const std::vector<const HostClaim*>& set) {
  return std::ranges::any_of(set, [&](const HostClaim* c) { return c->pod != set.front()->pod; });
}

}  // namespace

void claim_host_ports(const Pods& pods, const std::vector<Node>& nodes, std::vector<Claim>& claims,
                      base::Diagnostics& diagnostics) {
  const std::vector<HostClaim> all = host_claims(pods, nodes);
  HostPortReport report(pods, nodes, diagnostics);
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first + 1;
    while (last < all.size() && all[last].port_key() == all[first].port_key()) ++last;
    for (const auto& set : meeting(all.data() + first, all.data() + last)) {
      const bool conflict = several_pods(set);
      std::set<std::pair<ClaimKind, std::string>> keys;
      std::vector<ClaimOwner> everybody;
      everybody.reserve(set.size());
      for (const HostClaim* claim : set) everybody.push_back({claim->owner, claim->want.span});
      for (const HostClaim* claim : set) {
        const ClaimKind kind = claim->want.host_network ? ClaimKind::host_network : ClaimKind::host_port;
        if (!keys.emplace(kind, claim->key()).second && conflict) continue;
        claims.push_back({kind, claim->key(),
                          conflict ? everybody : std::vector<ClaimOwner>{{claim->owner, claim->want.span}}, conflict});
      }
      if (conflict) report.taken(set);
    }
    first = last;
  }
  report.possible();
}

void place_host_ports(const Pods& pods, std::vector<Node>& nodes) {
  struct Entry {
    std::string_view created;
    HostPort port;
  };
  std::map<std::string_view, std::vector<Entry>> of_node;
  for (const PodFacts& pod : pods.pods) {
    const PodGroup& group = pods.groups[pod.group];
    const bool host_network = group.spec->host_network && group.spec->host_network->value;
    if (host_network || pod.node.empty()) continue;
    for (const NodePortWant& want : group.ports) {
      for (const net::Address& address : pod.addresses) {
        if (want.host_ip && want.host_ip->family() != address.family()) continue;
        HostPort entry{address,       {},           want.container_port,          want.host_port,
                       want.protocol, want.host_ip, owner_text(group, pod, want), want.span};
        of_node[pod.node].push_back({pod.created, std::move(entry)});
      }
    }
  }
  for (Node& node : nodes) {
    const auto found = of_node.find(node.name);
    if (found == of_node.end()) continue;
    std::ranges::stable_sort(found->second, std::ranges::greater{}, &Entry::created);
    std::vector<HostPort> all;
    for (Entry& entry : found->second) {
      for (const net::Prefix& cidr : node.pod_cidrs) {
        if (!entry.port.pod_net && cidr.family() == entry.port.pod_ip.family()) entry.port.pod_net = cidr;
      }
      all.push_back(std::move(entry.port));
    }
    std::ranges::move(node.host_ports, std::back_inserter(all));
    node.host_ports = std::move(all);
  }
}

}  // namespace portcullis::cluster
