// PC4001: the first word of a sentence that cannot follow what stands before it, and what could.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

struct SyntaxError {
  std::string found;                  // as written; empty: the sentence or the file ends here
  SourceSpan span;                    // of it, or of the last word before the end
  std::string before;                 // the word before it; empty: it is the first of its sentence
  std::vector<std::string> keywords;  // words and signs of the language that could stand here
  std::vector<std::string> names;     // kinds of name that could: `a zone`, `a label`
  bool could_end = false;             // the sentence could have ended before it
  bool is_keyword = false;            // what was found is a word of the language
  bool is_unclosed = false;           // … is a text without its closing quote
};
void report(const SyntaxError& error, base::Diagnostics& diagnostics);

// A word that stands where a value should, and is none: `expected` is `a day that exists, such as 2027-03-01`.
base::Diagnostic& report_value(std::string_view word, SourceSpan span, std::string_view expected,
                               base::Diagnostics& diagnostics);

}  // namespace portcullis::policy
