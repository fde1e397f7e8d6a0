// What a program knows of its node apart from Services: detector, accepted node-port addresses, loopback
// (reference 3.4, 3.5.4).
#pragma once

#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir {

[[nodiscard]] Detector detector(const cluster::Profile& profile, const cluster::Node& node, net::Family family);
// Of the node's interfaces but loopback, sorted: Program::local_addresses.
[[nodiscard]] std::vector<net::Address> local_addresses(const cluster::Node& node, net::Family family);
[[nodiscard]] AcceptedAddresses accepted_addresses(const cluster::Profile& profile, const cluster::Node& node,
                                                   net::Family family);

}  // namespace portcullis::ir
