// Translation validation by the plain encoding (verifier/plain): slower than shapes, and independent of them.
#pragma once

#include <cstddef>
#include <string>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/obligations/translation_told.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

// How destinations are taken.
enum class Slices : std::uint8_t {
  named,  // each that stands in the program or in the ruleset by itself, and all others at once
  whole,  // all at once: only for very small programs
};

// The claim of prove_translation (translation.hpp). Refuted only with a packet on which the interpreter and the
// evaluator disagree. `regions`, if given, is how many were judged; `places` as of prove_translation.
[[nodiscard]] verdict::Proof prove_translation_plainly(std::string name, const ir::Program& program,
                                                       const netfilter::Model& model, const netfilter::NodeFacts& node,
                                                       smt::Session& session, Slices slices = Slices::named,
                                                       std::size_t* regions = nullptr,
                                                       TranslationPlaces* places = nullptr);

}  // namespace portcullis::obligations
