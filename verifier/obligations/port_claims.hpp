// Who wants a port on a node: every claim on (address, protocol, port), and which of them could meet. Comparing sorted
// claims is exhaustive: what is in no group shares its key with nobody. Only groups are put to the solver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::obligations {

enum class Holder : std::uint8_t {
  service_address,  // ClusterIP, external IP, balancer VIP: on every node
  node_port,
  health_check,       // healthCheckNodePort
  workload,           // a host port, or a declared port on the host network
  profile_host_port,  // a pod that only the profile knows
  reserved,           // a port that nodes need themselves
};

struct PortClaim {
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t port = 0;
  Holder holder{};
  // service_address: the one. workload, profile_host_port: the hostIP. Absent: the node's own addresses, those that
  // take node ports for node_port and health_check, else all.
  std::optional<net::Address> address;
  const cluster::Service* service = nullptr;           // of the first three
  const cluster::ServicePort* service_port = nullptr;  // of the first two
  const cluster::HostPortWorkload* workload = nullptr;
  const cluster::NodePortWant* want = nullptr;
  const cluster::Node* node = nullptr;  // of profile_host_port
  const cluster::HostPort* host_port = nullptr;
  const cluster::ReservedPort* reserved = nullptr;
  base::SourceSpan span;

  [[nodiscard]] bool of_service() const {
    return holder == Holder::service_address || holder == Holder::node_port || holder == Holder::health_check;
  }
  [[nodiscard]] bool of_pod() const { return holder == Holder::workload || holder == Holder::profile_host_port; }
  // A node component in a pod of its own (kube-apiserver, etcd): its port is the one that is reserved for it.
  [[nodiscard]] bool of_node_component() const;
  // `Service shop/web`, `DaemonSet shop/agent`, `SSH`.
  [[nodiscard]] std::string who() const;
  // The same and what it claims: `Service shop/web (node port 30080/TCP)`.
  [[nodiscard]] std::string text() const;
};

struct PortClaims {
  std::vector<PortClaim> claims;  // by protocol, port, whether an address is named, address
  // Claims of one protocol and port that could meet: on addresses of nodes, or on one other address. Each has at least
  // two that are not two pods (these the scheduler keeps apart).
  std::vector<std::vector<const PortClaim*>> groups;
};

// Points into the cluster, which must outlive it.
[[nodiscard]] PortClaims collect_port_claims(const cluster::Cluster& cluster);

}  // namespace portcullis::obligations
