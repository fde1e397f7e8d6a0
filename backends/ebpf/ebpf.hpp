// The eBPF backend as the driver and the tests use it: lower → print ⇄ read → evaluate; emit makes the files of a node.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "backends/ebpf/tables.hpp"
#include "backends/netfilter/artefact.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ebpf {

// Programs of one node and dialect, one a family. What the target cannot express is a finding (PC5xxx). `program` is
// the digest of the object that will read the tables.
[[nodiscard]] Tables lower(std::span<const ir::Program> programs, const std::string& program,
                           base::Diagnostics& diagnostics);

// The text of an artefact: one line a fact, sorted, read back. read(print(t)) == t.
[[nodiscard]] std::string print(const Tables& tables);
// What cannot be read is a finding with its place (PC5015); nothing is returned then.
[[nodiscard]] std::optional<Tables> read(base::FileId file, const base::SourceMap& sources,
                                         base::Diagnostics& diagnostics);

// node.pcl (print), program.o, companion.nft, conntrack.sh; maps.batch and apply.sh, for nodes without portcullis;
// SHA256SUMS.
[[nodiscard]] netfilter::Artefact emit(std::span<const ir::Program> programs, base::Diagnostics& diagnostics);

}  // namespace portcullis::ebpf
