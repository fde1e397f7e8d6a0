// Translation validation: a ruleset means what a program means, for every packet of one family.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/obligations/method.hpp"
#include "verifier/obligations/translation_told.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

using verdict::Proof;
using verdict::Standing;

// What was looked at on the way to a verdict.
struct TranslationCounts {
  std::size_t regions = 0, shapes = 0, concrete = 0, by_cases = 0;
  std::size_t anchors = 0;  // regions that the plain encoding has proved too: one of every shape
};

// `model` is what was read back, foreign parts of the node included; `name` is the proof's. The proof is refuted only
// with a packet on which the interpreter and the evaluator disagree.
//
// Matches that are not known may say anything: what is proved holds whatever they say, and what is refuted is refuted
// whatever they say. Else the verdict is unknown, and its reason has both answers: that surely no packet differs, and
// one that possibly does.
//
// What holds for a region whose diagrams hold a choice of unknown form, or a memory that is asked apart from its
// choice, is decided by cases: each combination of answers that a packet can give is tried on both.
[[nodiscard]] Proof prove_translation(std::string name, const ir::Program& program, const netfilter::Model& model,
                                      const netfilter::NodeFacts& node, smt::Session& session,
                                      Method method = Method::shapes, TranslationCounts* counts = nullptr,
                                      TranslationPlaces* places = nullptr);

}  // namespace portcullis::obligations
