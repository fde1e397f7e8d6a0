// Programs that keep the invariants of program.hpp and are otherwise as odd as they can be: names with blanks, quotes
// and control characters, empty lists, every guard and match. For round trips; their rules make no sense.
#pragma once

#include <random>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir::test {

[[nodiscard]] Program random_program(std::mt19937& random);

}  // namespace portcullis::ir::test
