#include "compiler/driver/excerpt.hpp"

#include "compiler/base/text.hpp"

namespace portcullis::driver {

std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) out += c;
    if (blank && !out.ends_with(' ')) out += ' ';
  }
  if (out.size() <= longest) return base::printable(out);
  const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::size_t end = longest;
  while (end > 0 && is_inside(out[end])) --end;
  return base::printable(out.substr(0, end)) + "…";
}

}  // namespace portcullis::driver
