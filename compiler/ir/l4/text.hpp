// The text form of a program: one line a rule, stable, read back. `read(print(p))` prints the same text.
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir {

[[nodiscard]] std::string print(const Program& program);
// What cannot be read is a finding with its place; nothing is returned then. Spans of origins are not part of the text.
[[nodiscard]] std::optional<Program> read(base::FileId file, const base::SourceMap& sources,
                                          base::Diagnostics& diagnostics);

}  // namespace portcullis::ir
