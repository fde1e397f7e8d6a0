// Where text came from. A SourceSpan is a byte range of one input file; lines and columns are worked out only when
// something is printed, so that a manifest of a hundred thousand endpoints carries twelve bytes a value.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::base {

// Index into a SourceMap; 0 is 'nowhere' (a value that no text gave, such as an API default of an absent field).
using FileId = std::uint32_t;

// Half-open byte range [begin, end) of a file's text. file == 0: no place.
struct SourceSpan {
  FileId file = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool known() const { return file != 0; }
  auto operator<=>(const SourceSpan&) const = default;
};

// 1-based line; 1-based column counted in Unicode code points, as editors and rustc count.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

// Owns the text of every input file. Files are added by one thread; afterwards everything is const and may be read by
// many.
class SourceMap {
 public:
  // `name` as the user wrote it (a path, or `<stdin>`).
  FileId add(std::string name, std::string text);

  [[nodiscard]] const std::string& name(FileId file) const;
  [[nodiscard]] std::string_view text(FileId file) const;
  [[nodiscard]] std::string_view text(SourceSpan span) const;
  [[nodiscard]] Position position(FileId file, std::uint32_t byte) const;
  [[nodiscard]] Position begin(SourceSpan span) const { return position(span.file, span.begin); }
  // One past the last code point, as in SARIF.
  [[nodiscard]] Position end(SourceSpan span) const { return position(span.file, span.end); }
  // The whole line (1-based) without its line break.
  [[nodiscard]] std::string_view line(FileId file, std::uint32_t line) const;
  // Number of files; ids are 1 … size().
  [[nodiscard]] std::size_t size() const { return files_.size(); }

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;  // byte offsets, first is 0
  };
  std::deque<File> files_;
};

// A value and the place that gave it. A default carries the span of the object or key it belongs to.
template <class T>
struct Located {
  T value{};
  SourceSpan span{};
};

}  // namespace portcullis::base
