// The rules of a chain by the destination that they ask for: the ones that a packet may match are found without a
// look at the others. Rules that ask for nothing that is known here are always among them.
//
// A rule that is passed over has a match on the destination that fails, and nothing but matches in front of it: it
// would have been left without having done anything.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "verifier/specialise/consulted.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

class ChainIndex {
 public:
  ChainIndex(const netfilter::Chain& chain, net::Family family);

  // Whether there is anything to find: two rules ask for destinations of their own.
  [[nodiscard]] bool helps() const { return asking_ >= 2; }

  // The first rule from `from` on that may match a packet to `key`; the number of rules if there is none.
  [[nodiscard]] std::uint32_t next(std::uint32_t from, const Key& key, bool local) const;
  // Whether `local` (the destination is an address of the node) is asked for.
  [[nodiscard]] bool asks_local() const { return !of_local_.empty(); }
  // The statements of a rule that hold wherever `next` has found it, as bits.
  [[nodiscard]] std::uint32_t implied(std::uint32_t rule) const { return implied_[rule]; }

  // For which destinations `next` answers otherwise, the question `local` apart.
  void address_cuts(net::Protocol protocol, std::vector<AddressCut>& cuts) const;
  void port_cuts(const net::Address& destination, net::Protocol protocol, bool local, std::vector<PortCut>& cuts) const;

 private:
  // Address, protocol, port; and a rule that asks for them. Sorted.
  using Table = std::vector<std::pair<std::array<std::uint32_t, 6>, std::uint32_t>>;
  // What a rule asks of the destination, and the statements that do.
  struct Asks {
    const netfilter::Value* address = nullptr;
    const netfilter::Value* prefix = nullptr;  // under `mask`
    const netfilter::Value* mask = nullptr;
    std::optional<std::uint32_t> protocol, port;
    bool local = false;
    std::uint32_t at_address = 0, at_prefix = 0, at_protocol = 0, at_port = 0;
  };
  [[nodiscard]] Asks asks(const netfilter::Rule& rule) const;
  void add(const Asks& asks, const netfilter::Rule& rule, std::uint32_t number);
  [[nodiscard]] std::uint32_t kind_of(const netfilter::Rule& rule, const Asks& asks, std::uint32_t number);
  void settle_kinds();

  net::Family family_;
  std::uint32_t size_, asking_ = 0;
  Table of_port_at_;                                           // address, protocol, port
  Table of_address_;                                           // address
  Table of_port_;                                              // protocol, port
  Table of_local_;                                             // protocol, port, of the node's own addresses
  std::vector<std::pair<netfilter::Value, Table>> of_prefix_;  // by mask; address
  std::vector<std::uint32_t> rest_;
  std::vector<std::uint32_t> implied_;  // by rule
  std::vector<AddressCut> cuts_;        // of of_address_ and of_prefix_
  // Rules that ask for an address alone: what they do, and how many others are in front of them.
  std::map<std::tuple<std::size_t, std::vector<netfilter::Verdict>, std::size_t>, std::uint32_t> kinds_;
};

}  // namespace portcullis::specialise
