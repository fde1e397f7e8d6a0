// Rules and elements of a ruleset that no packet reaches.
#pragma once

#include <span>

#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/specialise/reached.hpp"

namespace portcullis::obligations {

// What packets of the programs' families go through, in every state of connection tracking and from everywhere. Each
// address that some test singles out is run by itself, and so is each interval between; a run takes every way that the
// rest of a packet can take: what no run goes through is dead.
//
// Packets are those of all proofs: TCP, UDP, SCTP, ICMP; their marks are what the ruleset makes of them. Rules that ask
// for another protocol, and all that they lead to, count as reached. The answer is not complete if something that is
// reached has no model.
[[nodiscard]] specialise::Reached reached_rules(std::span<const ir::Program> programs, const netfilter::Model& model);

}  // namespace portcullis::obligations
