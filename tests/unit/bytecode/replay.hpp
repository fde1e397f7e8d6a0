// A counterexample on the kernel: the tables are filled as it says, and the program is asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "verifier/bytecode/witness.hpp"

namespace portcullis::tests {

struct Answer {
  std::uint64_t decision = 0, verdict = 0;
  bytecode::Octets choice;  // zeros if it was not filled
};

// What the program `pcl_ask` of the object says. A witness of `choose` gets a frontend that leads to its decision.
[[nodiscard]] Answer ask_kernel(std::span<const std::byte> object, const bytecode::Witness& witness);

}  // namespace portcullis::tests
