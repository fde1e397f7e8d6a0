// Rulesets in the shapes that kube-proxy 1.36 gives the same program in its first sync: what our load times and packet
// times are compared with. Own code, written from the layout (reference 4) and from dumps of a real kube-proxy; the
// names carry hashes of the right length, not kube-proxy's. tests/kernel loads both and holds them against the
// interpreter.
#pragma once

#include <string>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::bench {

// nftables mode: one chain a Service port with one `numgen … map` rule. One command an object, as kube-proxy hands it
// to `nft -f`.
[[nodiscard]] std::string kube_proxy_nftables(const ir::Program& program);
// iptables mode: tables filter and nat, linear KUBE-SERVICES, a chain a Service port, a chain an endpoint. With the
// jumps from the built-in chains, which kube-proxy makes one by one; without its counters of dropped packets (nfacct),
// which not every kernel has.
[[nodiscard]] std::string kube_proxy_iptables(const ir::Program& program);

}  // namespace portcullis::bench
