// Programs at random: every table, guard, outcome and check, in combinations that no cluster gives.
#pragma once

#include <random>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

using Random = std::mt19937_64;

// Few addresses and ports, so that keys of different tables collide. Keeps the invariants of program.hpp; marks are
// checked at forward in dialect iptables only, where programs have such checks.
[[nodiscard]] ir::Program random_program(Random& random, net::Family family, ir::Dialect dialect);

}  // namespace portcullis::iptables
