// Who owns an address: what the network around the nodes knows. Built once from the resolved cluster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::trace {

// A Service's balancer address, as packets from outside the nodes meet it.
struct Balancer {
  const cluster::Service* service = nullptr;
  const cluster::ServicePort* port = nullptr;  // absent: the Service has no such port
  std::string name;                            // the profile's, or the Service's
  bool via_node_port = true;                   // false: the packet reaches the node with the balancer's address
};

// An endpoint at an address, of whatever Service.
struct KnownEndpoint {
  const cluster::Service* service = nullptr;
  const cluster::ServicePort* port = nullptr;
  const cluster::Endpoint* endpoint = nullptr;
};

class Atlas {
 public:
  explicit Atlas(const cluster::Cluster& cluster);

  // The node that has this address on an interface; never for loopback, which every node has.
  [[nodiscard]] const cluster::Node* node_with(const net::Address& address) const;
  // The node towards which a pod address is routed: of the pod, of the endpoint, or whose pod CIDR holds it.
  [[nodiscard]] const cluster::Node* node_of_pod(const net::Address& address) const;
  // A pod with an address of its own (not on the host network).
  [[nodiscard]] const cluster::Pod* pod_at(const net::Address& address) const;
  [[nodiscard]] const KnownEndpoint* endpoint_at(const net::Address& address) const;
  // In a pod range of the profile or of a node, or a known pod's or endpoint's, and no node's own.
  [[nodiscard]] bool in_pod_network(const net::Address& address) const;

  [[nodiscard]] std::optional<Balancer> balancer(const net::Packet& packet) const;
  // A cluster IP, or an address of a Service range: no device has it.
  [[nodiscard]] bool in_service_network(const net::Address& address) const;
  [[nodiscard]] bool is_external_ip(const net::Address& address) const;

  // Who accepts the packet's protocol and port at an address of this node: a pod on the host network, an endpoint with
  // a node address, the health-check port of a Service, a reserved port. In words; nothing if nobody is known to.
  struct Listener {
    std::string what;
    base::SourceSpan span;
    std::string object;
  };
  [[nodiscard]] std::optional<Listener> listener(const cluster::Node& node, const net::Packet& packet) const;

  // The nodes a balancer sends to, in order of name: all that have an address of the family; with a health-check port
  // only those that answer 200.
  [[nodiscard]] std::vector<const cluster::Node*> behind(const Balancer& balancer, net::Family family) const;

  // Where a packet with this source starts, as seen from `node` (from anywhere, if null).
  [[nodiscard]] net::PacketFrom origin_of(const net::Address& source, const cluster::Node* node) const;

  [[nodiscard]] const cluster::Cluster& cluster() const { return cluster_; }

 private:
  template <class Value>
  using ByAddress = std::vector<std::pair<net::Address, Value>>;  // sorted by address

  void add_service(const cluster::Service& service);
  [[nodiscard]] std::optional<Listener> claimed(cluster::ClaimKind kind, const std::string& key,
                                                std::string_view what) const;

  const cluster::Cluster& cluster_;
  ByAddress<const cluster::Node*> nodes_;
  ByAddress<const cluster::Pod*> pods_;
  ByAddress<KnownEndpoint> endpoints_;
  ByAddress<const cluster::Service*> balancers_;
  ByAddress<const cluster::Service*> cluster_ips_;
  ByAddress<const cluster::Service*> external_ips_;
};

// The node's primary address of the family, or its first one.
[[nodiscard]] std::optional<net::Address> main_address(const cluster::Node& node, net::Family family);

}  // namespace portcullis::trace
