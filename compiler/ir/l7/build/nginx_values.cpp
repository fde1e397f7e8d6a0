#include "compiler/ir/l7/build/nginx_values.hpp"

#include <algorithm>
#include <charconv>

#include "compiler/base/text.hpp"

namespace portcullis::ir::l7 {

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view part : base::split(text, ',')) {
    const std::string_view item = base::trim(part);
    if (!item.empty()) out.emplace_back(item);
  }
  return out;
}

std::optional<net::PrefixSet> parse_ranges(std::string_view text) {
  const std::vector<std::string> items = comma_list(text);
  if (items.empty()) return std::nullopt;
  net::PrefixSet out;
  for (const std::string& item : items) {
    if (const auto prefix = net::Prefix::parse_sloppy(item)) {
      out.add(*prefix);
    } else if (const auto address = net::Address::parse_sloppy(item)) {
      out.add(net::Prefix::host(*address));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t unit = 1;
  switch (text.back()) {
    case 'k':
    case 'K':
      unit = 1024;
      break;
    case 'm':
    case 'M':
      unit = std::uint64_t{1024} * 1024;
      break;
    case 'g':
    case 'G':
      unit = std::uint64_t{1024} * 1024 * 1024;
      break;
    default:
      return parse_number(text);
  }
  const auto number = parse_number(text.substr(0, text.size() - 1));
  if (!number || *number > (std::uint64_t{1} << 33)) return std::nullopt;
  return *number * unit;
}

bool made_of(std::string_view text, std::string_view allowed) {
  return std::ranges::all_of(text, [allowed](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || allowed.find(c) != std::string_view::npos;
  });
}

}  // namespace portcullis::ir::l7
