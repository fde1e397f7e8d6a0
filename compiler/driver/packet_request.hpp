// A packet as a user asks for it, before the cluster fills in what was left out.
#pragma once

#include <optional>
#include <string>

#include "compiler/cluster/cluster.hpp"
#include "compiler/net/packet.hpp"
#include "compiler/trace/trace.hpp"

namespace portcullis::driver {

struct PacketRequest {
  net::Packet packet;  // `from` counts only if has_from; an empty `iif` was not given
  bool has_from = false;
};

// `from` by the source address, as seen from `node` (empty: any). `iif` only where the detector looks at interfaces: a
// pod's packet came through one that it accepts, every other one through one that it does not; the node's own came
// through none.
[[nodiscard]] net::Packet complete(const PacketRequest& request, const cluster::Profile& profile,
                                   const trace::Tracer& tracer, const std::string& node);

// An interface name that the detector takes for a pod's, or does not. Empty where it does not look at interfaces.
[[nodiscard]] std::string interface_for(const cluster::LocalDetector& detector, bool pod);

}  // namespace portcullis::driver
