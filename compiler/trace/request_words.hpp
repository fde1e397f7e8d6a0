// Sentences about what a router decided.
#pragma once

#include <string>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::trace {

// Why a step answered: `because the method is not GET and the source is in …`; empty for an unconditional step.
[[nodiscard]] std::string reasons(const ir::l7::Router& router, const ir::l7::Step& step);

}  // namespace portcullis::trace
