// Lines and columns of many places of one file. base::SourceMap counts columns from the start of the line, which on a
// manifest of one line (JSON as machines write it) makes every look-up as long as the file; here it is at most a few
// kilobytes.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/base/source.hpp"

namespace portcullis::report {

class Locator {
 public:
  // `sources` must outlive the locator.
  explicit Locator(const base::SourceMap& sources) : sources_(&sources) {}

  // As base::SourceMap::position.
  [[nodiscard]] base::Position position(base::FileId file, std::uint32_t byte);
  [[nodiscard]] base::Position begin(base::SourceSpan span) { return position(span.file, span.begin); }
  // One past the last code point.
  [[nodiscard]] base::Position end(base::SourceSpan span);
  // The byte at which the line of `byte` begins.
  [[nodiscard]] std::uint32_t line_start(base::FileId file, std::uint32_t byte);

  [[nodiscard]] const base::SourceMap& sources() const { return *sources_; }

 private:
  struct Mark {
    base::Position position;
    std::uint32_t line_start = 0;
  };
  [[nodiscard]] Mark mark(base::FileId file, std::uint32_t byte);
  [[nodiscard]] const std::vector<Mark>& marks(base::FileId file);

  const base::SourceMap* sources_;
  std::map<base::FileId, std::vector<Mark>> marks_;  // of every stride-th byte; filled when a file is first asked for
};

}  // namespace portcullis::report
