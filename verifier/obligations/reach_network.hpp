// Where packets go between machines: all ways of which compiler/trace tells one.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/trace/atlas.hpp"
#include "compiler/trace/programs.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::obligations {

using specialise::Key;

// A packet at the rules of a node, and what it is addressed to there.
struct Arrival {
  const cluster::Node* node = nullptr;
  Key key;
};

struct Way {
  enum class Kind {
    ends,      // nobody gets it: `why`
    received,  // by a pod or an endpoint; no further rules
    arrives,   // at one of `arrivals`; which one is chance
  };
  Kind kind = Kind::ends;
  std::string why;
  std::vector<Arrival> arrivals;
  // A static route through one of `arrivals`: it stays there when the node is lost.
  bool fixed = false;
};

class Network {
 public:
  // The cluster must outlive this.
  explicit Network(const cluster::Cluster& cluster) : atlas_(cluster), programs_(cluster) {}

  [[nodiscard]] Way from_outside(const Key& key) const;
  // From a node whose rules have let it go.
  [[nodiscard]] Way from_node(const cluster::Node& from, const Key& key) const;

  // Who has an address.
  struct Owner {
    const cluster::Node* node = nullptr;  // that has it on an interface
    const cluster::Node* home = nullptr;  // where its pod or endpoint runs; of a node's address, the node
    bool balancer = false, service = false, external = false;
    bool in_pod_network = false;
    bool lives = false;  // a known pod or endpoint has it
  };
  [[nodiscard]] const Owner& owner(const net::Address& address) const;
  // Where the pod or endpoint with this address runs, or the node whose address it is; null if no node of the cluster.
  [[nodiscard]] const cluster::Node* home(const net::Address& address) const { return owner(address).home; }
  // Somebody accepts packets to this address of the node.
  [[nodiscard]] bool listens(const cluster::Node& node, const Key& key) const;

  // Somebody of whom the input does not speak accepts TCP there: a proxy of ours.
  void add_listener(const net::Address& address, std::uint16_t port) { listeners_.emplace(address, port); }
  void take_listeners_of(const Network& other) { listeners_ = other.listeners_; }

  [[nodiscard]] const ir::Interpreter& rules(const cluster::Node& node, net::Family family) {
    return programs_.of(node, family);
  }
  [[nodiscard]] const trace::Atlas& atlas() const { return atlas_; }
  [[nodiscard]] const cluster::Cluster& cluster() const { return atlas_.cluster(); }

 private:
  [[nodiscard]] Way through_balancer(const Key& key) const;
  [[nodiscard]] Way by_static_route(const Key& key) const;
  [[nodiscard]] static Way towards_pod(const cluster::Node* from, const Owner& owner, const Key& key);

  trace::Atlas atlas_;
  trace::Programs programs_;
  struct AddressHash {
    std::size_t operator()(const net::Address& address) const;
  };
  mutable std::unordered_map<net::Address, Owner, AddressHash> owners_;
  std::set<std::pair<net::Address, std::uint16_t>> listeners_;
};

// The cluster without some nodes (ascending indexes): their pods and endpoints are gone.
[[nodiscard]] cluster::Cluster without_nodes(const Network& network, std::span<const std::uint32_t> nodes);

// A first packet of a flow to `key`, without a source.
[[nodiscard]] net::Packet packet_to(const Key& key);

}  // namespace portcullis::obligations
