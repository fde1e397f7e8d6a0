#include "compiler/manifest/place.hpp"

#include <algorithm>

#include "compiler/manifest/utf8.hpp"

namespace portcullis::manifest {

namespace {

constexpr std::size_t stride = 64;

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

Source nested_source(const Tree& tree, const TreeNode& scalar, std::string_view file_text) {
  Source out{.file = tree.file, .text = scalar.value(), .base = 0, .lines = {}, .whole = tree.span(scalar)};
  const std::string_view written = file_text.substr(scalar.begin, scalar.end - scalar.begin);
  // Only a literal scalar keeps its lines; each stands in the file behind the same indentation.
  if (scalar.style != Style::block || !written.starts_with('|')) return out;
  std::size_t at = written.find('\n');
  for (std::size_t line = 0; line < out.text.size();) {
    const std::size_t line_end = std::min(out.text.find('\n', line), out.text.size());
    const std::string_view content = out.text.substr(line, line_end - line);
    if (at == std::string_view::npos) return {out.file, out.text, 0, {}, out.whole};
    const std::size_t written_end = std::min(written.find_first_of("\r\n", at + 1), written.size());
    const std::string_view there = written.substr(at + 1, written_end - at - 1);
    if (!there.ends_with(content)) return {out.file, out.text, 0, {}, out.whole};
    out.lines.push_back(static_cast<std::uint32_t>(scalar.begin + written_end - content.size()));
    at = written.find('\n', at + 1);
    line = line_end + 1;
  }
  return out;
}

Places::Places(const Source& source) : source_(source), ascii_(is_ascii(source.text)) {
  if (!ascii_) {
    std::size_t index = 0;
    for (std::size_t i = 0; i < source.text.size(); ++i) {
      if (continues(source.text[i])) continue;
      if (index % stride == 0) marks_.push_back(i);
      ++index;
    }
  }
  if (!source.lines.empty()) {
    line_starts_.push_back(0);
    for (std::size_t at = source.text.find('\n'); at != std::string_view::npos; at = source.text.find('\n', at + 1)) {
      line_starts_.push_back(at + 1);
    }
  }
}

std::size_t Places::byte_of(std::size_t index) const {
  if (ascii_) return std::min(index, source_.text.size());
  const std::size_t mark = index / stride;
  if (mark >= marks_.size()) return source_.text.size();
  std::size_t at = marks_[mark];
  for (std::size_t left = index % stride; left > 0 && at < source_.text.size(); --left) {
    do ++at;
    while (at < source_.text.size() && continues(source_.text[at]));
  }
  return at;
}

std::uint32_t Places::in_file(std::size_t byte) const {
  if (source_.lines.empty()) return source_.base + static_cast<std::uint32_t>(byte);
  const auto next = std::ranges::upper_bound(line_starts_, byte);
  const auto line = std::min(static_cast<std::size_t>(next - line_starts_.begin()), source_.lines.size()) - 1;
  return source_.lines[line] + static_cast<std::uint32_t>(byte - line_starts_[line]);
}

base::SourceSpan Places::span(std::size_t begin, std::size_t end) const {
  if (source_.lines.empty() && source_.whole.known()) return source_.whole;
  return {source_.file, in_file(begin), in_file(std::max(begin, end))};
}

}  // namespace portcullis::manifest
