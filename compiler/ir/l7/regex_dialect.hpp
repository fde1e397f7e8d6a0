// A pattern of PCRE in the words of RE2, where both say the same.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace portcullis::ir::l7 {

struct DialectError {
  std::string reason;
};
// The same pattern for RE2 in Latin-1, or why there is none. `fold`: it will be matched without letter case.
[[nodiscard]] std::variant<std::string, DialectError> to_re2(std::string_view pattern, bool fold);

}  // namespace portcullis::ir::l7
