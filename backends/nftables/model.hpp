// The meaning of a ruleset, with the names that the IR gives to what is remembered.
#pragma once

#include <span>

#include "backends/netfilter/model.hpp"
#include "backends/nftables/ruleset.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

// Labels of our memory come from the comments beside endpoint_of. A Service port's name that was cut there is completed
// from `programs`, if it is one of theirs.
[[nodiscard]] netfilter::Model model(const Ruleset& ruleset, std::span<const ir::Program> programs = {});

}  // namespace portcullis::nftables
