#include "verifier/obligations/placement.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "verifier/obligations/flow.hpp"

namespace portcullis::obligations {

namespace {

using smt::Answer;
using smt::Term;

// The solver is asked about no more integers than this: a thousand take it seconds, and a flow is exact without it.
constexpr std::size_t most_integers = 600;
constexpr std::size_t most_sets = 400;
// A shortage is made smaller kind by kind only where that is cheap.
constexpr std::size_t most_shrunk = 24;

// Nodes that suit the same kinds are alike.
struct NodeClass {
  std::vector<std::uint32_t> kinds, nodes;
};

std::vector<NodeClass> classes_of(const PlacementProblem& problem) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> kinds_of;  // by node
  for (std::uint32_t k = 0; k < problem.kinds.size(); ++k) {
    for (const std::uint32_t node : problem.kinds[k].nodes) kinds_of[node].push_back(k);
  }
  std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> by_kinds;
  for (auto& [node, kinds] : kinds_of) by_kinds[std::move(kinds)].push_back(node);
  std::vector<NodeClass> classes;
  classes.reserve(by_kinds.size());
  for (auto& [kinds, nodes] : by_kinds) classes.push_back({kinds, std::move(nodes)});
  return classes;
}

class Apart {
 public:
  explicit Apart(const PlacementProblem& problem) : all_(problem.all_apart), pairs_(problem.apart) {
    std::ranges::sort(pairs_);
  }
  [[nodiscard]] bool operator()(std::uint32_t a, std::uint32_t b) const {
    return all_ || std::ranges::binary_search(pairs_, std::pair(std::min(a, b), std::max(a, b)));
  }

 private:
  bool all_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;
};

// Throws unless every pod has a node of its kind, and no two that are apart have the same.
void check_placement(const PlacementProblem& problem, const PlacementAnswer& answer) {
  const auto require = [](bool held) {
    if (!held) throw base::InternalError("a placement of pods that breaks its own rules");
  };
  const Apart apart(problem);
  std::map<std::uint32_t, std::vector<std::uint32_t>> kinds_on;  // by node
  for (std::uint32_t k = 0; k < problem.kinds.size(); ++k) {
    require(answer.nodes_of[k].size() == problem.kinds[k].pods);
    for (const std::uint32_t node : answer.nodes_of[k]) {
      require(std::ranges::binary_search(problem.kinds[k].nodes, node));
      for (const std::uint32_t other : kinds_on[node]) require(other != k && !apart(other, k));
      kinds_on[node].push_back(k);
    }
  }
}

// The kinds that a minimum cut leaves with too few nodes.
Shortage shortage_of(const PlacementProblem& problem, const std::vector<NodeClass>& classes,
                     const std::vector<bool>& source_side) {
  Shortage shortage;
  for (std::uint32_t k = 0; k < problem.kinds.size(); ++k) {
    if (!source_side[1 + k]) continue;
    shortage.kinds.push_back(k);
    shortage.needed += problem.kinds[k].pods;
  }
  for (const NodeClass& c : classes) {
    const bool of_use = std::ranges::any_of(c.kinds, [&](std::uint32_t k) { return source_side[1 + k]; });
    if (of_use) shortage.nodes += c.nodes.size();
  }
  if (shortage.needed <= shortage.nodes) throw base::InternalError("a shortage of nodes that is none");
  return shortage;
}

// ---- independent sets: what one node can take

// Every maximal set of `kinds` of which no two are apart (Bron–Kerbosch). Empty: there are too many.
class IndependentSets {
 public:
  explicit IndependentSets(const Apart& apart) : apart_(apart) {}
  std::vector<std::vector<std::uint32_t>> of(const std::vector<std::uint32_t>& kinds) {
    sets_.clear();
    if (!extend({}, kinds, {})) sets_.clear();
    return std::move(sets_);
  }

 private:
  bool extend(std::vector<std::uint32_t> chosen, std::vector<std::uint32_t> open, std::vector<std::uint32_t> done) {
    if (open.empty()) {
      if (done.empty()) sets_.push_back(std::move(chosen));
      return sets_.size() <= most_sets;
    }
    // Only what is apart from the pivot, and the pivot itself, can be in a set that is not found below it.
    const std::uint32_t pivot = open.front();
    const std::vector<std::uint32_t> candidates = open;
    for (const std::uint32_t kind : candidates) {
      if (kind != pivot && !apart_(kind, pivot)) continue;
      auto with = chosen;
      with.push_back(kind);
      if (!extend(std::move(with), together(open, kind), together(done, kind))) return false;
      std::erase(open, kind);
      done.push_back(kind);
    }
    return true;
  }
  [[nodiscard]] std::vector<std::uint32_t> together(const std::vector<std::uint32_t>& kinds, std::uint32_t with) const {
    std::vector<std::uint32_t> out;
    for (const std::uint32_t kind : kinds) {
      if (kind != with && !apart_(kind, with)) out.push_back(kind);
    }
    return out;
  }

  const Apart& apart_;
  std::vector<std::vector<std::uint32_t>> sets_;
};

// ---- integers

// pods[kind][class], and nodes[class][set]: how many pods of a kind are on nodes of a class, and how many nodes of a
// class take an independent set.
class Integers {
 public:
  Integers(const PlacementProblem& problem, smt::Session& session)
      : problem_(problem), session_(session), classes_(classes_of(problem)) {}

  // False: more than the solver is asked about.
  bool declare() {
    const Apart apart(problem_);
    IndependentSets sets(apart);
    std::size_t integers = 0;
    for (const NodeClass& c : classes_) {
      sets_.push_back(sets.of(c.kinds));
      integers += c.kinds.size() + sets_.back().size();
      if (sets_.back().empty() || integers > most_integers) return false;
    }
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      pods_.push_back(numbered("pods", c, classes_[c].kinds.size()));
      nodes_.push_back(numbered("nodes", c, sets_[c].size()));
    }
    return true;
  }

  std::vector<Term> assertions() {
    std::vector<Term> all = bounds_;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      // A node takes one set, and a pod stands on a node that took a set with its kind.
      all.push_back(session_.at_most(session_.sum(nodes_[c]), whole(classes_[c].nodes.size())));
      for (std::size_t k = 0; k < classes_[c].kinds.size(); ++k)
        all.push_back(session_.at_most(pods_[c][k], session_.sum(nodes_with(c, classes_[c].kinds[k]))));
    }
    for (std::uint32_t kind = 0; kind < problem_.kinds.size(); ++kind) {
      std::vector<Term> somewhere;
      for (std::size_t c = 0; c < classes_.size(); ++c) {
        const auto at = std::ranges::find(classes_[c].kinds, kind);
        if (at != classes_[c].kinds.end())
          somewhere.push_back(pods_[c][static_cast<std::size_t>(at - classes_[c].kinds.begin())]);
      }
      all.push_back(session_.equal(session_.sum(somewhere), whole(problem_.kinds[kind].pods)));
    }
    return all;
  }

  // The placement that a model counts: nodes of a class take the sets in order, pods the first nodes of theirs.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> placed(const smt::Model& model) const {
    std::vector<std::vector<std::uint32_t>> nodes_of(problem_.kinds.size());
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      std::map<std::uint32_t, std::int64_t> open;
      for (std::size_t k = 0; k < classes_[c].kinds.size(); ++k)
        open[classes_[c].kinds[k]] = model.integer(pods_[c][k]);
      auto node = classes_[c].nodes.begin();
      for (std::size_t s = 0; s < sets_[c].size(); ++s) {
        for (std::int64_t n = model.integer(nodes_[c][s]); n > 0; --n, ++node) {
          for (const std::uint32_t kind : sets_[c][s]) {
            if (open[kind]-- > 0) nodes_of[kind].push_back(*node);
          }
        }
      }
    }
    return nodes_of;
  }

 private:
  std::vector<Term> numbered(const char* what, std::size_t c, std::size_t count) {
    std::vector<Term> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(session_.integer(fmt::format("{}-{}-{}", what, c, i)));
      bounds_.push_back(session_.at_most(session_.whole(0), out.back()));
    }
    return out;
  }
  Term whole(std::size_t value) { return session_.whole(static_cast<std::int64_t>(value)); }
  [[nodiscard]] std::vector<Term> nodes_with(std::size_t c, std::uint32_t kind) const {
    std::vector<Term> out;
    for (std::size_t s = 0; s < sets_[c].size(); ++s) {
      if (std::ranges::find(sets_[c][s], kind) != sets_[c][s].end()) out.push_back(nodes_[c][s]);
    }
    return out;
  }

  const PlacementProblem& problem_;
  smt::Session& session_;
  std::vector<NodeClass> classes_;
  std::vector<std::vector<std::vector<std::uint32_t>>> sets_;  // by class
  std::vector<std::vector<Term>> pods_, nodes_;                // by class, and kind or set of it
  std::vector<Term> bounds_;
};

// ---- smaller problems

// The problem of some of the kinds only, in this order.
PlacementProblem restricted(const PlacementProblem& problem, const std::vector<std::uint32_t>& kinds) {
  PlacementProblem out{{}, problem.all_apart, {}};
  const Apart apart(problem);
  for (std::uint32_t i = 0; i < kinds.size(); ++i) {
    out.kinds.push_back(problem.kinds[kinds[i]]);
    for (std::uint32_t j = 0; !problem.all_apart && j < i; ++j) {
      if (apart(kinds[j], kinds[i])) out.apart.emplace_back(j, i);
    }
  }
  return out;
}

// Kinds around `first` that are all apart from each other.
std::vector<std::uint32_t> clique_around(const PlacementProblem& problem, const Apart& apart, std::uint32_t first) {
  std::vector<std::uint32_t> clique{first};
  for (std::uint32_t kind = 0; kind < problem.kinds.size(); ++kind) {
    if (kind != first && std::ranges::all_of(clique, [&](std::uint32_t other) { return apart(kind, other); }))
      clique.push_back(kind);
  }
  return clique;
}

// A shortage among kinds that are all apart, where there is one: it explains with a sum.
std::optional<Shortage> shortage_in_clique(const PlacementProblem& problem) {
  const Apart apart(problem);
  std::vector<bool> seen(problem.kinds.size());
  for (std::uint32_t first = 0; first < problem.kinds.size(); ++first) {
    if (seen[first]) continue;
    const std::vector<std::uint32_t> clique = clique_around(problem, apart, first);
    for (const std::uint32_t kind : clique) seen[kind] = true;
    PlacementProblem part = restricted(problem, clique);
    part.all_apart = true;
    PlacementAnswer answer = place_by_flow(part);
    if (!answer.shortage) continue;
    for (std::uint32_t& kind : answer.shortage->kinds) kind = clique[kind];
    std::ranges::sort(answer.shortage->kinds);
    return answer.shortage;
  }
  return {};
}

// Leaves out kinds that the impossibility does without.
Shortage shrink(const PlacementProblem& problem, smt::Session& session) {
  Shortage shortage;
  shortage.kinds.resize(problem.kinds.size());
  std::iota(shortage.kinds.begin(), shortage.kinds.end(), 0U);
  if (shortage.kinds.size() > most_shrunk) return shortage;
  for (std::size_t i = 0; i < shortage.kinds.size();) {
    std::vector<std::uint32_t> fewer = shortage.kinds;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (place_by_solver(restricted(problem, fewer), session).possible == Answer::unsatisfiable) {
      shortage.kinds = std::move(fewer);
    } else {
      ++i;
    }
  }
  return shortage;
}

}  // namespace

PlacementAnswer place_by_flow(const PlacementProblem& problem) {
  const std::vector<NodeClass> classes = classes_of(problem);
  const std::size_t source = 0, first_class = 1 + problem.kinds.size(), sink = first_class + classes.size();
  Flow flow(sink + 1);
  std::int64_t wanted = 0;
  for (std::size_t k = 0; k < problem.kinds.size(); ++k) {
    const auto pods = static_cast<std::int64_t>(problem.kinds[k].pods);
    flow.add(source, 1 + k, pods);
    wanted += pods;
  }
  std::vector<std::vector<std::size_t>> edges(classes.size());
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (const std::uint32_t kind : classes[c].kinds)
      edges[c].push_back(flow.add(1 + kind, first_class + c, static_cast<std::int64_t>(problem.kinds[kind].pods)));
    flow.add(first_class + c, sink, static_cast<std::int64_t>(classes[c].nodes.size()));
  }
  PlacementAnswer answer;
  if (flow.maximize(source, sink) < wanted) {
    answer.possible = Answer::unsatisfiable;
    answer.shortage = shortage_of(problem, classes, flow.source_side(source));
    return answer;
  }
  answer.possible = Answer::satisfiable;
  answer.nodes_of.resize(problem.kinds.size());
  for (std::size_t c = 0; c < classes.size(); ++c) {
    auto node = classes[c].nodes.begin();
    for (std::size_t k = 0; k < classes[c].kinds.size(); ++k) {
      for (std::int64_t n = flow.carried(edges[c][k]); n > 0; --n, ++node)
        answer.nodes_of[classes[c].kinds[k]].push_back(*node);
    }
  }
  check_placement(problem, answer);
  return answer;
}

PlacementAnswer place_by_solver(const PlacementProblem& problem, smt::Session& session) {
  const smt::Session::Scope scope(session);
  PlacementAnswer answer;
  Integers integers(problem, session);
  if (!integers.declare()) {
    answer.reason = "too many ways to share a node";
    return answer;
  }
  const smt::Result result = session.check("placement", integers.assertions());
  answer.possible = result.answer;
  answer.reason = result.reason;
  if (result.answer == Answer::satisfiable) {
    answer.nodes_of = integers.placed(*result.model);
    check_placement(problem, answer);
  }
  return answer;
}

PlacementAnswer find_placement(const PlacementProblem& problem, smt::Session& session) {
  if (!problem.all_apart) {
    const std::optional<Shortage> shortage = shortage_in_clique(problem);
    PlacementAnswer answer = place_by_solver(problem, session);
    if (!shortage && answer.possible == Answer::unsatisfiable) answer.shortage = shrink(problem, session);
    if (!shortage) return answer;
    if (answer.possible == Answer::satisfiable) throw base::InternalError("pods are placed although nodes are short");
    return {Answer::unsatisfiable, {}, {}, shortage};
  }
  PlacementAnswer answer = place_by_flow(problem);
  if (problem.kinds.size() < 2) return answer;  // a comparison of two numbers
  const Answer judged = place_by_solver(problem, session).possible;
  if (judged != Answer::unknown && judged != answer.possible)
    throw base::InternalError("flow and solver disagree about a placement");
  return answer;
}

}  // namespace portcullis::obligations
