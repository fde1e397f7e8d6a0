#include "compiler/report/locator.hpp"

#include <algorithm>
#include <string_view>

namespace portcullis::report {

namespace {

constexpr std::uint32_t stride = 4096;

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

const std::vector<Locator::Mark>& Locator::marks(base::FileId file) {
  const auto [entry, is_new] = marks_.try_emplace(file);
  std::vector<Mark>& all = entry->second;
  if (!is_new) return all;
  const std::string_view text = sources_->text(file);
  Mark at{{1, 1}, 0};
  all.reserve(text.size() / stride + 1);
  for (std::uint32_t i = 0; i < text.size(); ++i) {
    if (i % stride == 0) all.push_back(at);
    if (text[i] == '\n') {
      at = {{at.position.line + 1, 1}, i + 1};
    } else if (starts_code_point(text[i])) {
      ++at.position.column;
    }
  }
  if (all.empty()) all.push_back(at);
  return all;
}

Locator::Mark Locator::mark(base::FileId file, std::uint32_t byte) {
  const std::vector<Mark>& all = marks(file);
  const std::string_view text = sources_->text(file);
  const std::uint32_t stop = std::min(byte, static_cast<std::uint32_t>(text.size()));
  const std::size_t index = std::min<std::size_t>(stop / stride, all.size() - 1);
  Mark at = all[index];
  for (auto i = static_cast<std::uint32_t>(index) * stride; i < stop; ++i) {
    if (text[i] == '\n') {
      at = {{at.position.line + 1, 1}, i + 1};
    } else if (starts_code_point(text[i])) {
      ++at.position.column;
    }
  }
  return at;
}

base::Position Locator::position(base::FileId file, std::uint32_t byte) {
  return mark(file, byte).position;
}

base::Position Locator::end(base::SourceSpan span) {
  return position(span.file, std::max(span.begin, span.end));
}

std::uint32_t Locator::line_start(base::FileId file, std::uint32_t byte) {
  return mark(file, byte).line_start;
}

}  // namespace portcullis::report
