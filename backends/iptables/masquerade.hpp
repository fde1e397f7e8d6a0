// What happens to sources and to the mark: hairpins, masquerade; and the source ranges that are tested before
// translation.
#pragma once

#include "backends/iptables/builder.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

// The pre stage: mangle PREROUTING and OUTPUT, which come before nat.
void add_source_ranges(const ir::Program& program, TableBuilder& mangle);

// nat POSTROUTING: marked packets lose the mark and are masqueraded; in dialect nftables hairpins of endpoints on this
// node as well, by one rule an endpoint address.
//
// The mark's bit is cleared before MASQUERADE, so that nobody behind us sees it.
void add_postrouting(const ir::Program& program, TableBuilder& nat);

// Dialect iptables: a hairpin is marked before FORWARD looks at the mark, as kube-proxy marks it at translation. The
// rules are in mangle, once for FORWARD, and entered again from POSTROUTING for what this node sends itself. The same
// rules in nat POSTROUTING would need a second set of them in FORWARD, which has to accept hairpins as it accepts
// marked packets.
void add_hairpin_marks(const ir::Program& program, TableBuilder& mangle);

}  // namespace portcullis::iptables
