// Programs of one node, and what a target makes of them.
#pragma once

#include <optional>
#include <vector>

#include "backends/netfilter/artefact.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/ir/l4/program.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::driver {

// One program a family that the node has; `family`: that one only.
[[nodiscard]] std::vector<ir::Program> programs(const cluster::Cluster& cluster, const cluster::Node& node,
                                                std::optional<net::Family> family);

// The files of the target for these programs. What it cannot express is a finding.
[[nodiscard]] netfilter::Artefact emit(Target target, const std::vector<ir::Program>& programs,
                                       base::Diagnostics& diagnostics);

// The routers of the cluster in their text form, with the places that they come from. Empty: there are none.
[[nodiscard]] std::string routers_text(const std::vector<ir::l7::Router>& routers, const base::SourceMap& sources);
// Adds them to what target ir has of a node: every node routes alike.
void add_routers(netfilter::Artefact& artefact, const std::string& routers_text);

// What goes to a single file or to standard output: the rules without the scripts around them. Programs of both
// families make one text for nftables and ir; for iptables the caller sees to it that there is one.
[[nodiscard]] std::string main_text(Target target, const netfilter::Artefact& artefact);

}  // namespace portcullis::driver
