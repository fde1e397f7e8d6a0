// What every way to prove a translation claims.
#pragma once

#include <string>

#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

// The statement and its assumptions, not decided yet.
[[nodiscard]] verdict::Proof translation_claim(std::string name, const ir::Program& program,
                                               const netfilter::Model& model);

}  // namespace portcullis::obligations
