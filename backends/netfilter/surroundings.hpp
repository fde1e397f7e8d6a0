// What the node does beside our rules, as far as the profile states it: for holding our own ruleset alone against a
// program.
#pragma once

#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::netfilter {

// Adds a base chain for each check of `program` that is not ours to emit (a foreign FORWARD policy).
void add_foreign_checks(Model& model, const ir::Program& program);

}  // namespace portcullis::netfilter
