// Holds what was observed against what is expected.
#pragma once

#include <optional>
#include <string>

#include "tests/cases/cases.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

// How many flows show each of `targets` equally likely endpoints, so that one stays unseen with a probability below
// 10^-12 (a run of some thousand rows then cries wolf less than once in 10^8). At least 32: a wrong endpoint that takes
// half of the flows is missed once in 2^32.
[[nodiscard]] unsigned flows_to_see(std::size_t targets);

// Nothing when `observed` is what `expected` says: all flows refused, or all dropped, or each flow at an expected
// endpoint with the expected source and each endpoint seen. `accept` and `none` are the same to the kernel: the packet
// keeps its destination. Masquerading is compared where the packet met postrouting. Otherwise a line that says both.
[[nodiscard]] std::optional<std::string> disagreement(const net::Packet& packet, const cases::Expectation& expected,
                                                      const Observation& observed);

// Sends what the row needs and judges. With `sticky`, each of many rounds starts with empty affinity memory and all of
// its flows must meet at one endpoint; the rounds together must show every endpoint.
[[nodiscard]] std::optional<std::string> check(Namespace& node, const net::Packet& packet,
                                               const cases::Expectation& expected, bool sticky);

}  // namespace portcullis::kernel
