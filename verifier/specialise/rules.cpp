#include "verifier/specialise/rules.hpp"

#include "verifier/specialise/questions.hpp"

namespace portcullis::specialise {

using namespace netfilter;

namespace {

// Matches change nothing, so one that fails may as well be asked first.
std::optional<std::uint32_t> only_protocol(const Rule& rule) {
  for (const Statement& statement : rule.statements) {
    const auto* m = std::get_if<Match>(&statement);
    if (m == nullptr) return {};
    const auto* equals = std::get_if<Equals>(&m->test);
    if (m->negated || equals == nullptr || m->key.size() != 1) continue;
    const Term& term = m->key.front();
    const auto* field = std::get_if<Field>(&term.source);
    if (field == nullptr || *field != Field::protocol) continue;
    if (term.flip == Value{} && whole(term.mask, netfilter::width(*field))) return equals->value.words[0];
  }
  return {};
}

}  // namespace

Rules::Rules(const Model& model) {
  std::uint32_t next = 0;
  facts_.reserve(model.chains.size());
  for (const Chain& chain : model.chains) {
    auto& of_chain = facts_.emplace_back();
    of_chain.reserve(chain.rules.size());
    for (const Rule& rule : chain.rules) {
      of_chain.push_back({next, only_protocol(rule)});
      next += static_cast<std::uint32_t>(rule.statements.size());
    }
  }
}

}  // namespace portcullis::specialise
