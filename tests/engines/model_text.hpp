// A netfilter model as text: two readings of one ruleset are equal if their texts are.
#pragma once

#include <string>

#include "backends/netfilter/model.hpp"

namespace portcullis::engines {

// All but places, the spelling of matches that are not known, and sets that no rule uses; base chains in order, then
// the other chains by name, then sets by name; elements in order of their keys.
[[nodiscard]] std::string model_text(const netfilter::Model& model);

}  // namespace portcullis::engines
