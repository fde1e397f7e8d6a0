// Before a ruleset is handed over: its text is read back, printed again, and proved to mean what the programs mean, for
// every packet. A file that fails is not written.
#pragma once

#include <string>
#include <vector>

#include "backends/netfilter/artefact.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::driver {

// One proof a program; none for the IR's own text. Throws InternalError if the text is not read back as it was written.
[[nodiscard]] std::vector<verdict::Proof> validate(Target target, const std::vector<ir::Program>& programs,
                                                   const netfilter::Artefact& artefact, const ProofOptions& options);

// What is proved once a command, whatever the node: of eBPF, that the instructions of the object mean what the tables
// are proved with. None for the other targets.
[[nodiscard]] std::vector<verdict::Proof> validate_program(Target target, const ProofOptions& options);

}  // namespace portcullis::driver
