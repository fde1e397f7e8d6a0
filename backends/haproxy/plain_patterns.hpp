// Regular expressions of paths that say no more than texts do.
#pragma once

#include <vector>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::haproxy {

// Exact texts and prefixes that match the same paths, or the pattern as it is: `/a` (anchored at the start only) is the
// prefix `/a`; `/a(/|$)(.*)` is the text `/a` and the prefix `/a/`.
[[nodiscard]] std::vector<ir::l7::PathMatch> plain_patterns(const ir::l7::PathMatch& match);

}  // namespace portcullis::haproxy
