// Policy text to a tree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

// Bounds against hostile input; each is an error with a place.
inline constexpr std::size_t most_bytes = std::size_t{1} << 18U;
inline constexpr std::size_t most_errors = 100;  // of one file; what follows is not looked at

// Every sentence that can be read; a sentence that cannot is PC4001, and reading goes on at the next line that begins
// with the first word of a sentence. Files that are no policy give errors, never a tree and silence.
[[nodiscard]] SyntaxTree parse(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics);

}  // namespace portcullis::policy
