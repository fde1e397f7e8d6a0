// Regular expressions of paths, hosts and headers, as PCRE reads them; RE2 does the work. What RE2 does not know
// (back-references, look-around, possessive quantifiers, `\R`, …) is not approximated: `valid()` says no. Nor is what
// the two read in different ways (`\v`, `(?m)`, a repeated group that may be empty, …), with one exception: `$` is the
// end of the text only, for PCRE also the place before a line feed that ends it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::ir::l7 {

class Regex {
 public:
  // `fold`: letter case of ASCII is ignored. `anchored`: at the start only, as by `^` in front of the pattern; in `a|b`
  // that is `^a|b` (reference 5.4, R2).
  Regex(std::string_view pattern, bool fold, bool anchored);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  [[nodiscard]] bool valid() const;
  [[nodiscard]] const std::string& error() const;  // why not valid
  // Bytes, not code points. With `captures`, groups 0–9 as matched (empty: took no part).
  [[nodiscard]] bool search(std::string_view text, std::vector<std::string>* captures = nullptr) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace portcullis::ir::l7
