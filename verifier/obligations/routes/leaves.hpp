// What an answer is, as far as it can be told from other answers.
#pragma once

#include "verifier/obligations/routes/treatments.hpp"

namespace portcullis::routes {

// `https`: of requests that come over TLS.
[[nodiscard]] Leaf leaf_of_answer(const Router& router, const ir::l7::Answer& answer, bool https,
                                  const Aspects& aspects);

}  // namespace portcullis::routes
