// Rules of a ruleset that no packet reaches, for people.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "compiler/base/source.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::driver {

// A line a rule, with its place, the first few of them; a line a set of whose elements some are never found. Of chains
// and sets that see packets of a family that no program has, nothing is said. One line if it cannot be known.
[[nodiscard]] std::vector<std::string> dead_rules(std::span<const ir::Program> programs, const netfilter::Model& model,
                                                  const base::SourceMap& sources);

}  // namespace portcullis::driver
