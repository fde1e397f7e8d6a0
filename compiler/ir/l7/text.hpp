// The text form of a Router: a line a route, stable, read back. docs/ir.md shows it.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

[[nodiscard]] std::string print(const Router& router);

struct RouterTextError {
  std::size_t line = 0;  // 1-based
  std::string message;
};
// Everything but origins and owners comes back: print(read(print(r))) == print(r).
[[nodiscard]] std::variant<Router, RouterTextError> read(std::string_view text);

}  // namespace portcullis::ir::l7
