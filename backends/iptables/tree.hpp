// Dispatch by address and by port as trees of chains: a packet looks at a number of rules that grows with the logarithm
// of the number of keys.
//
//   -A PCL-NAT           -d 10.96.0.0/17  -j PCL-0A600000A17    gates: what belongs to no key leaves here
//   -A PCL-0A600000A17   -d 10.96.20.0/23 -g PCL-0A601400A23    parts: at most eight, the narrower prefix first
//   -A PCL-0A600000A17   -d 10.96.16.0/20 -g PCL-0A601000A20
//   -A PCL-0A601400A23   -d 10.96.20.9/32 -p tcp -m tcp --dport 80 -g PCL-0A6014090050TP
//
// Parts are cut by weight, not by length: the smallest subtree of the address trie that holds an eighth of the keys
// becomes a part, then the next of what is left. A part holds less than a quarter, so that no set of addresses makes
// the tree deep (nf_tables allows 16 levels of chains, NFT_JUMP_STACK_SIZE). `-g` never comes back to the chain that it
// left, so a narrower prefix may lie inside a wider one that follows. A packet that no leaf takes returns to where the
// tree was entered by `-j`.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backends/iptables/builder.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::iptables {

enum class Side : std::uint8_t { source, destination };

// A rule and the key by which it is found. The rule itself matches the whole key.
struct Leaf {
  net::Prefix prefix;  // of address trees
  net::Protocol protocol{};
  std::uint16_t port = 0;
  Rule rule;
};

class TreeBuilder {
 public:
  // `forest` stands in the names of the chains; those of a source tree are named for the chain that it grows in.
  TreeBuilder(TableBuilder& table, net::Family family, Forest forest, Side side = Side::destination)
      : table_(table), family_(family), forest_(forest), side_(side) {}

  // Gates with `-j` at the end of `from`. Rules of one key keep their order. Prefixes are equal or disjoint.
  void enter_by_address(ChainId from, std::vector<Leaf> leaves);
  // The tree at the end of `chain` itself. What no leaf takes meets `otherwise`; without it, it leaves `chain` and the
  // tree alike, so nothing may follow in `chain` then.
  void grow_by_address(ChainId chain, std::vector<Leaf> leaves, std::optional<Rule> otherwise);

  // One gate per protocol at the end of `from`: `-p`, the range of ports, then the matches of `condition`.
  void enter_by_port(ChainId from, std::vector<Leaf> leaves, const Rule& condition);

 private:
  using Unit = std::uint32_t;  // index of the first leaf of a key
  struct Part {
    net::Prefix prefix;
    std::vector<Unit> units;
  };
  // Cuts the units of one chain into parts (see above).
  class Cut;

  void take(std::vector<Leaf> leaves);
  [[nodiscard]] std::vector<Unit> units() const;
  [[nodiscard]] std::uint32_t weight(Unit unit) const { return ends_[unit] - unit; }
  [[nodiscard]] net::Prefix cover(Unit first, Unit last) const;
  [[nodiscard]] std::size_t branch(const std::vector<Unit>& units, std::size_t low, std::size_t high) const;

  void address_level(ChainId chain, const std::vector<Unit>& units);
  void port_level(ChainId chain, std::uint32_t begin, std::uint32_t end);
  void port_gate(ChainId from, std::uint32_t begin, std::uint32_t end, bool whole_protocol);
  [[nodiscard]] ChainId prefix_chain(ChainId from, const net::Prefix& prefix);
  [[nodiscard]] ChainId port_chain(const Leaf& first);
  void append(ChainId chain, std::uint32_t begin, std::uint32_t end);
  void close(ChainId chain);
  [[nodiscard]] Rule gate(const net::Prefix& prefix, ChainId to, bool go) const;

  TableBuilder& table_;
  net::Family family_;
  Forest forest_;
  Side side_;
  std::vector<Leaf> leaves_;
  std::vector<std::uint32_t> ends_;  // of a unit: one past its last leaf
  std::optional<Rule> otherwise_;
};

// A port, or a range of them, of one protocol.
[[nodiscard]] PortMatch destination_ports(net::Protocol protocol, std::uint16_t first, std::uint16_t last);
[[nodiscard]] ProtocolMatch protocol_match(net::Protocol protocol, net::Family family);

}  // namespace portcullis::iptables
