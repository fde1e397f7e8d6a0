// UDP flows outlive their endpoint in conntrack: what has to be forgotten after a load (reference 3.10), as a shell
// script for conntrack(8).
#pragma once

#include <span>
#include <string>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::netfilter {

// One pass over the UDP entries of each family; deletes those to an original destination of ours that do not answer
// from a serving endpoint.
[[nodiscard]] std::string conntrack_script(std::span<const ir::Program> programs);

}  // namespace portcullis::netfilter
