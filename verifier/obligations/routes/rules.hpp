// Rules as people wrote them, behind routes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/ir/l7/regex.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::routes {

// Whose rule a route is: object and field.
using RulePlace = std::pair<std::string, std::string>;
[[nodiscard]] RulePlace place_of(const ir::l7::Route& route);
// Somebody wrote it; the others are the controller's own.
[[nodiscard]] bool is_written(const ir::l7::Route& route);
// `shop` of `shop/web`.
[[nodiscard]] std::string_view namespace_of(std::string_view owner);
// The path of the rule as written: `/cart` of `Prefix /cart`.
[[nodiscard]] std::string_view path_of(const ir::l7::Route& route);

// Whether a route matches a path; patterns are compiled once. A pattern outside of the dialect matches nothing.
class Matcher {
 public:
  [[nodiscard]] bool matches(const ir::l7::PathMatch& match, std::string_view path);
  [[nodiscard]] const ir::l7::Regex& regex(const ir::l7::PathMatch& match);

 private:
  std::map<std::pair<std::string, bool>, ir::l7::Regex> regexes_;
};

}  // namespace portcullis::routes
