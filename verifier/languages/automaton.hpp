// Automata with one state at a time, worked out as far as somebody walks. Each state has a mark: what the automaton
// says of the string read so far.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/languages/bytes.hpp"
#include "verifier/languages/nfa.hpp"

namespace portcullis::languages {

using Mark = std::uint32_t;

class Automaton {
 public:
  virtual ~Automaton() = default;
  // Tells apart the bytes that the automaton tells apart.
  virtual void split(Classes& classes) const = 0;
  // From here on bytes are of these classes, which outlive the walk. State 0 is the first.
  virtual void walk_in(const Classes& classes) = 0;
  [[nodiscard]] virtual std::uint32_t next(std::uint32_t state, std::uint16_t byte_class) = 0;
  [[nodiscard]] virtual Mark mark(std::uint32_t state) = 0;
  // No string from here on changes the mark from 0.
  [[nodiscard]] virtual bool hopeless(std::uint32_t state) = 0;
  // The mark of a whole string, without classes.
  [[nodiscard]] virtual Mark of(std::string_view text) const = 0;
};

// Marks: 1 accepted, 0 not.
class Subsets : public Automaton {
 public:
  explicit Subsets(Nfa nfa) : nfa_(std::move(nfa)) {}
  void split(Classes& classes) const override;
  void walk_in(const Classes& classes) override;
  [[nodiscard]] std::uint32_t next(std::uint32_t state, std::uint16_t byte_class) override;
  [[nodiscard]] Mark mark(std::uint32_t state) override;
  [[nodiscard]] bool hopeless(std::uint32_t state) override { return positions_[state]->states.empty(); }
  [[nodiscard]] Mark of(std::string_view text) const override { return accepts(nfa_, text) ? 1 : 0; }

  [[nodiscard]] const Nfa& nfa() const { return nfa_; }
  [[nodiscard]] const Position& position(std::uint32_t state) const { return *positions_[state]; }

 private:
  static constexpr std::uint32_t unknown = UINT32_MAX;
  std::uint32_t state_of(Position position);

  Nfa nfa_;
  const Classes* classes_ = nullptr;
  std::map<Position, std::uint32_t> ids_;
  std::vector<const Position*> positions_;
  std::vector<std::uint32_t> next_;  // by state and class
  std::vector<Mark> marks_;
};

// Strings and prefixes without operators, however many. Mark 0: none; else 1 + the number of the longest prefix that
// the string begins with (counted in the order of `Words::prefixes`) or of the string that it is.
class Words : public Automaton {
 public:
  // Sorted, each once. `fold`: letter case of ASCII is ignored; both lists are in lower case then.
  Words(std::vector<std::string> exact, std::vector<std::string> prefixes, bool fold);
  void split(Classes& classes) const override;
  void walk_in(const Classes& classes) override { classes_ = &classes; }
  [[nodiscard]] std::uint32_t next(std::uint32_t state, std::uint16_t byte_class) override;
  [[nodiscard]] Mark mark(std::uint32_t state) override;
  [[nodiscard]] bool hopeless(std::uint32_t state) override;
  [[nodiscard]] Mark of(std::string_view text) const override;

  // What marks stand for: of `exact` first, then of `prefixes`.
  [[nodiscard]] Mark of_exact(std::size_t index) const { return static_cast<Mark>(1 + index); }
  [[nodiscard]] Mark of_prefix(std::size_t index) const { return static_cast<Mark>(1 + exact_.size() + index); }
  [[nodiscard]] std::size_t marks() const { return 1 + exact_.size() + prefixes_.size(); }

 private:
  struct Node {
    std::map<unsigned char, std::uint32_t> next;
    Mark exact = 0, prefix = 0;  // prefix: the longest so far
    std::uint32_t out = 0;       // the state of strings that leave the tree here
  };
  std::uint32_t insert(std::string_view text);

  std::vector<std::string> exact_, prefixes_;
  bool fold_;
  const Classes* classes_ = nullptr;
  std::vector<Node> nodes_;    // states 0 … are nodes
  std::vector<Mark> outside_;  // then: strings that left the tree, by the prefix that they begin with
};

}  // namespace portcullis::languages
