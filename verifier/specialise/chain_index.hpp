// The rules of a long chain by the destination that they ask for: the ones that a packet may match are found without a
// look at the others. Rules that ask for nothing that is known here are always among them.
//
// A rule that is passed over has a match on the destination that fails, and nothing but matches in front of it: it
// would have been left without having done anything.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "verifier/specialise/consulted.hpp"
#include "verifier/specialise/interner.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

class ChainIndex {
 public:
  // Shorter chains are as quickly walked.
  static constexpr std::size_t shortest = 12;

  ChainIndex(const netfilter::Chain& chain, net::Family family);

  // The first rule from `from` on that may match a packet to `key`; the number of rules if there is none.
  [[nodiscard]] std::uint32_t next(std::uint32_t from, const Key& key, bool local) const;
  // Whether `local` (the destination is an address of the node) is asked for.
  [[nodiscard]] bool asks_local() const { return !of_local_.empty(); }

  // For which destinations `next` answers otherwise, the question `local` apart.
  [[nodiscard]] std::vector<AddressCut> address_cuts() const;
  void port_cuts(const net::Address& destination, net::Protocol protocol, bool local, std::vector<PortCut>& cuts) const;

 private:
  using Rules = std::vector<std::uint32_t>;  // ascending; of ports, in any order
  using ByWords = std::unordered_map<Words, Rules, WordsHash>;
  // What a rule asks of the destination.
  struct Asks {
    const netfilter::Value* address = nullptr;
    std::optional<std::uint32_t> protocol, port;
    bool local = false;
  };
  [[nodiscard]] Asks asks(const netfilter::Rule& rule) const;
  void add(const Asks& asks, std::uint32_t rule);

  net::Family family_;
  std::uint32_t size_;
  ByWords of_port_at_;  // address, protocol, port
  ByWords of_address_;  // address
  ByWords of_port_;     // protocol, port
  ByWords of_local_;    // protocol, port, of the node's own addresses
  Rules rest_;
  ByWords ports_at_;                                              // by address and protocol: the ports of of_port_at_
  std::unordered_map<std::uint32_t, Rules> ports_, local_ports_;  // by protocol: those of of_port_ and of_local_
  std::vector<net::Address> addresses_;
};

}  // namespace portcullis::specialise
