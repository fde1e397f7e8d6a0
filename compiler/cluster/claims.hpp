// Who claims which key (reference 2.6), and the findings of those that more than one claims: PC2037, PC2038, PC3102,
// PC3504.
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/pods.hpp"

namespace portcullis::cluster {

// Sorted by kind and key. Reads profile, nodes and services of `cluster`.
[[nodiscard]] std::vector<Claim> resolve_claims(const Cluster& cluster, const Pods& pods,
                                                base::Diagnostics& diagnostics);

// Puts host ports of the pods into `nodes[].host_ports`, newer pods first, the profile's after them (portmap's order,
// reference 3.8).
void place_host_ports(const Pods& pods, std::vector<Node>& nodes);

// What takes ports of its nodes, and where it may run.
[[nodiscard]] std::vector<HostPortWorkload> host_port_workloads(const Pods& pods, const std::vector<Node>& nodes);

// ---- the pieces, one a file

void claim_service_addresses(const std::vector<Service>& services, std::vector<Claim>& claims,
                             base::Diagnostics& diagnostics);
// Node ports and health check node ports: one space of numbers.
void claim_node_ports(const std::vector<Service>& services, std::vector<Claim>& claims, base::Diagnostics& diagnostics);
void claim_host_ports(const Pods& pods, const std::vector<Node>& nodes, std::vector<Claim>& claims,
                      base::Diagnostics& diagnostics);

// At most so many claimants are named in one finding; the message counts the rest.
inline constexpr std::size_t most_named = 20;

// A Service that wants something another has, and the place where it says so.
struct Claimant {
  const Service* service = nullptr;
  SourceSpan span;  // the scalar
  std::string field;
};
// `claimants` in document order: the first keeps what it has, each later one gets a finding that names all others.
void report_claimants(std::string_view code, std::string_view what, base::Reason reason,
                      const std::vector<Claimant>& claimants, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
