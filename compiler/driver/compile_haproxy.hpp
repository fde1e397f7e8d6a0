// `compile --to haproxy`: the router of an ingress controller to the configuration of a proxy on the node.
#pragma once

#include "compiler/driver/command_line.hpp"
#include "compiler/driver/destination.hpp"
#include "compiler/driver/session.hpp"

namespace portcullis::driver {

// The exit status. The configuration is the same on every node.
[[nodiscard]] int compile_haproxy(const CompileCommand& command, const Destination& destination, Session& session,
                                  const cluster::Cluster& cluster);

}  // namespace portcullis::driver
