#include "backends/haproxy/rewrite.hpp"

#include <fmt/format.h>

#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

// The whole path is matched, so that the whole is replaced; captures keep their numbers.
constexpr std::string_view head = R"(^(?s:.*?)(?i:)";
constexpr std::string_view tail = R"()(?s:.*)$)";

std::string replacement(std::string_view target) {
  std::string out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool capture = target[i] == '$' && i + 1 < target.size() && target[i + 1] >= '1' && target[i + 1] <= '9';
    if (capture) {
      out += '\\';
    } else {
      out += target[i];
      if (target[i] == '\\') out += '\\';
    }
  }
  return out;
}

std::string target_of(std::string_view replacement_text) {
  std::string out;
  for (std::size_t i = 0; i < replacement_text.size(); ++i) {
    if (replacement_text[i] != '\\' || i + 1 == replacement_text.size()) {
      out += replacement_text[i];
    } else if (replacement_text[i + 1] == '\\') {
      out += '\\';
      ++i;
    } else {
      out += '$';
    }
  }
  return out;
}

// url_enc encodes more than a path needs: these come back.
std::string encoding() {
  std::string out = ",url_enc";
  for (const char c : std::string_view("/!$&'()*+,:;=@[]")) {
    const std::string text(1, c);
    out += fmt::format(",regsub({},{},g)", percent_encoded(text).size() == 1 ? "%2F" : percent_encoded(text),
                       std::string_view("'(),").find(c) != std::string_view::npos ? argument(text) : text);
  }
  return out;
}

// The argument in quotes with which `text` begins, which goes.
std::optional<std::string> take_argument(std::string_view& text) {
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (!text.starts_with('"') || end >= text.size()) return std::nullopt;
  const auto out = argument_text(text.substr(0, end + 1));
  text.remove_prefix(end + 1);
  return out;
}

}  // namespace

std::string rewrite_expression(const ir::l7::Rewrite& rewrite) {
  return fmt::format("var(txn.path),regsub({},{}){}",
                     argument(std::string(head) + regex_word(rewrite.pattern) + std::string(tail)),
                     argument(replacement(rewrite.target)), encoding());
}

std::string rewrite_condition(const ir::l7::Rewrite& rewrite) {
  return word("(?i)" + regex_word(rewrite.pattern));
}

std::optional<ir::l7::Rewrite> read_rewrite(std::string_view expression) {
  constexpr std::string_view begin = "var(txn.path),regsub(";
  if (!expression.starts_with(begin)) return std::nullopt;
  expression.remove_prefix(begin.size());
  const auto pattern = take_argument(expression);
  if (!pattern || !expression.starts_with(',')) return std::nullopt;
  expression.remove_prefix(1);
  const auto target = take_argument(expression);
  if (!target || pattern->size() < head.size() + tail.size()) return std::nullopt;
  return ir::l7::Rewrite{regex_text(pattern->substr(head.size(), pattern->size() - head.size() - tail.size())),
                         target_of(*target)};
}

}  // namespace portcullis::haproxy
