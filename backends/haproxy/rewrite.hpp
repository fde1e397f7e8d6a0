// A rewrite as an expression of samples and converters, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::haproxy {

// `var(txn.path),regsub("…","…"),…`: the new path, encoded for the request line. Not quoted as a word.
[[nodiscard]] std::string rewrite_expression(const ir::l7::Rewrite& rewrite);
[[nodiscard]] std::optional<ir::l7::Rewrite> read_rewrite(std::string_view expression);
// The pattern as the condition of a rewrite has it: letter case ignored.
[[nodiscard]] std::string rewrite_condition(const ir::l7::Rewrite& rewrite);

}  // namespace portcullis::haproxy
