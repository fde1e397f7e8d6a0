// A netfilter model as text: two readings of one ruleset are equal if their texts are.
#pragma once

#include <string>

#include "backends/netfilter/model.hpp"

namespace portcullis::engines {

// All but places, names of anonymous sets and the spelling of matches that are not known; elements in order of their
// keys.
[[nodiscard]] std::string model_text(const netfilter::Model& model);

}  // namespace portcullis::engines
