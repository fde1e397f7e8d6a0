// Forks of a run, one way of which is worked out and the other still to come. Rules in a row that ask something are
// forks of one run, not runs inside of each other: thousands of them need no deeper stack.
#pragma once

#include <optional>
#include <vector>

#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

// What is left where one of the atoms holds, or else where none does. The other one is what the run comes to.
struct Fork {
  std::vector<AtomId> atoms;
  std::optional<NodeId> holds, fails;
};

// Both ways of a fork, with `other` for the one that was still to come.
[[nodiscard]] inline NodeId join(Arena& arena, const Fork& fork, NodeId other) {
  const NodeId holds = fork.holds.value_or(other);
  NodeId node = fork.fails.value_or(other);
  for (std::size_t i = fork.atoms.size(); i-- > 0;) node = arena.test(fork.atoms[i], holds, node);
  return node;
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

 private:
  std::vector<Fork>& all_;
  std::size_t begin_;
};

}  // namespace portcullis::specialise
