// Destinations of a policy as packets: what they are addressed to.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "compiler/policy/bound.hpp"
#include "verifier/obligations/reach_network.hpp"

namespace portcullis::obligations {

// Keys that a sender may choose from: frontends of a Service, addresses of a node port, pods of a workload.
struct Demand {
  std::vector<Key> keys;  // not empty
};

class Targets {
 public:
  explicit Targets(Network& network) : network_(network) {}

  // Everything that is addressed to the destination in this family. Ports between which no rule and no listener tells
  // are one demand, by one of them.
  [[nodiscard]] std::vector<Demand> demands(const policy::Destination& destination, net::Family family);
  // The same for somebody who wants to get there: of an address without a port, that has frontends, these.
  [[nodiscard]] std::vector<Demand> wishes(const policy::Destination& destination, net::Family family);
  // What a frontend is addressed by: of a node port the addresses of all nodes that take it.
  void add_keys(const policy::Frontend& frontend, net::Family family, std::vector<Key>& keys);
  // Of a node port on one node.
  // Whether the node takes node ports at one of its addresses.
  [[nodiscard]] bool takes_node_ports(const cluster::Node& node, const net::Address& address) const;
  void add_keys(const policy::Frontend& node_port, const cluster::Node& node, net::Family family,
                std::vector<Key>& keys);

 private:
  using Port = std::pair<net::Protocol, std::uint16_t>;

  [[nodiscard]] std::vector<Demand> of(const policy::ServiceDestination& service, net::Family family);
  [[nodiscard]] std::vector<Demand> of(const policy::PodDestination& pods, net::Family family);
  [[nodiscard]] std::vector<Demand> of(const policy::AddressDestination& at, net::Family family);
  [[nodiscard]] static std::vector<Demand> of(const policy::DoorsDestination& doors, net::Family family);
  // One of each class of ports.
  [[nodiscard]] std::vector<Port> ports(const policy::PortSet& set, const std::vector<net::Address>& addresses);
  void index(net::Family family);
  void listeners();

  Network& network_;
  std::set<net::Family> indexed_;
  std::map<net::Address, std::set<Port>> exact_;
  std::set<Port> anywhere_;  // on addresses of nodes
  bool listeners_known_ = false;
};

}  // namespace portcullis::obligations
