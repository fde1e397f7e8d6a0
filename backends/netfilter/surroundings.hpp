// What the node does beside our rules, as far as the profile states it: for holding our own ruleset alone against a
// program.
#pragma once

#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::netfilter {

// Adds a base chain for each check of `program` that is not ours to emit (a foreign FORWARD policy).
void add_foreign_checks(Model& model, const ir::Program& program);

// The same for a model whose rules stand in the node's one `filter` table (iptables): a foreign policy is the built-in
// chain's own.
void set_foreign_policies(Model& model, const ir::Program& program);

}  // namespace portcullis::netfilter
