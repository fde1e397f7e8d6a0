#include "backends/haproxy/plain_patterns.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace portcullis::haproxy {

namespace {

using ir::l7::PathMatch;

bool is_special(char c) {
  return std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos;
}
// Of escapes only those that stand for the byte itself.
bool is_punctuation(char c) {
  return c > ' ' && c <= '~' && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z');
}

// The text at the start of the pattern, which goes; what follows is no quantifier of its last byte.
std::string take_text(std::string_view& pattern) {
  std::string text;
  while (!pattern.empty()) {
    const bool escaped = pattern.size() > 1 && pattern[0] == '\\' && is_punctuation(pattern[1]);
    if (!escaped && is_special(pattern[0])) break;
    const std::size_t length = escaped ? 2 : 1;
    const char next = pattern.size() > length ? pattern[length] : '\0';
    if (next == '?' || next == '*' || next == '+' || next == '{') break;
    text += pattern[length - 1];
    pattern.remove_prefix(length);
  }
  return text;
}

bool is_anything(std::string_view pattern) {
  return pattern.empty() || pattern == ".*" || pattern == "(.*)" || pattern == "/?(.*)" || pattern == "/?.*";
}

std::string_view without(std::string_view pattern, std::string_view head) {
  return pattern.substr(head.size());
}

}  // namespace

std::vector<PathMatch> plain_patterns(const PathMatch& match) {
  if (match.kind != PathMatch::Kind::regex) return {match};
  constexpr std::string_view slash_or_end = "(/|$)";
  std::string_view rest = match.text;
  const std::string text = take_text(rest);
  if (is_anything(rest)) return {{PathMatch::Kind::prefix, text, match.fold}};
  if (rest == "$") return {{PathMatch::Kind::exact, text, match.fold}};
  if (rest.starts_with(slash_or_end) && is_anything(without(rest, slash_or_end))) {
    return {{PathMatch::Kind::exact, text, match.fold}, {PathMatch::Kind::prefix, text + "/", match.fold}};
  }
  return {match};
}

}  // namespace portcullis::haproxy
