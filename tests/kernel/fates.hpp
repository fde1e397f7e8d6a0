// Holds what was observed against what the interpreter says: finer than judge.hpp, whose expectations know neither
// weights nor refusals after translation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/ir/l4/fate.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

struct Foretold {
  net::Packet packet;
  ir::Fate fate;  // never `conflict`: such a program is not emitted
};

// How many flows show each target, so that one stays unseen with a probability below 10^-12.
[[nodiscard]] unsigned flows_to_see(const ir::Fate& fate);

// Nothing when the flows met the fate: each at a target with that target's source (or refused where a target's `then`
// says so), each target seen and none more than 7.5 standard deviations from its share; a packet that is left alone
// keeps its destination, and its source unless it is marked. Delivery here and departure are told apart for packets
// that arrive on an interface. Otherwise a line that says both.
// With `sticky`, the flows are of one source that has been remembered: one target must have them all.
[[nodiscard]] std::optional<std::string> disagreement(const Foretold& foretold, const Observation& observed,
                                                      bool sticky = false);

// Sends what each packet needs, and returns a line for each that disagrees. Fates with affinity are tried in `rounds`
// rounds, each with an empty memory and three flows a packet.
[[nodiscard]] std::vector<std::string> check(Namespace& node, std::span<const Foretold> foretold, unsigned rounds = 6);

}  // namespace portcullis::kernel
