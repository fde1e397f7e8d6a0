// Steps, patterns and origins of the text form, read from a cursor. Each reports what it expected and returns a default
// when it is not there.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/ir/form/words.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// What the lines above have declared and steps refer to.
struct Declared {
  std::map<std::pair<std::string, Backend::Via>, BackendId> backends;
  std::map<std::string, RangesId, std::less<>> ranges;
};

[[nodiscard]] int read_status(form::Cursor& c);
// `{ a b }`
[[nodiscard]] std::vector<std::string> read_names(form::Cursor& c);
[[nodiscard]] HostPattern read_pattern(form::Cursor& c);
// `shop/web:80`, with `via …` where there are several of it.
[[nodiscard]] BackendId read_backend_name(form::Cursor& c, const Declared& declared);
// `| by OBJECT [FIELD [at PLACE]]`, if it is there.
[[nodiscard]] Origin read_origin(form::Cursor& c, base::FileId file);
// `[if CONDITION and CONDITION …] -> ANSWER [| by …]`
[[nodiscard]] Step read_step(form::Cursor& c, const Declared& declared, base::FileId file);

}  // namespace portcullis::ir::l7
