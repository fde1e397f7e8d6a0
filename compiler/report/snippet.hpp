// One line of source with carets under a span, as compilers show it.
//
//   12 |     nodePort: 30080
//      |               ^^^^^
//
// Tabs become four blanks, characters of East Asian width take two columns, what is no printable text is shown as
// `\x1b`; the carets follow. Of a long line only the part around the span is shown.
#pragma once

#include <string>

#include "compiler/base/source.hpp"
#include "compiler/report/locator.hpp"

namespace portcullis::report {

struct Snippet {
  std::string line;    // without line number
  std::string carets;  // blanks and `^`, at least one
};

// The first line of the span. INVARIANT: span.known().
[[nodiscard]] Snippet snippet(base::SourceSpan span, Locator& locator);
// The same for a text that is no file: bytes [begin, end) of `text`, which has one line.
[[nodiscard]] Snippet snippet(std::string_view text, std::size_t begin, std::size_t end);

}  // namespace portcullis::report
