// Sentences of the narrator about what a program decided.
#pragma once

#include <string>

#include "compiler/ir/l4/interpret.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::trace {

// `192.0.2.7 → 10.0.2.2:8080`.
[[nodiscard]] std::string arrow(const net::Packet& packet);
// `10.0.2.2:8080`, or the address alone for ICMP.
[[nodiscard]] std::string destination(const net::Packet& packet);

// `the cluster-ip 10.3.241.152:80 of default/service-test:80`, `node port 32213 of default/service-test:80`.
[[nodiscard]] std::string frontend(const ir::Route& route);

// Why this outcome of the route: `the source is a pod`; empty where nothing was asked.
[[nodiscard]] std::string guard(const ir::Program& program, const ir::Route& route, const ir::GuardedOutcome& outcome);

// What a balance outcome did: which endpoints could have it, which one is told, whether it is marked and why.
[[nodiscard]] std::string translation(const ir::Program& program, const ir::Route& route,
                                      const ir::GuardedOutcome& outcome, const ir::Fate& fate, const ir::Target& chosen,
                                      const net::Packet& packet);
// The same of a fate that all targets' refusal has taken the place of.
[[nodiscard]] std::string refused_translation(const ir::Program& program, const ir::Route& route,
                                              const ir::Balance& balance);

// What a check did: `refused with ICMP port unreachable: default/empty:80 has no endpoint to use`.
[[nodiscard]] std::string verdict(const ir::Check& check, const net::Packet& packet);

}  // namespace portcullis::trace
