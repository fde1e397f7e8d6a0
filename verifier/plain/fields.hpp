// What the fields that rules read are, on one part of a packet's way through a ruleset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "verifier/plain/leaf.hpp"
#include "verifier/plain/packet.hpp"

namespace portcullis::plain {

// A packet on its way. What random choices and translations made of it is known; which packets are here, and what marks
// they carry, are terms.
struct Traveller {
  Bit when = Bit::of(true);
  std::vector<std::uint32_t> choices;  // what was drawn, in order: the draw's number, its result
  Rational weight;                     // of these choices
  std::optional<std::uint32_t> drawn;  // the random number of the statement that runs
  std::string label;                   // the memory that was renewed
  std::optional<std::uint32_t> seconds;
  bool translated = false;
  net::Address address;  // of translated
  std::uint16_t port_number = 0;
  bool translated_here = false;  // at this hook, destination or source: its nat chains are done

  Word destination, port, mark, priority;
  Bit changed = Bit::of(false);  // conntrack's status DNAT: the translation made it another destination
  Bit accepted = Bit::of(false), masquerade = Bit::of(false);
};

// Where it is.
struct Place {
  netfilter::Hook hook = netfilter::Hook::prerouting;
  const netfilter::Chain* base = nullptr;
  bool looped = false;  // sent by this node to itself, and in by lo
};

class Fields {
 public:
  Fields(Terms& terms, Packet& packet) : terms_(terms), packet_(packet) {}

  // (field & mask) ^ flip; nothing where the packet has no such field. Throws Unrecognised. `negated`: of a match that
  // holds where its test does not.
  [[nodiscard]] std::optional<Word> load(const Traveller& t, const Place& place, const netfilter::Term& term,
                                         bool negated);

 private:
  [[nodiscard]] std::optional<Word> field(const Traveller& t, const Place& place, netfilter::Field field, bool negated);
  [[nodiscard]] std::optional<Word> conntrack(const Traveller& t, const Place& place, netfilter::Field field);
  [[nodiscard]] Word address_type(const Bit& local);

  Terms& terms_;
  Packet& packet_;
};

}  // namespace portcullis::plain
