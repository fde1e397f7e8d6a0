// Rulesets of a live node, as its tools print them: `iptables-save`, `ip6tables-save`, `nft list ruleset`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::driver {

// All of them together, as one node has them. `programs` name the memories of our own rulesets. Nothing if a file
// cannot be read, or two say the same thing of one family; that is among the findings.
[[nodiscard]] std::optional<netfilter::Model> read_rulesets(const std::vector<std::string>& paths,
                                                            const std::vector<ir::Program>& programs,
                                                            base::SourceMap& sources, base::Diagnostics& diagnostics);

// The addresses that `ip -j addr` prints, without loopback. Nothing if the file cannot be read.
[[nodiscard]] std::optional<std::vector<net::Address>> read_addresses(const std::string& path, base::SourceMap& sources,
                                                                      base::Diagnostics& diagnostics);

}  // namespace portcullis::driver
