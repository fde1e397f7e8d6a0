// How requests get to a router (reference 12).
#pragma once

#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// What the profile says; else the Service whose balancer address the router's Ingresses have in their status; else the
// Service, and then the workload with ports of its nodes, that is called as the well-known controllers call theirs
// (with or without a prefix, as Helm's releases have it); else portcullis' own proxy on every node.
[[nodiscard]] Entry entry_of(const cluster::Cluster& cluster, const Router& router);

// The port of the entry's Service that takes requests: number 443 or 80, else the name, else none.
[[nodiscard]] const cluster::ServicePort* entry_port(const cluster::Service& service, bool https);

// What a client outside the cluster connects to.
struct Door {
  net::Address address;
  std::uint16_t port = 0;
  std::string node;  // whose address and port it is; empty: of a balancer, or an external IP
  bool operator==(const Door&) const = default;
};
// Balancer addresses, then external IPs, then nodes in the order of their names. Empty: no way in; and always of a
// balancer outside the cluster, whose address nobody gave.
[[nodiscard]] std::vector<Door> doors(const cluster::Cluster& cluster, const Entry& entry, bool https);

}  // namespace portcullis::ir::l7
