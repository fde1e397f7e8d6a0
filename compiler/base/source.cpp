#include "compiler/base/source.hpp"

#include <algorithm>

#include "compiler/base/error.hpp"

namespace portcullis::base {

FileId SourceMap::add(std::string name, std::string text) {
  File& file = files_.emplace_back(File{std::move(name), std::move(text), {0}});
  for (std::size_t at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1)) {
    file.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
  }
  return static_cast<FileId>(files_.size());
}

const std::string& SourceMap::name(FileId file) const {
  if (file == 0 || file > files_.size()) throw InternalError("no such source file");
  return files_[file - 1].name;
}

std::string_view SourceMap::text(FileId file) const {
  if (file == 0 || file > files_.size()) throw InternalError("no such source file");
  return files_[file - 1].text;
}

std::string_view SourceMap::text(SourceSpan span) const {
  const std::string_view all = text(span.file);
  const std::size_t begin = std::min<std::size_t>(span.begin, all.size());
  return all.substr(begin, std::max(span.begin, span.end) - begin);
}

Position SourceMap::position(FileId file, std::uint32_t byte) const {
  if (file == 0 || file > files_.size()) throw InternalError("no such source file");
  const File& f = files_[file - 1];
  const auto next = std::ranges::upper_bound(f.line_starts, byte);
  const std::uint32_t start = *std::prev(next);
  Position at{static_cast<std::uint32_t>(next - f.line_starts.begin()), 1};
  const std::size_t stop = std::min<std::size_t>(byte, f.text.size());
  for (std::size_t i = start; i < stop; ++i) {
    if ((static_cast<unsigned char>(f.text[i]) & 0xC0U) != 0x80U) ++at.column;  // count lead bytes only
  }
  return at;
}

std::string_view SourceMap::line(FileId file, std::uint32_t line) const {
  const File& f = files_.at(file - 1);
  if (line == 0 || line > f.line_starts.size()) return {};
  const std::size_t begin = f.line_starts[line - 1];
  std::size_t end = line < f.line_starts.size() ? f.line_starts[line] - 1 : f.text.size();
  if (end > begin && f.text[end - 1] == '\r') --end;
  return std::string_view(f.text).substr(begin, end - begin);
}

}  // namespace portcullis::base
