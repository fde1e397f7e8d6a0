// Forks of a run, one way of which is worked out and the other still to come. Rules in a row that ask something are
// forks of one run, not runs inside of each other: thousands of them need no deeper stack.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

// What is left where one of the atoms holds, or else where none does. The other one is what the run comes to. Or what
// is left with a probability, and with the rest of it what the run comes to.
struct Fork {
  std::vector<AtomId> atoms;
  std::optional<NodeId> holds, fails;
  std::optional<Rational> probability;  // of `holds`
};

// Both ways of a fork, with `other` for the one that was still to come.
[[nodiscard]] inline NodeId join(Arena& arena, const Fork& fork, NodeId other) {
  const NodeId holds = fork.holds.value_or(other);
  if (fork.probability) {
    const auto& [numerator, denominator] = *fork.probability;
    return arena.choice({{*fork.probability, holds}, {{denominator - numerator, denominator}, other}});
  }
  NodeId node = fork.fails.value_or(other);
  for (std::size_t i = fork.atoms.size(); i-- > 0;) node = arena.test(fork.atoms[i], holds, node);
  return node;
}

// Chances in a row, the first one first, as one choice. Nothing: its probabilities are too fine.
[[nodiscard]] inline std::optional<NodeId> join_chances(Arena& arena, std::span<const Fork> forks, NodeId other) {
  std::vector<Branch> branches;
  branches.reserve(forks.size() + 1);
  Rational rest{1, 1};
  for (const Fork& fork : forks) {
    const auto& [numerator, denominator] = *fork.probability;
    const auto here = Rational::product(rest, *fork.probability);
    const auto left = Rational::product(rest, {denominator - numerator, denominator});
    if (!here || !left) return {};
    branches.push_back({*here, *fork.holds});
    rest = *left;
  }
  branches.push_back({rest, other});
  return arena.choice(std::move(branches));
}

// Of one run: takes off, when it ends, the forks that were put on since it began.
class Later {
 public:
  explicit Later(std::vector<Fork>& all) : all_(all), begin_(all.size()) {}
  ~Later() { all_.resize(begin_); }
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;
  Later(Later&&) = delete;
  Later& operator=(Later&&) = delete;
  [[nodiscard]] bool any() const { return all_.size() > begin_; }
  // Takes off the last fork, and with a chance those in a row with it; what they leave with `other` behind them.
  [[nodiscard]] NodeId last(Arena& arena, NodeId other) {
    std::size_t first = all_.size();
    while (first > begin_ && all_[first - 1].probability) --first;
    std::optional<NodeId> node;
    if (first + 1 < all_.size()) node = join_chances(arena, std::span(all_).subspan(first), other);
    if (!node) {
      first = all_.size() - 1;
      node = join(arena, all_.back(), other);
    }
    all_.resize(first);
    return *node;
  }

 private:
  std::vector<Fork>& all_;
  std::size_t begin_;
};

}  // namespace portcullis::specialise
