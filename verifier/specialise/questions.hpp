// What is asked of the rest of a packet, as atoms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "verifier/specialise/fields.hpp"
#include "verifier/specialise/residual.hpp"
#include "verifier/specialise/run_state.hpp"

namespace portcullis::specialise {

using MatchTest = decltype(netfilter::Match::test);

// Whether all bits of the first `words` words are set.
[[nodiscard]] bool whole(const netfilter::Value& mask, std::uint8_t words);
// Ones, then zeros, in the first `words` words.
[[nodiscard]] bool is_prefix(const netfilter::Value& mask, std::uint8_t words);
// Whether a known value passes; InSet never does.
[[nodiscard]] bool passes(const MatchTest& test, const netfilter::Value& value);

class Questions {
 public:
  explicit Questions(net::Family family) : family_(family) {}

  // Each throws NotModelled.
  // That an open operand passes a test. Nothing: it never does.
  [[nodiscard]] std::optional<Atom> passing(const RunState& s, const Operand& x, const MatchTest& test) const;
  // That the open field of a key is in one of the elements, as atoms one of which holds.
  [[nodiscard]] std::vector<Atom> among(const RunState& s, const Operand& x, const netfilter::Set& set,
                                        std::size_t open, std::span<const std::uint32_t> elements) const;
  // (address & mask) ^ flip == value, as a range of addresses. Nothing: no address is.
  [[nodiscard]] std::optional<Interval> masked(const Operand& x, const netfilter::Value& value) const;
  [[nodiscard]] net::Address address(std::span<const std::uint32_t> words) const;
  [[nodiscard]] std::uint8_t address_words() const { return family_ == net::Family::ipv4 ? 1 : 4; }

 private:
  [[nodiscard]] static Atom source_in(const RunState& s, std::vector<Interval> intervals);

  net::Family family_;
};

}  // namespace portcullis::specialise
