// Rulesets in the shapes that kube-proxy gives the same program: what our load times and packet times are compared
// with. Own code, written from the layout description alone; the names carry hashes of the right length, not
// kube-proxy's.
#pragma once

#include <string>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::bench {

// nftables mode since 1.36: one chain a Service port with one `numgen … map` rule. Without affinity, external addresses
// and host ports.
[[nodiscard]] std::string kube_proxy_nftables(const ir::Program& program);
// iptables mode: linear KUBE-SERVICES, a chain a Service port, a chain an endpoint.
[[nodiscard]] std::string kube_proxy_iptables(const ir::Program& program);

}  // namespace portcullis::bench
