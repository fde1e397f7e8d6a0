// Many short conversations with echo servers at once, so that those nobody answers are waited for together.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/kernel/topology.hpp"

namespace portcullis::kernel {

// One TCP connection or UDP datagram.
struct Ask {
  std::string host;
  net::Protocol protocol = net::Protocol::tcp;
  net::Address to;
  std::uint16_t port = 0;
  std::optional<net::Address> from = {};  // what the client's socket is bound to; otherwise the kernel's choice
  std::uint16_t from_port = 0;
};

// An answer to each, in their order; `silent` after `milliseconds` without a word. `at_once` of them are under way
// together: no more than the queue of a listening socket holds.
[[nodiscard]] std::vector<Answer> ask_all(Topology& net, std::span<const Ask> asks, int milliseconds,
                                          std::size_t at_once = 64);

// A socket of the test's own in a host; calls on it end after `milliseconds`. Throws Failure.
[[nodiscard]] Fd bound_socket(Topology& net, const std::string& host, net::Protocol protocol,
                              const net::Address& address, std::uint16_t port, int milliseconds = 3000);

}  // namespace portcullis::kernel
