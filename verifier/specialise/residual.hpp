// What is left of a program when the destination of a packet is known: a decision diagram over the rest of it.
//
//   test (atom)  ──▶ then | else        the rest of the packet: source, interface, memory
//   choice       ──▶ weighted branches  a random choice in a form that is no balance
//   balance      ──▶ endpoints, each with its weight, its label and its template
//   to           ──▶ one endpoint
//   outcome                             where the packet ends
//   unknown                             a rule that was reached has no model
//
// A *template* is the diagram behind a translation. It says `the source is the endpoint` instead of naming the
// address, so all endpoints of one kind share it. Nodes are hash-consed: equal diagrams of one arena have equal
// numbers. Both sides of a comparison are built in one arena.
//
// The meaning of a diagram is the distribution over fates that walking it gives; `test` merges branches only where that
// keeps the meaning: equal branches, a test in front of two translations to one endpoint, and the tests of a session
// affinity's memory in front of the choice that they belong to.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "backends/netfilter/chance.hpp"
#include "compiler/net/address.hpp"
#include "compiler/net/packet.hpp"
#include "verifier/specialise/interner.hpp"

namespace portcullis::specialise {

using NodeId = std::uint32_t;
using AtomId = std::uint32_t;
using LabelId = std::uint32_t;
using EndpointId = std::uint32_t;
using netfilter::Rational;

inline constexpr std::uint32_t none = UINT32_MAX;

// ---- the part of a packet that is known

struct Key {
  net::Address destination;
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t port = 0;  // 0 for ICMP
  bool operator==(const Key&) const = default;
};

// Which hooks the packet meets, and what conntrack says of it.
struct Path {
  bool from_node = false;  // starts at output, else at prerouting
  net::ConntrackState state = net::ConntrackState::fresh;
  bool operator==(const Path&) const = default;
};

// ---- atoms: what is asked about the rest of the packet

struct Interval {  // inclusive
  net::Address low, high;
  auto operator<=>(const Interval&) const = default;
  [[nodiscard]] static Interval of(const net::Prefix& prefix) { return {prefix.address(), prefix.last()}; }
};
struct SourceIn {  // sorted; not merged, so that every backend's list of prefixes looks the same
  std::vector<Interval> intervals;
  auto operator<=>(const SourceIn&) const = default;
};
struct SourceIsLocal {
  auto operator<=>(const SourceIsLocal&) const = default;
};
struct SourceIsEndpoint {  // of the template it stands in
  auto operator<=>(const SourceIsEndpoint&) const = default;
};
struct SourcePortIn {
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ranges;  // inclusive, sorted
  auto operator<=>(const SourcePortIn&) const = default;
};
struct ArrivesOn {  // the name of the input interface, zero-padded, under a mask
  std::array<std::uint32_t, 4> mask{}, value{};
  auto operator<=>(const ArrivesOn&) const = default;
};
struct Remembers {  // the memory `label` holds the source
  LabelId label = 0;
  auto operator<=>(const Remembers&) const = default;
};
// A match that is not known holds at a hook (of netfilter::Hook). It may look at anything, so it is a question of its
// own wherever it is asked.
struct OpaqueHolds {
  std::uint32_t match = 0, hook = 0;
  auto operator<=>(const OpaqueHolds&) const = default;
};
using Atom = std::variant<SourceIn, SourceIsLocal, SourceIsEndpoint, SourcePortIn, ArrivesOn, Remembers, OpaqueHolds>;

// ---- nodes

struct Outcome {
  enum class End : std::uint8_t { passed, dropped, rejected };
  End end = End::passed;
  bool local = false;       // of passed: handed to this node
  bool accepted = false;    // of passed, untranslated: an explicit accept at input, forward or output
  bool masquerade = false;  // of passed, where the packet reaches postrouting
  bool operator==(const Outcome&) const = default;
};

enum class NodeKind : std::uint8_t { test, choice, balance, to, outcome, unknown };

struct Node {
  NodeKind kind = NodeKind::outcome;
  // test: atom, then, else · choice: index of the branches · balance: index · to: endpoint, label or none, template,
  // seconds or none · outcome: its bits · unknown: index of the reason
  std::array<std::uint32_t, 4> parts{};
  bool operator==(const Node&) const = default;
};

struct BalanceEntry {
  EndpointId endpoint = 0;
  LabelId label = none;
  Rational weight;
  NodeId behind = 0;  // template
};
struct Balance {
  std::vector<BalanceEntry> entries;  // sorted by endpoint, label; weights sum to 1
  // The labels whose memory is asked in front of the choice, in order; a hit takes the label's entry.
  std::vector<LabelId> asked;
  std::optional<std::uint32_t> seconds;  // how long the chosen endpoint is remembered
};

struct Branch {
  Rational probability;
  NodeId node = 0;
};

class Arena {
 public:
  Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] AtomId atom(const Atom& atom);
  [[nodiscard]] EndpointId endpoint(const net::Address& address, std::uint16_t port);
  [[nodiscard]] bool has_endpoint(const net::Address& address, std::uint16_t port) const {
    return endpoints_.contains({address, port});
  }
  // Names of memories are strings that tell both sides' memories apart.
  [[nodiscard]] LabelId label(const std::string& name);

  [[nodiscard]] NodeId outcome(const Outcome& outcome);
  [[nodiscard]] NodeId unknown(const std::string& reason);
  [[nodiscard]] NodeId test(AtomId atom, NodeId then, NodeId otherwise);
  [[nodiscard]] NodeId to(EndpointId endpoint, LabelId label, std::optional<std::uint32_t> seconds, NodeId behind);
  // Probabilities sum to 1.
  [[nodiscard]] NodeId choice(std::vector<Branch> branches);

  [[nodiscard]] const Node& node(NodeId id) const { return nodes_[id]; }
  [[nodiscard]] const Atom& atom_of(AtomId id) const { return atoms_[id]; }
  [[nodiscard]] const Balance& balance(const Node& node) const;
  [[nodiscard]] std::span<const Branch> branches(const Node& node) const { return choices_[node.parts[0]]; }
  [[nodiscard]] Outcome outcome_of(const Node& node) const;
  [[nodiscard]] const std::string& reason(const Node& node) const { return reasons_[node.parts[0]]; }
  [[nodiscard]] const std::pair<net::Address, std::uint16_t>& endpoint_of(EndpointId id) const {
    return endpoints_[id];
  }
  [[nodiscard]] const std::string& label_name(LabelId id) const { return labels_[id]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  struct NodeHash {
    std::size_t operator()(const Node& node) const;
  };
  struct EndpointHash {
    std::size_t operator()(const std::pair<net::Address, std::uint16_t>& endpoint) const;
  };

  // The labels of a balance and of those that ask fewer memories in front of the same, by how many are asked from there
  // on.
  using Asked = std::unordered_map<LabelId, std::uint32_t>;
  // A balance as it is kept. Each memory that is asked in front of one makes a new one; they share what is behind.
  struct Kept {
    std::uint32_t choice = 0;        // index into balances_
    std::uint32_t rest = none;       // index into kept_: without the first memory that is asked; none if none is
    LabelId first = none;            // that memory
    std::uint32_t asked = 0;         // how many
    std::shared_ptr<Asked> all;      // has others, too, of balances that were made from this one: more are asked there
    std::unique_ptr<Balance> whole;  // once somebody has looked at it; not where `rest` is none
  };

  NodeId intern(const Node& node);
  NodeId add_balance(Balance balance);
  NodeId keep(Kept kept);
  [[nodiscard]] static bool is_asked(const Kept& kept, LabelId label);
  NodeId keep_asking(LabelId label, std::uint32_t rest);
  [[nodiscard]] std::optional<NodeId> lifted(AtomId atom, const Node& then, const Node& otherwise);
  [[nodiscard]] std::optional<NodeId> remembered(AtomId atom, const Node& then, NodeId otherwise);
  [[nodiscard]] bool gather(const std::vector<Branch>& branches, Balance& into) const;
  [[nodiscard]] AtomId relative(AtomId atom, EndpointId endpoint);

  Interner<Node, NodeHash> nodes_;
  std::vector<Atom> atoms_;
  std::map<Atom, AtomId> atom_ids_;
  Interner<std::pair<net::Address, std::uint16_t>, EndpointHash> endpoints_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, LabelId> label_ids_;
  std::vector<Balance> balances_;  // that ask no memory
  mutable std::vector<Kept> kept_;
  std::vector<std::vector<Branch>> choices_;
  std::vector<std::string> reasons_;
  AtomId source_is_endpoint_ = 0;
};

}  // namespace portcullis::specialise
