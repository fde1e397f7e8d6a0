// A last look at a ruleset before it is handed over: the text is read back, printed again, and asked for the fate of
// packets to every frontend; the interpreter must agree. This is a test, not a proof: packets it does not ask about
// stay unexamined.
#pragma once

#include <vector>

#include "backends/netfilter/artefact.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::driver {

// Throws InternalError, naming the packet, if the text does not mean what the programs mean. Nothing to do for the IR's
// own text.
void validate(Target target, const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact);

}  // namespace portcullis::driver
