// A namespace made into a node: sysctls, addresses, routes.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/net/address.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

inline constexpr std::string_view uplink_name = "uplink";

// All of these inside the namespace; they throw Failure.

// Forwarding on, no filters of the kernel's own in the way (reverse path, martians, rate limits of ICMP errors).
void set_sysctls(const NodeSetup& setup);
// The node's addresses and the default routes on the uplink, which must be up.
void add_addresses(const std::vector<net::Address>& addresses);

}  // namespace portcullis::kernel
