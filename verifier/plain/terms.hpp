// Truth values and words of a packet: known ones are folded here, the rest are Z3's terms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "backends/netfilter/value.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::plain {

using netfilter::Value;

// `term` says what it is where it is not known.
struct Bit {
  std::optional<bool> known;
  smt::Term term;

  [[nodiscard]] static Bit of(bool value) { return {value, {}}; }
  [[nodiscard]] bool is(bool value) const { return known == value; }
};

// A register (netfilter::Value) of 32 or 128 bits.
struct Word {
  std::uint8_t words = 1;               // 1 or 4
  std::vector<Value> possible;          // sorted: it is one of these; empty: anything
  std::span<const Value> impossible{};  // sorted: it is none of these
  std::optional<smt::Term> term;        // made when it is asked for, where one value is possible

  [[nodiscard]] bool known() const { return possible.size() == 1; }
  [[nodiscard]] const Value& value() const { return possible.front(); }
};

class Terms {
 public:
  explicit Terms(smt::Session& session) : session_(session) {}

  [[nodiscard]] smt::Term term(const Bit& bit);
  [[nodiscard]] Bit bit(smt::Term term) const { return {{}, term}; }
  [[nodiscard]] Bit all(const Bit& a, const Bit& b);
  [[nodiscard]] Bit any(const Bit& a, const Bit& b);
  [[nodiscard]] Bit no(const Bit& a);
  [[nodiscard]] Bit but(const Bit& a, const Bit& b) { return all(a, no(b)); }
  [[nodiscard]] Bit same(const Bit& a, const Bit& b);
  [[nodiscard]] Bit choose(const Bit& condition, const Bit& then, const Bit& otherwise);

  [[nodiscard]] smt::Term term(const Word& word);
  [[nodiscard]] static Word constant(const Value& value, std::uint8_t words);
  [[nodiscard]] static Word number(std::uint32_t value) { return constant(Value::number(value), 1); }
  [[nodiscard]] Word variable(std::string_view name, std::uint8_t words);
  [[nodiscard]] Word choose(const Bit& condition, const Word& then, const Word& otherwise);
  // (word & mask) ^ flip
  [[nodiscard]] Word masked(const Word& word, const Value& mask, const Value& flip);

  [[nodiscard]] Bit equal(const Word& word, const Value& value);
  [[nodiscard]] Bit equal(const Word& a, const Word& b);
  [[nodiscard]] Bit between(const Word& word, const Value& low, const Value& high);  // inclusive
  // One of `bits` is set in the first word.
  [[nodiscard]] Bit any_bit(const Word& word, std::uint32_t bits);

  [[nodiscard]] smt::Session& session() { return session_; }

 private:
  [[nodiscard]] smt::Term literal(const Value& value, std::uint8_t words);
  // Whether the test holds for all or for none of the possible values.
  template <class Test>
  [[nodiscard]] static std::optional<bool> folded(const Word& word, const Test& test);

  smt::Session& session_;
};

}  // namespace portcullis::plain
