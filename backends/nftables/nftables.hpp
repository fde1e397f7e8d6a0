// The nftables backend as the driver and the tests use it: lower → print ⇄ read → evaluate (ruleset.hpp and its
// neighbours hold the pieces).
#pragma once

#include <optional>
#include <span>

#include "backends/netfilter/artefact.hpp"
#include "backends/nftables/ruleset.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

// Programs of one node and dialect, one a family. What the target cannot express is a finding (PC5xxx).
[[nodiscard]] Ruleset lower(std::span<const ir::Program> programs, base::Diagnostics& diagnostics);
// `nft -f` text: loads into an empty kernel, replaces an older load of ours in place, leaves every other table alone.
[[nodiscard]] std::string print(const Ruleset& ruleset);
// Reads what `print` wrote, and `nft list ruleset`'s spelling of it, as text or as JSON (`nft -j`). print(*read(text))
// == text for our own text.
[[nodiscard]] std::optional<Ruleset> read(base::FileId file, const base::SourceMap& sources,
                                          base::Diagnostics& diagnostics);
// nftables.nft, conntrack.sh, apply.sh.
[[nodiscard]] netfilter::Artefact emit(std::span<const ir::Program> programs, base::Diagnostics& diagnostics);

}  // namespace portcullis::nftables
