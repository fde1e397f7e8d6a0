// What the kernel of this machine makes of instructions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verifier/bytecode/object.hpp"

namespace portcullis::tests {

// Whether programs may be loaded here. If not, says so in a line that starts with `SKIPPED:`; with
// PORTCULLIS_KERNEL=require the running test fails.
[[nodiscard]] bool kernel_runs_programs();
// r0 at the end, all 64 bits. The instructions end with their only exit. Throws if the kernel refuses them.
[[nodiscard]] std::uint64_t run_in_kernel(const std::vector<bytecode::Instruction>& instructions);

}  // namespace portcullis::tests
