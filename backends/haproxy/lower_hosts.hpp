// Names of host entries to the maps of hosts.
#pragma once

#include <vector>

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

// The entries of the router that some name leads to, in order: they are the configuration's entries 0, 1, ….
[[nodiscard]] std::vector<std::uint32_t> lower_hosts(const ir::l7::Router& router, Configuration& out);

}  // namespace portcullis::haproxy
