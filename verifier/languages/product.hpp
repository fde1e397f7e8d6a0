// Several automata side by side: which combinations of marks a string can have, with a shortest one for each.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "verifier/languages/automaton.hpp"

namespace portcullis::languages {

inline constexpr std::size_t most_states = 50'000;

struct Inhabited {
  std::vector<Mark> marks;  // by automaton
  std::string shortest;
};

struct Product {
  bool complete = false;  // false: more than the allowed states; what is not found may be there
  std::vector<Inhabited> inhabited;
  std::vector<std::vector<std::uint32_t>> states;  // that were reached: by automaton
};

// Walked breadth first. `within`: only strings to which this automaton gives a mark other than 0 count; the others are
// not followed where they have no hope.
[[nodiscard]] Product explore(std::span<Automaton* const> automata, const Classes& classes,
                              std::optional<std::size_t> within = std::nullopt, std::size_t limit = most_states);

// The classes of all automata, which walk in them from now on.
[[nodiscard]] Classes classes_of(std::span<Automaton* const> automata);

}  // namespace portcullis::languages
