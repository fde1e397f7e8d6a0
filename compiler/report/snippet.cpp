#include "compiler/report/snippet.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "compiler/base/text.hpp"

namespace portcullis::report {

namespace {

constexpr std::size_t lead_columns = 60;  // shown before the span of a long line
constexpr std::size_t most_columns = 140;

// First code points of blocks that terminals draw over two columns, and of those that take none (Unicode TR 11 wide and
// fullwidth, combining marks); coarse, because a caret that is off by one in a rare script does no harm.
constexpr std::array<std::pair<char32_t, char32_t>, 10> wide{{{0x1100, 0x115F},
                                                              {0x2E80, 0x303E},
                                                              {0x3041, 0xA4CF},
                                                              {0xAC00, 0xD7A3},
                                                              {0xF900, 0xFAFF},
                                                              {0xFE30, 0xFE6F},
                                                              {0xFF00, 0xFF60},
                                                              {0xFFE0, 0xFFE6},
                                                              {0x1F300, 0x1FAFF},
                                                              {0x20000, 0x3FFFD}}};
constexpr std::array<std::pair<char32_t, char32_t>, 5> no_width{
    {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};

bool in_table(char32_t c, const auto& table) {
  return std::ranges::any_of(table, [&](const auto& block) { return c >= block.first && c <= block.second; });
}

// One character as shown, and how many bytes of the line it came from.
struct Shown {
  std::string text;
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(length, text.size());
}

char32_t code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(sequence[i])); };
  if (sequence.size() == 2) return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
  if (sequence.size() == 3) return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
  if (sequence.size() == 4) {
    return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU);
  }
  return byte(0);
}

Shown show(std::string_view rest) {
  if (rest.front() == '\t') return {"    ", 1, 4};
  const std::string_view sequence = rest.substr(0, sequence_length(rest));
  const std::string text = base::printable(sequence);
  if (text == sequence) {
    const char32_t c = code_point(sequence);
    return {text, sequence.size(), in_table(c, wide) ? 2U : in_table(c, no_width) ? 0U : 1U};
  }
  const std::string one =
      base::printable(rest.substr(0, 1));  // a byte that is no text, or an escape of a whole character
  return sequence.size() > 1 && text.size() > 4 * sequence.size() - 1 ? Shown{text, sequence.size(), text.size()}
                                                                      : Shown{one, 1, one.size()};
}

}  // namespace

Snippet snippet(std::string_view text, std::size_t begin, std::size_t end) {
  begin = std::min(begin, text.size());
  end = std::clamp(end, begin, text.size());
  // Bytes outside this window are further from the span than could be shown, however narrow their characters.
  std::size_t from = begin > 4 * lead_columns ? begin - 4 * lead_columns : 0;
  while (from > 0 && from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
  std::vector<Shown> before;
  std::size_t before_columns = 0;
  for (std::size_t at = from; at < begin;) {
    before.push_back(show(text.substr(at, begin - at)));
    before_columns += before.back().columns;
    at += before.back().bytes;
  }
  Snippet out;
  std::size_t skip = 0;
  for (; before_columns > lead_columns && from + begin > most_columns && skip < before.size(); ++skip) {
    before_columns -= before[skip].columns;
  }
  if (from > 0 || skip > 0) {
    out.line = "…";
    out.carets = " ";
  }
  for (std::size_t i = skip; i < before.size(); ++i) {
    out.line += before[i].text;
    out.carets.append(before[i].columns, ' ');
  }
  std::size_t columns = before_columns;
  std::size_t at = begin;
  for (; at < text.size() && columns < most_columns;) {
    const Shown c = show(text.substr(at));
    if (at < end) out.carets.append(c.columns, '^');
    out.line += c.text;
    columns += c.columns;
    at += c.bytes;
  }
  if (at < text.size()) out.line += "…";
  if (out.carets.empty() || out.carets.back() != '^') out.carets += '^';
  return out;
}

Snippet snippet(base::SourceSpan span, Locator& locator) {
  const std::string_view text = locator.sources().text(span.file);
  const std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  const std::size_t start = std::min<std::size_t>(locator.line_start(span.file, span.begin), begin);
  std::size_t stop = text.find('\n', begin);
  if (stop == std::string_view::npos) stop = text.size();
  if (stop > start && text[stop - 1] == '\r') --stop;
  return snippet(text.substr(start, stop - start), begin - start, std::max<std::size_t>(span.end, begin) - start);
}

}  // namespace portcullis::report
