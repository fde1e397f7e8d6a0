// What is told of a packet that a ruleset treats otherwise than its program: which rule decides, and what matches that
// are not known have to say for it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "compiler/base/source.hpp"

namespace portcullis::obligations {

// Places of the ruleset's text that a verdict is about.
struct TranslationPlaces {
  // Refuted, or possibly so: what decides the packet, or the first of its endpoints that the program does not have.
  std::optional<netfilter::Because> decides;
  // Rules with matches that are not known, where the verdict depends on what they say.
  std::vector<base::SourceSpan> opaque;
};

// A match that is not known, asked at a hook.
using OpaqueAsked = std::pair<netfilter::OpaqueId, netfilter::Hook>;

// Of `got`, what decides that it is not `meant`; nothing where no rule does.
[[nodiscard]] std::optional<netfilter::Because> deciding(const ir::Fate& meant, const netfilter::Evaluation& got);

// "`-m a` holds and `-m b` does not hold"
[[nodiscard]] std::string opaque_text(const netfilter::Model& model, std::span<const OpaqueAsked> asked,
                                      const netfilter::Answers& answers);

// Adds the rules that ask, each once.
void add_places(const netfilter::Model& model, std::span<const OpaqueAsked> asked, TranslationPlaces& places);

}  // namespace portcullis::obligations
