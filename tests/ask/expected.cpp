#include "tests/ask/expected.hpp"

#include <algorithm>

#include "compiler/base/error.hpp"

namespace portcullis::ask {

using ebpf::Verdict;
using ir::Then;

namespace {

// `random · slots / 2³²`, slots being the weights one after the other.
const ir::Target& slot_of(const std::vector<ir::Target>& targets, std::uint32_t random) {
  std::uint64_t slots = 0;
  for (const ir::Target& t : targets) slots += t.weight;
  std::uint64_t slot = random * slots >> 32U;
  for (const ir::Target& t : targets) {
    if (slot < t.weight) return t;
    slot -= t.weight;
  }
  throw base::InternalError("no target of the slot");
}

}  // namespace

Answer expected(const ebpf::Evaluator& evaluator, const Question& question) {
  ir::Fate fate = evaluator.fate(question.packet);
  switch (fate.kind) {
    case ir::Fate::Kind::reject:
      return {Verdict::reject, {}, 0, false};
    case ir::Fate::Kind::drop:
      return {Verdict::drop, {}, 0, false};
    case ir::Fate::Kind::none:
    case ir::Fate::Kind::accept:
    case ir::Fate::Kind::conflict:
      return {};
    case ir::Fate::Kind::dnat:
      break;
  }
  const ir::Target* target = &slot_of(fate.targets, question.random);
  if (question.remembered && fate.affinity_seconds) {
    const auto known = std::ranges::find_if(fate.targets, [&](const ir::Target& t) {
      return t.address == question.remembered->first && t.port == question.remembered->second;
    });
    if (known != fate.targets.end()) target = &*known;
  }
  if (target->then == Then::reject) return {Verdict::reject, {}, 0, false};
  if (target->then == Then::drop) return {Verdict::drop, {}, 0, false};
  return {Verdict::dnat, target->address, target->port, target->masquerade};
}

}  // namespace portcullis::ask
