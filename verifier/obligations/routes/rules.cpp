#include "verifier/obligations/routes/rules.hpp"

#include "compiler/ir/l7/letters.hpp"

namespace portcullis::routes {

using ir::l7::PathMatch;
using ir::l7::Route;

RulePlace place_of(const Route& route) {
  return {route.origin.object, route.origin.field};
}

bool is_written(const Route& route) {
  return route.rule.starts_with("Exact ") || route.rule.starts_with("Prefix ") ||
         route.rule.starts_with("ImplementationSpecific ");
}

std::string_view namespace_of(std::string_view owner) {
  return owner.substr(0, owner.find('/'));
}

std::string_view path_of(const Route& route) {
  const std::string_view rule = route.rule;
  const std::size_t blank = rule.find(' ');
  return blank == std::string_view::npos ? std::string_view{} : rule.substr(blank + 1);
}

const ir::l7::Regex& Matcher::regex(const PathMatch& match) {
  return regexes_.try_emplace({match.text, match.fold}, match.text, match.fold, true).first->second;
}

bool Matcher::matches(const PathMatch& match, std::string_view path) {
  if (match.kind == PathMatch::Kind::regex) return regex(match).search(path);
  const std::string text = match.fold ? ir::l7::folded(match.text) : match.text;
  const std::string seen = match.fold ? ir::l7::folded(path) : std::string(path);
  return match.kind == PathMatch::Kind::exact ? seen == text : seen.starts_with(text);
}

}  // namespace portcullis::routes
