// Which claims of a group really meet: is there a packet that two of them with different fates would take? The solver
// is asked, over the destination address and the node; its packet is worked out again by plain code and, as far as
// Services answer for it, replayed by the interpreter.
#pragma once

#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "verifier/obligations/port_claims.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::obligations {

// Everybody who wants one packet.
struct Meeting {
  std::vector<const PortClaim*> claims;  // in the order of the group
  net::Packet packet;
  const cluster::Node* node = nullptr;
};

struct Meetings {
  std::vector<Meeting> found;  // none whose claims are all in another
  std::string unknown;         // why the solver could not say whether there are more; else empty
};

// Two ports of one Service, or of two Services that send every packet the same way, do not meet; nor do two pods, which
// the scheduler keeps apart, nor a node component with the port that is reserved for it.
[[nodiscard]] Meetings find_meetings(const cluster::Cluster& cluster, const std::vector<const PortClaim*>& group,
                                     smt::Session& session);

// What the pieces of a meeting are: at least two ends of it that differ.
[[nodiscard]] bool services_meet(const std::vector<const PortClaim*>& claims);  // two of Services, with two fates
[[nodiscard]] bool node_is_met(const std::vector<const PortClaim*>& claims);    // a Service with a pod or a reserved
                                                                                // port, or a pod with a reserved port

}  // namespace portcullis::obligations
