// What a rule comes to behind a question about the rest of the packet.
#pragma once

#include <cstdint>

#include "backends/netfilter/model.hpp"
#include "verifier/specialise/fields.hpp"
#include "verifier/specialise/ruleset_cuts.hpp"
#include "verifier/specialise/run_state.hpp"

namespace portcullis::specialise {

// A later match of the rule fails, whatever the rest of the packet is. Matches change nothing, so their order within a
// rule is of no consequence; without this, k rules `-s … -d …` in a row would be 2^k ways. `statement` is the number of
// the present one.
[[nodiscard]] bool fails_later(const RunState& s, const netfilter::Rule& rule, std::uint32_t statement,
                               const RulesetCuts& cuts, Fields& fields);

}  // namespace portcullis::specialise
