// All ways of all packets to one destination, as a decision diagram over the source and over chance:
//
//   end                      delivered or not, masqueraded on the way or not; or nobody knows
//   test (sources)           ──▶ then | else
//   choice                   ──▶ branches: balancers, pools, static routes; each may hang on a node that can be lost
//
// Made of the residuals of the programs of all machines on the way (verifier/specialise), with the network between
// them (reach_network.hpp). Equal diagrams have equal numbers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "verifier/obligations/reach_network.hpp"
#include "verifier/specialise/interner.hpp"
#include "verifier/specialise/program.hpp"

namespace portcullis::obligations {

using WayId = std::uint32_t;
using Sourced = std::vector<specialise::Interval>;  // sorted, disjoint, not adjacent
using SourcedId = std::uint32_t;

struct End {
  bool delivered = false, masqueraded = false;
  bool undefined = false;  // two owners of a key
  bool operator==(const End&) const = default;
};

struct Branch {
  std::uint32_t node = specialise::none;  // index into Cluster::nodes: it must not be lost
  WayId way = 0;
  auto operator<=>(const Branch&) const = default;
};

struct WayNode {
  enum class Kind : std::uint8_t { end, test, choice };
  Kind kind = Kind::end;
  // A choice that does not notice that a node is lost; otherwise lost branches are not taken while others are left.
  bool fixed = false;
  End end;
  SourcedId sources = 0;         // of test
  WayId then = 0, other = 0;     // of test
  std::vector<Branch> branches;  // of choice: sorted, not empty
  bool operator==(const WayNode&) const = default;
};

class WayStore {
 public:
  [[nodiscard]] WayId end(const End& end);
  [[nodiscard]] WayId test(SourcedId sources, WayId then, WayId other);
  [[nodiscard]] WayId choice(std::vector<Branch> branches, bool fixed);
  [[nodiscard]] SourcedId sources(Sourced sources);
  [[nodiscard]] SourcedId source(const net::Address& address);  // alone
  // From the first to the last source that a test of the diagram mentions; absent if it has no test.
  [[nodiscard]] const std::optional<specialise::Interval>& hull(WayId id) const { return hulls_[id]; }
  [[nodiscard]] const WayNode& node(WayId id) const { return nodes_[id]; }
  [[nodiscard]] const Sourced& sources_of(SourcedId id) const { return sources_[id]; }

 private:
  struct Hash {
    std::size_t operator()(const WayNode& node) const;
  };
  WayId intern(const WayNode& node);

  specialise::Interner<WayNode, Hash> nodes_;
  std::vector<std::optional<specialise::Interval>> hulls_;  // by node
  std::vector<Sourced> sources_;
  std::map<Sourced, SourcedId> source_ids_;
  struct AddressHash {
    std::size_t operator()(const net::Address& address) const;
  };
  std::unordered_map<net::Address, SourcedId, AddressHash> single_;
};

// Of one family.
class Ways {
 public:
  // All must outlive this.
  Ways(Network& network, net::Family family, WayStore& store) : network_(network), family_(family), store_(store) {}

  // What may become of packets to `key` …
  [[nodiscard]] WayId from_outside(const Key& key);
  [[nodiscard]] WayId from_pod(const cluster::Node& node, const Key& key);  // on this node
  [[nodiscard]] WayId from_node(const cluster::Node& node, const Key& key);

  // Of packets at one node that come from another machine.
  [[nodiscard]] WayId at(const Arrival& arrival);

 private:
  // How a packet comes to a node.
  enum class By : std::uint8_t { wire, pod, output };
  struct Place {
    const cluster::Node* node = nullptr;
    By by = By::wire;
    std::optional<net::Address> source;  // masqueraded by a machine before
    int machines = 0;                    // before
    bool masqueraded = false;            // on the way so far
  };
  struct Machine {
    Machine(specialise::Arena& arena, const ir::Program& p) : program(&p), side(arena, p) {}
    const ir::Program* program;
    specialise::ProgramSide side;
  };
  struct Seen {  // a memo's key
    std::uint32_t node = 0;
    std::uint32_t flags = 0;  // how it comes, masqueraded, protocol, port
    net::Address destination;
    net::Address source;  // a machine's, if the flags say so
    bool operator==(const Seen&) const = default;
  };
  struct SeenHash {
    std::size_t operator()(const Seen& seen) const;
  };

  // What becomes of packets that the rules of some node send to an endpoint.
  struct Landing {
    bool known = false;
    bool plain = false;  // they meet no rule that looks at them, and somebody gets them
    const cluster::Node* home = nullptr;
    std::array<WayId, 2> there{}, elsewhere{};  // of plain, sent by its own node or by another; masqueraded or not
  };

  const Landing& landing(specialise::EndpointId endpoint, net::Protocol protocol);
  Machine& machine(const cluster::Node& node);
  WayId meets(const Place& place, const Key& key);
  WayId walk(specialise::NodeId id, const Place& place, const Key& key, specialise::EndpointId endpoint);
  WayId outcome(const specialise::Outcome& outcome, const Place& place, const Key& key);
  WayId translated(specialise::EndpointId endpoint, specialise::NodeId behind, const Place& place, const Key& key);
  WayId landed(specialise::EndpointId endpoint, const specialise::Outcome& passed, const Place& place, const Key& key);
  WayId tested(const specialise::Atom& atom, specialise::NodeId then, specialise::NodeId other, const Place& place,
               const Key& key, specialise::EndpointId endpoint);
  WayId follow(const Way& way, const Place& before);
  [[nodiscard]] std::uint32_t index(const cluster::Node& node) const;

  Network& network_;
  net::Family family_;
  WayStore& store_;
  specialise::Arena arena_;
  std::map<const cluster::Node*, Machine> machines_;
  specialise::Memo<Seen, SeenHash> memo_;
  std::vector<std::array<Landing, 4>> landings_;  // by endpoint and protocol
};

}  // namespace portcullis::obligations
