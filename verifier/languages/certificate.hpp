// Why the answer to a question about languages is no, as a table that is checked by one look at each line.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "verifier/languages/nfa.hpp"

namespace portcullis::languages {

// Which combinations of memberships are asked for, by automaton: true is a member.
using Wanted = std::function<bool(const std::vector<bool>&)>;

// All that can be reached together; the first line is where everything begins.
struct Certificate {
  std::vector<std::vector<Position>> lines;  // by automaton
};
struct Yes {
  std::string shortest;
};
struct TooLarge {};
using Verdict = std::variant<Yes, Certificate, TooLarge>;

// Is there a string with a combination that is wanted?
[[nodiscard]] Verdict ask(std::span<const Nfa> languages, const Wanted& wanted);

// Whether the table proves that there is none: it has the beginning, each line's successors by each of the 256 bytes,
// and no line is wanted. Shares nothing with `ask` but the automata.
[[nodiscard]] bool check(std::span<const Nfa> languages, const Wanted& wanted, const Certificate& certificate);

// The usual questions.
[[nodiscard]] Verdict outside(const Nfa& language, const Nfa& of);  // a string of the first that is not of the second
[[nodiscard]] Verdict common(const Nfa& a, const Nfa& b);           // one of both

}  // namespace portcullis::languages
