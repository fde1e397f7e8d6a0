// What an answer of a step makes of a request.
#pragma once

#include "compiler/ir/l7/conditions.hpp"
#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

[[nodiscard]] Decision decide(const Answer& answer, const View& view);

// TLS that the backend ends: a request inside of it arrives as it was sent.
[[nodiscard]] Decision pass_through(BackendId backend, const View& view);

}  // namespace portcullis::ir::l7
