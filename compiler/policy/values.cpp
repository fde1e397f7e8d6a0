#include "compiler/policy/values.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::policy {

namespace {

constexpr std::uint32_t last_port = 65535;
constexpr std::size_t longest_port_name = 15;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_port_name(std::string_view word) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; };
  return !word.empty() && word.size() <= longest_port_name && std::ranges::all_of(word, fits) &&
         std::ranges::any_of(word, is_letter);
}

}  // namespace

std::string_view to_string(FrontendKind kind) {
  switch (kind) {
    using enum FrontendKind;
    case cluster_ip:
      return "cluster-ip";
    case external_ip:
      return "external-ip";
    case load_balancer:
      return "load-balancer";
    case node_port:
      return "node-port";
  }
  return {};
}

std::string_view to_string(Exposure exposure) {
  switch (exposure) {
    using enum Exposure;
    case host_port:
      return "host-port";
    case host_network:
      return "host-network";
    case node_port:
      return "node-port";
    case external_ip:
      return "external-ip";
    case load_balancer:
      return "load-balancer";
  }
  return {};
}

// Greedy, with one place to go back to: linear for a pattern with one star, never worse than |text| × |name|.
bool Pattern::matches(std::string_view name) const {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string::npos, after = 0;
  while (n < name.size()) {
    if (p < text.size() && text[p] == '*') {
      star = p++;
      after = n;
    } else if (p < text.size() && text[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++after;
    } else {
      return false;
    }
  }
  while (p < text.size() && text[p] == '*') ++p;
  return p == text.size();
}

std::optional<std::string> unquote(std::string_view word) {
  if (word.size() < 2 || word.front() != '"') return std::string(word);
  word = word.substr(1, word.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '\\') {
      out += word[i];
      continue;
    }
    ++i;
    if (i == word.size() || (word[i] != '"' && word[i] != '\\')) return std::nullopt;
    out += word[i];
  }
  return out;
}

std::optional<std::uint32_t> parse_number(std::string_view word, std::uint32_t least, std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size() || number < least || number > most) return std::nullopt;
  return number;
}

std::optional<PortNumbers> parse_port_numbers(std::string_view word) {
  const std::size_t hyphen = word.find('-');
  const auto first = parse_number(word.substr(0, hyphen), 1, last_port);
  const auto last = hyphen == std::string_view::npos ? first : parse_number(word.substr(hyphen + 1), 1, last_port);
  if (!first || !last || *first > *last) return std::nullopt;
  return PortNumbers{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

std::optional<std::variant<PortNumbers, std::string>> parse_port(std::string_view word) {
  if (const auto numbers = parse_port_numbers(word)) return *numbers;
  if (is_port_name(word)) return std::string(word);
  return std::nullopt;
}

bool is_range_like(std::string_view word) {
  return word.find_first_of("./:") != std::string_view::npos || (!word.empty() && is_digit(word.front()));
}

std::optional<net::Prefix> parse_range(std::string_view word) {
  if (const auto prefix = net::Prefix::parse(word)) return prefix;
  if (const auto address = net::Address::parse(word)) return net::Prefix::host(*address);
  return std::nullopt;
}

std::optional<std::chrono::year_month_day> parse_date(std::string_view word) {
  if (word.size() != 10 || word[4] != '-' || word[7] != '-') return std::nullopt;
  const auto year = parse_number(word.substr(0, 4), 1, 9999);
  const auto month = parse_number(word.substr(5, 2), 1, 12);
  const auto day = parse_number(word.substr(8, 2), 1, 31);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month},
                                         std::chrono::day{*day}};
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::string date_text(std::chrono::year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::optional<ObjectPattern> parse_object(std::string_view word, SourceSpan span) {
  const std::vector<std::string_view> parts = base::split(word, '/');
  if (parts.size() > 2 || std::ranges::any_of(parts, &std::string_view::empty)) return std::nullopt;
  ObjectPattern object;
  object.span = span;
  object.name = {std::string(parts.back()), span};
  if (parts.size() == 2) object.ns = Pattern{std::string(parts.front()), span};
  return object;
}

}  // namespace portcullis::policy
