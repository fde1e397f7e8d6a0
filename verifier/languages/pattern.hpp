// Regular expressions as languages: the part of PCRE that RE2 takes with the same meaning. What cannot be taken exactly
// (back-references, look-around, possessive quantifiers, multi-line mode, …) is refused, never approximated.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "verifier/languages/nfa.hpp"

namespace portcullis::languages {

struct Unsupported {
  std::string why;
};

// All strings in which the pattern is found; `anchored`: found at their beginning. `fold`: letter case of ASCII is
// ignored. `$` is the end of the string, and `.` any byte but a line feed.
[[nodiscard]] std::variant<Nfa, Unsupported> found(std::string_view pattern, bool fold, bool anchored);

// All strings that the pattern takes as a whole. For patterns of our own: throws base::InternalError for others.
[[nodiscard]] Nfa whole(std::string_view pattern);

// The string that the pattern stands for if it has no operators.
[[nodiscard]] std::optional<std::string> literal(std::string_view pattern);

}  // namespace portcullis::languages
