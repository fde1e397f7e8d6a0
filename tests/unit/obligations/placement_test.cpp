#include "verifier/obligations/placement.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "verifier/obligations/flow.hpp"

namespace portcullis::tests {

using obligations::find_placement;
using obligations::place_by_flow;
using obligations::place_by_solver;
using obligations::PlacementAnswer;
using obligations::PlacementProblem;
using obligations::PodKind;
using smt::Answer;

namespace {

std::vector<std::uint32_t> numbers(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

bool apart(const PlacementProblem& problem, std::uint32_t a, std::uint32_t b) {
  return a == b || problem.all_apart ||
         std::ranges::find(problem.apart, std::pair(std::min(a, b), std::max(a, b))) != problem.apart.end();
}

// Every placement, one pod after the other.
class Search {
 public:
  explicit Search(const PlacementProblem& problem) : problem_(problem) {
    for (std::uint32_t k = 0; k < problem.kinds.size(); ++k) {
      for (std::size_t i = 0; i < problem.kinds[k].pods; ++i) pods_.push_back(k);
    }
  }
  [[nodiscard]] bool possible() { return place(0); }

 private:
  bool place(std::size_t pod) {
    if (pod == pods_.size()) return true;
    for (const std::uint32_t node : problem_.kinds[pods_[pod]].nodes) {
      const bool free = std::ranges::none_of(
          placed_, [&](const auto& other) { return other.second == node && apart(problem_, other.first, pods_[pod]); });
      if (!free) continue;
      placed_.emplace_back(pods_[pod], node);
      if (place(pod + 1)) return true;
      placed_.pop_back();
    }
    return false;
  }

  const PlacementProblem& problem_;
  std::vector<std::uint32_t> pods_;                              // by pod: its kind
  std::vector<std::pair<std::uint32_t, std::uint32_t>> placed_;  // kind, node
};

// The rules, told again: what a placement must be.
bool keeps_rules(const PlacementProblem& problem, const PlacementAnswer& answer) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> placed;
  for (std::uint32_t k = 0; k < problem.kinds.size(); ++k) {
    if (answer.nodes_of.at(k).size() != problem.kinds[k].pods) return false;
    for (const std::uint32_t node : answer.nodes_of[k]) {
      if (std::ranges::find(problem.kinds[k].nodes, node) == problem.kinds[k].nodes.end()) return false;
      for (const auto& [kind, taken] : placed) {
        if (taken == node && apart(problem, kind, k)) return false;
      }
      placed.emplace_back(k, node);
    }
  }
  return true;
}

// A shortage is one: without the other kinds there is still no placement; and its sum is what it says.
void check_shortage(const PlacementProblem& problem, const obligations::Shortage& shortage) {
  PlacementProblem part{{}, problem.all_apart, {}};
  std::size_t pods = 0;
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t i = 0; i < shortage.kinds.size(); ++i) {
    const PodKind& kind = problem.kinds.at(shortage.kinds[i]);
    part.kinds.push_back(kind);
    pods += kind.pods;
    nodes.insert(nodes.end(), kind.nodes.begin(), kind.nodes.end());
    for (std::uint32_t j = 0; j < i; ++j) {
      if (apart(problem, shortage.kinds[j], shortage.kinds[i])) part.apart.emplace_back(j, i);
    }
  }
  CHECK_FALSE(Search(part).possible());
  if (shortage.needed == 0 && shortage.nodes == 0) return;
  std::ranges::sort(nodes);
  const auto repeated = std::ranges::unique(nodes);
  nodes.erase(repeated.begin(), repeated.end());
  CHECK(shortage.needed == pods);
  CHECK(shortage.nodes == nodes.size());
  CHECK(shortage.needed > shortage.nodes);
  for (const std::uint32_t a : shortage.kinds) {
    for (const std::uint32_t b : shortage.kinds) CHECK(apart(problem, a, b));
  }
}

PlacementProblem random_problem(std::mt19937& random) {
  const auto pick = [&](unsigned count) { return static_cast<unsigned>(random() % count); };
  const unsigned nodes = 1 + pick(5);
  PlacementProblem problem;
  problem.kinds.resize(1 + pick(4));
  problem.all_apart = pick(3) == 0;
  for (PodKind& kind : problem.kinds) {
    for (std::uint32_t node = 0; node < nodes; ++node) {
      if (pick(4) != 0) kind.nodes.push_back(node);
    }
    kind.pods = pick(4);
  }
  for (std::uint32_t b = 1; b < problem.kinds.size() && !problem.all_apart; ++b) {
    for (std::uint32_t a = 0; a < b; ++a) {
      if (pick(2) == 0) problem.apart.emplace_back(a, b);
    }
  }
  return problem;
}

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(value, nullptr, 10));
}

}  // namespace

TEST_CASE("flow through a small network") {
  obligations::Flow flow(6);
  // The middle edge has to be given back: 0-1-4-5 first, then 0-2-4 and 1-3-5.
  const std::size_t middle = flow.add(1, 4, 1);
  flow.add(0, 1, 1);
  flow.add(0, 2, 1);
  flow.add(2, 4, 1);
  flow.add(1, 3, 1);
  const std::size_t last = flow.add(3, 5, 7);
  flow.add(4, 5, 1);
  CHECK(flow.maximize(0, 5) == 2);
  CHECK(flow.carried(middle) == 0);
  CHECK(flow.carried(last) == 1);
  CHECK(flow.source_side(0) == std::vector<bool>{true, false, false, false, false, false});
}

TEST_CASE("placements that are possible, and those that are not") {
  struct Row {
    const char* what;
    PlacementProblem problem;
    bool possible;
    std::size_t needed, nodes;
    std::vector<std::uint32_t> kinds;
  };
  const auto ten = numbers(0, 10), five = numbers(0, 5), others = numbers(5, 5);
  for (const Row& row :
       {Row{"nothing to place", {}, true, 0, 0, {}}, Row{"as many as nodes", {{{10, ten}}, true, {}}, true, 0, 0, {}},
        Row{"one too many", {{{11, ten}}, true, {}}, false, 11, 10, {0}},
        Row{"no node", {{{1, {}}}, true, {}}, false, 1, 0, {0}},
        Row{"two share them", {{{5, ten}, {5, ten}}, true, {}}, true, 0, 0, {}},
        Row{"two are one too many", {{{5, ten}, {6, ten}}, true, {}}, false, 11, 10, {0, 1}},
        Row{"each has its own", {{{5, five}, {5, others}}, true, {}}, true, 0, 0, {}},
        Row{"the choosy one comes first", {{{5, ten}, {5, five}}, true, {}}, true, 0, 0, {}},
        Row{"only the choosy ones are short", {{{4, ten}, {3, five}, {3, five}}, true, {}}, false, 6, 5, {1, 2}},
        Row{"they may share nodes", {{{10, ten}, {10, ten}}, false, {}}, true, 0, 0, {}},
        Row{"one on each against another", {{{10, ten}, {1, five}}, false, {{0, 1}}}, false, 11, 10, {0, 1}},
        Row{"one against two that share", {{{5, ten}, {5, ten}, {5, ten}}, false, {{0, 1}, {0, 2}}}, true, 0, 0, {}},
        Row{"pairwise apart without a port of all three",
            {{{1, {0, 1}}, {1, {0, 1}}, {1, {0, 1}}}, false, {{0, 1}, {0, 2}, {1, 2}}},
            false,
            3,
            2,
            {0, 1, 2}},
        // Five in a ring, neighbours apart: three nodes are needed for one pod each although no three are all apart.
        Row{"a ring of five on two nodes",
            {{{1, {0, 1}}, {1, {0, 1}}, {1, {0, 1}}, {1, {0, 1}}, {1, {0, 1}}},
             false,
             {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}}},
            false,
            0,
            0,
            {0, 1, 2, 3, 4}},
        Row{"a ring of five on three nodes",
            {{{1, {0, 1, 2}}, {1, {0, 1, 2}}, {1, {0, 1, 2}}, {1, {0, 1, 2}}, {1, {0, 1, 2}}},
             false,
             {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}}},
            true,
            0,
            0,
            {}}}) {
    INFO(row.what);
    smt::Session session;
    const PlacementAnswer answer = find_placement(row.problem, session);
    CHECK((answer.possible == Answer::satisfiable) == row.possible);
    CHECK(answer.shortage.has_value() != row.possible);
    if (row.possible) CHECK(keeps_rules(row.problem, answer));
    if (!answer.shortage) continue;
    CHECK(answer.shortage->kinds == row.kinds);
    CHECK(answer.shortage->needed == row.needed);
    CHECK(answer.shortage->nodes == row.nodes);
  }
}

TEST_CASE("pigeons of host ports are counted, not searched") {
  smt::Session session;
  const PlacementProblem problem{{{501, numbers(0, 1000)}, {500, numbers(0, 1000)}}, true, {}};
  const PlacementAnswer answer = find_placement(problem, session);
  REQUIRE(answer.shortage);
  CHECK(answer.shortage->needed == 1001);
  CHECK(answer.shortage->nodes == 1000);
  CHECK(place_by_solver(problem, session).possible == Answer::unsatisfiable);
}

TEST_CASE("flow, integers and a search over every placement agree") {
  const unsigned first = from_environment("PORTCULLIS_SEED", 1), count = from_environment("PORTCULLIS_CLUSTERS", 250);
  WARN("seeds " << first << " to " << first + count - 1);
  smt::Session session;
  std::size_t possible = 0, impossible = 0, unexplained = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const PlacementProblem problem = random_problem(random);
    const bool expected = Search(problem).possible();
    const PlacementAnswer solver = place_by_solver(problem, session), found = find_placement(problem, session);
    CHECK(solver.possible == (expected ? Answer::satisfiable : Answer::unsatisfiable));
    CHECK(found.possible == (expected ? Answer::satisfiable : Answer::unsatisfiable));
    if (problem.all_apart)
      CHECK(place_by_flow(problem).possible == (expected ? Answer::satisfiable : Answer::unsatisfiable));
    if (expected) {
      CHECK(keeps_rules(problem, solver));
      CHECK(keeps_rules(problem, found));
    } else {
      REQUIRE(found.shortage);
      check_shortage(problem, *found.shortage);
      unexplained += found.shortage->needed == 0 ? 1 : 0;
    }
    ++(expected ? possible : impossible);
  }
  CHECK(possible > count / 10);
  CHECK(impossible > count / 10);
  WARN(possible << " possible, " << impossible << " impossible, " << unexplained << " of them by no sum; "
                << session.queries() << " queries");
}

}  // namespace portcullis::tests
