// Manifest text to the program of `node-0`, as the benchmarks need it.
#pragma once

#include <string>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::bench {

// Throws InternalError if the text has an error: the benchmarks' own inputs have none.
[[nodiscard]] ir::Program program_of(const std::string& text, bool json, ir::Dialect dialect = ir::Dialect::nftables);

}  // namespace portcullis::bench
