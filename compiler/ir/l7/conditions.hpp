// Whether the conditions of a step hold for a request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/l7/regex_table.hpp"
#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// A request in the eyes of the router.
struct View {
  const Router& router;
  const RegexTable& regexes;
  const Request& request;
  std::string_view name, path;  // after the form
};

struct Truth {
  enum class Value : std::uint8_t { no, yes, unknown };
  Value value = Value::no;
  std::string why;  // unknown
};
// All of them. One that does not hold is enough for no, whatever is not known about the others.
[[nodiscard]] Truth all_hold(const std::vector<Condition>& conditions, const View& view);

// The sentence about a regular expression outside of the dialect.
[[nodiscard]] std::string unsupported(std::string_view pattern, const Regex& regex);

}  // namespace portcullis::ir::l7
