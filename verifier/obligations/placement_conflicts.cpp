// Whether every pod that takes ports of its node finds a node where they are free, whatever the scheduler does first.
#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "compiler/cluster/pod_ports.hpp"
#include "verifier/obligations/conflicts.hpp"
#include "verifier/obligations/placement.hpp"

namespace portcullis::obligations {

namespace {

using cluster::Cluster;
using cluster::NodePortWant;

constexpr std::string_view name = "no-conflicts.placement";
constexpr std::string_view statement = "every pod that takes ports of its node can run";
constexpr std::size_t most_named = 20;

// A workload, or a pod that only the profile knows.
struct Taker {
  const cluster::HostPortWorkload* workload = nullptr;
  std::string profile_owner;
  std::vector<NodePortWant> ports;
  PodKind kind;

  [[nodiscard]] std::string who() const { return workload != nullptr ? workload->workload.text() : profile_owner; }
  [[nodiscard]] bool daemon() const { return workload != nullptr && workload->daemon; }
  [[nodiscard]] std::string text() const {
    if (daemon()) return fmt::format("{} (one pod on each of {} nodes)", who(), kind.pods);
    return fmt::format("{} ({} {})", who(), kind.pods, kind.pods == 1 ? "pod" : "pods");
  }
};

bool apart(const Taker& a, const Taker& b) {
  return std::ranges::any_of(a.ports, [&](const NodePortWant& left) {
    return std::ranges::any_of(b.ports, [&](const NodePortWant& right) { return cluster::overlap(left, right); });
  });
}

std::vector<Taker> takers_of(const Cluster& cluster, std::vector<std::string>& except) {
  std::vector<Taker> takers;
  for (const cluster::HostPortWorkload& workload : cluster.host_port_workloads) {
    if (workload.nodes_unknown) {
      except.push_back(workload.workload.text() + ": nobody knows which nodes have the labels that it asks for");
    } else if (workload.nodes.empty()) {
      except.push_back(workload.workload.text() + ": it may run on none of the nodes, whatever their ports");
    } else {
      takers.push_back({&workload, {}, workload.ports, {workload.pods, workload.nodes}});
    }
  }
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) {
    for (const cluster::HostPort& entry : cluster.nodes[n].host_ports) {
      if (!entry.owner.starts_with("profile")) continue;
      NodePortWant want{entry.protocol, entry.host_port, entry.container_port, entry.host_ip, {}, false, entry.span};
      takers.push_back({nullptr, entry.owner, {std::move(want)}, {1, {n}}});
    }
  }
  return takers;
}

// Sets of takers that have to do with each other: some two want one port and could have one node.
class Parts {
 public:
  Parts(const std::vector<Taker>& takers, std::size_t nodes) : parent_(takers.size()) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    std::map<std::uint32_t, std::vector<std::uint32_t>> by_port;
    for (std::uint32_t t = 0; t < takers.size(); ++t) {
      for (const NodePortWant& want : takers[t].ports)
        by_port[static_cast<std::uint32_t>(want.protocol) << 16U | want.host_port].push_back(t);
    }
    constexpr std::uint32_t nobody = UINT32_MAX;
    std::vector<std::uint32_t> on_node(nodes, nobody);
    for (const auto& [port, wanting] : by_port) {
      if (wanting.size() < 2) continue;
      std::ranges::fill(on_node, nobody);
      for (const std::uint32_t t : wanting) {
        for (const std::uint32_t node : takers[t].kind.nodes) {
          if (on_node[node] == nobody) on_node[node] = t;
          join(on_node[node], t);
        }
      }
    }
  }

  // In the order of their first members.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> all() {
    std::map<std::uint32_t, std::vector<std::uint32_t>> by_root;
    for (std::uint32_t t = 0; t < parent_.size(); ++t) by_root[root(t)].push_back(t);
    std::vector<std::vector<std::uint32_t>> parts;
    parts.reserve(by_root.size());
    for (auto& [lowest, part] : by_root) parts.push_back(std::move(part));
    return parts;
  }

 private:
  std::uint32_t root(std::uint32_t t) {
    while (parent_[t] != t) t = parent_[t] = parent_[parent_[t]];
    return t;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a), b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }
  std::vector<std::uint32_t> parent_;
};

// Whether one port, on every address, is wanted by all of them: then all are apart, without a look at each pair.
bool share_a_port(const std::vector<Taker>& takers, const std::vector<std::uint32_t>& part) {
  return std::ranges::any_of(takers[part.front()].ports, [&](const NodePortWant& want) {
    return std::ranges::all_of(part, [&](std::uint32_t t) {
      return std::ranges::any_of(takers[t].ports, [&](const NodePortWant& other) {
        return other.protocol == want.protocol && other.host_port == want.host_port && !other.host_ip;
      });
    });
  });
}

PlacementProblem problem_of(const std::vector<Taker>& takers, const std::vector<std::uint32_t>& part) {
  PlacementProblem problem;
  for (const std::uint32_t t : part) problem.kinds.push_back(takers[t].kind);
  if (share_a_port(takers, part)) return problem;
  std::size_t pairs = 0;
  for (std::uint32_t b = 1; b < part.size(); ++b) {
    for (std::uint32_t a = 0; a < b; ++a) {
      ++pairs;
      if (apart(takers[part[a]], takers[part[b]])) problem.apart.emplace_back(a, b);
    }
  }
  problem.all_apart = problem.apart.size() == pairs;
  if (problem.all_apart) problem.apart.clear();
  return problem;
}

// Nodes that nobody gave: there are as many as it takes, but each has a pod of every DaemonSet.
void add_nodes(const std::vector<Taker>& takers, const std::vector<std::uint32_t>& part, std::size_t nodes,
               PlacementProblem& problem) {
  std::size_t more = 0;
  for (const std::uint32_t t : part) more += takers[t].daemon() ? 0 : takers[t].kind.pods;
  for (std::size_t k = 0; k < part.size(); ++k) {
    PodKind& kind = problem.kinds[k];
    if (kind.nodes.size() < nodes) continue;  // bound to one by its name
    for (std::size_t i = 0; i < more; ++i) kind.nodes.push_back(static_cast<std::uint32_t>(nodes + i));
    if (takers[part[k]].daemon()) kind.pods += more;
  }
}

class PlacementProver {
 public:
  PlacementProver(const Cluster& cluster, smt::Session& session, base::Diagnostics& diagnostics)
      : cluster_(cluster), session_(session), diagnostics_(diagnostics), takers_(takers_of(cluster, except_)) {
    made_up_ = !cluster.nodes.empty() && std::ranges::all_of(cluster.nodes, &cluster::Node::planned);
  }

  std::vector<Proof> run() {
    if (cluster_.host_port_workloads.empty() && takers_.empty()) return {};
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    std::size_t shared = 0;
    for (const std::vector<std::uint32_t>& part : Parts(takers_, cluster_.nodes.size()).all()) {
      judge(part);
      shared += part.size() > 1 ? 1 : 0;
    }
    if (proofs_.empty()) {
      Proof& proof = add(unknown_.empty() ? Standing::proved : Standing::unknown);
      proof.reason = unknown_;
    }
    const std::vector<std::string> assumptions = this->assumptions();
    for (Proof& proof : proofs_) {
      proof.assumptions = assumptions;
      proof.except = except_;
      proof.decided = fmt::format("{} workloads, {} groups of them share a port", takers_.size(), shared);
    }
    proofs_.front().queries = session_.queries() - queries;
    proofs_.front().steps = session_.steps() - steps;
    return std::move(proofs_);
  }

 private:
  Proof& add(Standing standing) {
    Proof& proof = proofs_.emplace_back();
    proof.name = name;
    proof.statement = statement;
    proof.standing = standing;
    return proof;
  }

  void judge(const std::vector<std::uint32_t>& part) {
    PlacementProblem problem = problem_of(takers_, part);
    if (made_up_) {
      warn_of_made_up_nodes(part);
      add_nodes(takers_, part, cluster_.nodes.size(), problem);
    }
    const PlacementAnswer answer = find_placement(problem, session_);
    if (answer.possible == smt::Answer::unknown) unknown_ = answer.reason;
    if (!answer.shortage) return;
    Shortage shortage = *answer.shortage;
    for (std::uint32_t& kind : shortage.kinds) kind = part[kind];
    refute(shortage);
  }

  // More pods than the nodes that are assumed: no conflict that is certain, but worth knowing.
  void warn_of_made_up_nodes(const std::vector<std::uint32_t>& part) {
    for (const std::uint32_t t : part) {
      const Taker& taker = takers_[t];
      if (taker.daemon() || taker.kind.pods <= taker.kind.nodes.size()) continue;
      base::Diagnostic& finding = report_limit(t, taker.kind.pods, taker.kind.nodes.size());
      if (taker.kind.nodes.size() < cluster_.nodes.size()) continue;  // bound to one by its name
      finding.severity = base::Severity::warning;
      finding.hint = "three nodes are assumed; give the nodes in a profile";
    }
  }

  base::Diagnostic& report_limit(std::uint32_t t, std::size_t pods, std::size_t nodes) {
    const Taker& taker = takers_[t];
    const NodePortWant& want = taker.ports.front();
    base::Diagnostic& finding =
        diagnostics_.add("PC3503",
                         fmt::format("{} wants {} pods with host port {}, {} {} can take one each", taker.who(), pods,
                                     want.host_port, nodes, nodes == 1 ? "node" : "nodes"),
                         want.span);
    if (taker.workload != nullptr) finding.object = taker.workload->workload;
    limited_.push_back(t);
    return finding;
  }

  void refute(const Shortage& shortage) {
    if (proofs_.size() == most_conflicts) {
      ++unlisted_;
      proofs_.back().reason = fmt::format("{}; {} more conflicts are not listed", last_reason_, unlisted_);
      return;
    }
    Proof& proof = add(Standing::refuted);
    proof.reason = last_reason_ = reason(shortage);
    for (const std::uint32_t t : shortage.kinds)
      proof.related.push_back({takers_[t].text(), takers_[t].ports.front().span});
    report(shortage, proof);
  }

  // `8080/TCP`, if all want it; else empty.
  [[nodiscard]] std::string common_port(const Shortage& shortage) const {
    for (const NodePortWant& want : takers_[shortage.kinds.front()].ports) {
      const bool common = std::ranges::all_of(shortage.kinds, [&](std::uint32_t t) {
        return std::ranges::any_of(takers_[t].ports, [&](const NodePortWant& other) {
          return other.protocol == want.protocol && other.host_port == want.host_port;
        });
      });
      if (common) return fmt::format("{}/{}", want.host_port, net::to_string(want.protocol));
    }
    return {};
  }

  // `DaemonSet a, Deployment b and Deployment c`; a crowd is counted.
  [[nodiscard]] std::string names(const Shortage& shortage, std::string (Taker::*text)() const) const {
    std::vector<std::string> items;
    for (const std::uint32_t t : shortage.kinds) {
      if (items.size() == most_named) break;
      items.push_back((takers_[t].*text)());
    }
    if (shortage.kinds.size() > items.size())
      items.push_back(fmt::format("{} more", shortage.kinds.size() - items.size()));
    std::string out = items.front();
    for (std::size_t i = 1; i < items.size(); ++i) out += (i + 1 == items.size() ? " and " : ", ") + items[i];
    return out;
  }

  [[nodiscard]] std::string only_node(const Shortage& shortage) const {
    const std::vector<std::uint32_t>& nodes = takers_[shortage.kinds.front()].kind.nodes;
    return shortage.nodes == 1 && nodes.size() == 1 ? cluster_.nodes[nodes.front()].name : std::string{};
  }

  [[nodiscard]] std::string reason(const Shortage& shortage) const {
    const std::string port = common_port(shortage), node = only_node(shortage);
    const std::string ports = port.empty() ? "their host ports" : "host port " + port;
    if (!node.empty() && shortage.kinds.size() == 2)
      return fmt::format("{} meet on {}: both want {}", names(shortage, &Taker::who), node, ports);
    if (shortage.needed == 0)
      return fmt::format("no placement gives {} to all of {}", ports, names(shortage, &Taker::text));
    if (made_up_ && std::ranges::any_of(shortage.kinds, [&](std::uint32_t t) { return takers_[t].daemon(); }))
      return fmt::format("{} want {}, and a DaemonSet leaves no node free", names(shortage, &Taker::who), ports);
    return fmt::format("{} need {} nodes for {}, and only {} {}", names(shortage, &Taker::text), shortage.needed, ports,
                       shortage.nodes, shortage.nodes == 1 ? "matches" : "match");
  }

  void report(const Shortage& shortage, const Proof& proof) {
    if (shortage.kinds.size() == 1) {
      const std::uint32_t t = shortage.kinds.front();
      if (std::ranges::find(limited_, t) == limited_.end()) report_limit(t, shortage.needed, shortage.nodes);
      return;
    }
    if (shortage.kinds.size() == 2 && said_of_both(takers_[shortage.kinds[0]], takers_[shortage.kinds[1]])) return;
    const Taker& last = takers_[shortage.kinds.back()];
    base::Diagnostic& finding = diagnostics_.add("PC6007", proof.reason, last.ports.front().span);
    if (last.workload != nullptr) finding.object = last.workload->workload;
    for (std::size_t i = 0; i + 1 < proof.related.size() && i < most_named; ++i)
      finding.related.push_back(proof.related[i]);
  }

  // PC3504, as an error, names the one and points at the other.
  [[nodiscard]] bool said_of_both(const Taker& a, const Taker& b) const {
    const auto at = [](const Taker& taker, base::SourceSpan span) {
      return std::ranges::any_of(taker.ports, [&](const NodePortWant& want) { return want.span == span; });
    };
    return std::ranges::any_of(diagnostics_.all(), [&](const base::Diagnostic& d) {
      if (d.code != "PC3504" || d.severity != base::Severity::error) return false;
      const Taker* other = at(a, d.span) ? &b : at(b, d.span) ? &a : nullptr;
      return other != nullptr &&
             std::ranges::any_of(d.related, [&](const base::Related& r) { return at(*other, r.span); });
    });
  }

  [[nodiscard]] std::vector<std::string> assumptions() const {
    std::vector<std::string> out{
        "room is a matter of ports: CPU, memory and the number of pods of a node are not counted"};
    if (made_up_) out.emplace_back("no nodes are given: there are as many as the pods need");
    for (const Taker& taker : takers_) {
      if (taker.workload == nullptr) continue;
      for (const std::string& rule : taker.workload->further_rules)
        out.push_back(fmt::format("{} of {}: not counted, a pod may stay pending all the same", rule, taker.who()));
    }
    return out;
  }

  const Cluster& cluster_;
  smt::Session& session_;
  base::Diagnostics& diagnostics_;
  std::vector<std::string> except_;
  std::vector<Taker> takers_;
  bool made_up_ = false;
  std::vector<Proof> proofs_;
  std::vector<std::uint32_t> limited_;  // takers that have PC3503
  std::string unknown_, last_reason_;
  std::size_t unlisted_ = 0;
};

}  // namespace

std::vector<Proof> prove_placement(const Cluster& cluster, smt::Session& session, base::Diagnostics& diagnostics) {
  return PlacementProver(cluster, session, diagnostics).run();
}

}  // namespace portcullis::obligations
