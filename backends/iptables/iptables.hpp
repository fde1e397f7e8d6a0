// The iptables backend as the driver and the tests use it: lower → print ⇄ read → evaluate (ruleset.hpp and its
// neighbours hold the pieces).
#pragma once

#include <optional>
#include <span>

#include "backends/iptables/ruleset.hpp"
#include "backends/netfilter/artefact.hpp"
#include "backends/netfilter/model.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

// One family. What the target cannot express is a finding (PC5xxx).
[[nodiscard]] Ruleset lower(const ir::Program& program, base::Diagnostics& diagnostics);
// `iptables-restore --noflush` text of our own chains, without the jumps from built-in chains.
[[nodiscard]] std::string print(const Ruleset& ruleset);
// `iptables-restore --noflush` text of the jumps alone.
[[nodiscard]] std::string print_jumps(const Ruleset& ruleset);
// Reads both texts together (a dump holds both). print(*read(text)) == text for our own text.
[[nodiscard]] std::optional<Ruleset> read(base::FileId file, const base::SourceMap& sources,
                                          base::Diagnostics& diagnostics);
// What the ruleset means. `program`, if it is at hand, gives affinity lists their labels where the name is a hash
// (names.hpp).
[[nodiscard]] netfilter::Model model(const Ruleset& ruleset, const ir::Program* program = nullptr);
// iptables.rules and/or ip6tables.rules, jumps.rules, conntrack.sh, apply.sh.
[[nodiscard]] netfilter::Artefact emit(std::span<const ir::Program> programs, base::Diagnostics& diagnostics);

}  // namespace portcullis::iptables
