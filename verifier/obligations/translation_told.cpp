#include "verifier/obligations/translation_told.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace portcullis::obligations {

std::optional<netfilter::Because> deciding(const ir::Fate& meant, const netfilter::Evaluation& got) {
  const std::vector<netfilter::Because>& all = got.because;
  if (all.empty()) return {};
  const auto& targets = got.fate.targets;
  for (std::size_t i = 0; i < std::min(targets.size(), all.size()); ++i) {
    const auto same = [&](const ir::Target& t) {
      return t.address == targets[i].address && t.port == targets[i].port && t.masquerade == targets[i].masquerade &&
             t.then == targets[i].then;
    };
    if (std::ranges::none_of(meant.targets, same)) return all[i];
  }
  return all.front();
}

std::string opaque_text(const netfilter::Model& model, std::span<const OpaqueAsked> asked,
                        const netfilter::Answers& answers) {
  std::string holds, fails;
  for (const OpaqueAsked& o : asked) {
    std::string& to = answers.contains(o) ? holds : fails;
    to += fmt::format("{}`{}`", to.empty() ? "" : " and ", model.opaque[o.first].text);
  }
  if (!holds.empty()) holds += " holds";
  if (!fails.empty()) fails += " does not hold";
  return holds + (holds.empty() || fails.empty() ? "" : " and ") + fails;
}

void add_places(const netfilter::Model& model, std::span<const OpaqueAsked> asked, TranslationPlaces& places) {
  for (const auto& [match, hook] : asked) {
    const base::SourceSpan span = model.opaque[match].span;
    if (std::ranges::find(places.opaque, span) == places.opaque.end()) places.opaque.push_back(span);
  }
}

}  // namespace portcullis::obligations
