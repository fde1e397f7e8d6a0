#include "verifier/specialise/foreseen.hpp"

#include "verifier/specialise/questions.hpp"

namespace portcullis::specialise {

using namespace netfilter;

bool fails_later(const RunState& s, const Rule& rule, std::uint32_t statement, const RulesetCuts& cuts,
                 Fields& fields) {
  for (std::size_t i = s.statement + 1U; i < rule.statements.size(); ++i) {
    const auto* m = std::get_if<Match>(&rule.statements[i]);
    if (m == nullptr) return false;
    ++statement;
    if (cuts.implied(statement)) continue;
    if (m->key.size() != 1 || m->negated || std::holds_alternative<InSet>(m->test)) continue;
    const Operand x = fields.operand(s, m->key.front(), statement, false);
    if (x.kind == Operand::Kind::missing) return true;
    if (!x.open() && !passes(m->test, x.value)) return true;
  }
  return false;
}

}  // namespace portcullis::specialise
