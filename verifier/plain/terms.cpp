#include "verifier/plain/terms.hpp"

#include <algorithm>
#include <iterator>

namespace portcullis::plain {

namespace {

// Beyond so many a word may be anything.
constexpr std::size_t most_possible = 256;

bool one_word(const Value& v) {
  return v.words[1] == 0 && v.words[2] == 0 && v.words[3] == 0;
}

std::vector<Value> together(const Word& a, const Word& b) {
  std::vector<Value> out;
  if (a.possible.empty() || b.possible.empty()) return out;
  std::ranges::set_union(a.possible, b.possible, std::back_inserter(out));
  if (out.size() > most_possible) out.clear();
  return out;
}

}  // namespace

// ---- truth values

smt::Term Terms::term(const Bit& bit) {
  return bit.known ? session_.truth(*bit.known) : bit.term;
}

Bit Terms::all(const Bit& a, const Bit& b) {
  if (a.is(false) || b.is(true)) return a;
  if (b.is(false) || a.is(true)) return b;
  return a.term == b.term ? a : bit(session_.all({a.term, b.term}));
}

Bit Terms::any(const Bit& a, const Bit& b) {
  if (a.is(true) || b.is(false)) return a;
  if (b.is(true) || a.is(false)) return b;
  return a.term == b.term ? a : bit(session_.any({a.term, b.term}));
}

Bit Terms::no(const Bit& a) {
  return a.known ? Bit::of(!*a.known) : bit(session_.no(a.term));
}

Bit Terms::same(const Bit& a, const Bit& b) {
  if (a.known) return *a.known ? b : no(b);
  if (b.known) return *b.known ? a : no(a);
  return a.term == b.term ? Bit::of(true) : bit(session_.equal(a.term, b.term));
}

Bit Terms::choose(const Bit& condition, const Bit& then, const Bit& otherwise) {
  if (condition.known) return *condition.known ? then : otherwise;
  if (then.known && then.known == otherwise.known) return then;
  return any(all(condition, then), but(otherwise, condition));
}

// ---- words

smt::Term Terms::literal(const Value& value, std::uint8_t words) {
  return session_.words(std::span(value.words).first(words), words * 32U);
}

smt::Term Terms::term(const Word& word) {
  return word.term ? *word.term : literal(word.value(), word.words);
}

Word Terms::constant(const Value& value, std::uint8_t words) {
  return {words, {value}, {}, {}};
}

Word Terms::variable(std::string_view name, std::uint8_t words) {
  return {words, {}, {}, session_.bits(name, words * 32U)};
}

Word Terms::choose(const Bit& condition, const Word& then, const Word& otherwise) {
  if (condition.known) return *condition.known ? then : otherwise;
  if (then.known() && otherwise.known() && then.value() == otherwise.value()) return then;
  return {then.words, together(then, otherwise), {}, session_.choose(condition.term, term(then), term(otherwise))};
}

Word Terms::masked(const Word& word, const Value& mask, const Value& flip) {
  const bool whole = std::all_of(mask.words.begin(), mask.words.begin() + word.words,
                                 [](std::uint32_t w) { return w == ~std::uint32_t{0}; });
  if (whole && flip == Value{}) return word;
  Word out{word.words, {}, {}, {}};
  for (const Value& v : word.possible) out.possible.push_back((v & mask) ^ flip);
  std::ranges::sort(out.possible);
  const auto repeated = std::ranges::unique(out.possible);
  out.possible.erase(repeated.begin(), repeated.end());
  if (out.known()) return out;
  const smt::Term kept = session_.bit_and(term(word), literal(mask, word.words));
  out.term = session_.bit_xor(kept, literal(flip, word.words));
  return out;
}

template <class Test>
std::optional<bool> Terms::folded(const Word& word, const Test& test) {
  if (word.possible.empty()) return {};
  const auto passing = std::ranges::count_if(word.possible, test);
  if (passing == 0) return false;
  if (static_cast<std::size_t>(passing) == word.possible.size()) return true;
  return {};
}

Bit Terms::equal(const Word& word, const Value& value) {
  if (word.words == 1 && !one_word(value)) return Bit::of(false);
  if (std::ranges::binary_search(word.impossible, value)) return Bit::of(false);
  if (const auto known = folded(word, [&](const Value& v) { return v == value; })) return Bit::of(*known);
  return bit(session_.equal(term(word), literal(value, word.words)));
}

Bit Terms::equal(const Word& a, const Word& b) {
  if (a.known()) return equal(b, a.value());
  if (b.known()) return equal(a, b.value());
  return bit(session_.equal(term(a), term(b)));
}

Bit Terms::between(const Word& word, const Value& low, const Value& high) {
  if (low == high) return equal(word, low);
  if (const auto known = folded(word, [&](const Value& v) { return low <= v && v <= high; })) return Bit::of(*known);
  const smt::Term w = term(word);
  return bit(
      session_.all({session_.at_most(literal(low, word.words), w), session_.at_most(w, literal(high, word.words))}));
}

Bit Terms::any_bit(const Word& word, std::uint32_t bits) {
  if (const auto known = folded(word, [&](const Value& v) { return (v.words[0] & bits) != 0; })) return Bit::of(*known);
  const unsigned top = word.words * 32U;
  const smt::Term first = session_.extract(term(word), top - 1, top - 32);
  const smt::Term set = session_.bit_and(first, session_.number(bits, 32));
  return bit(session_.no(session_.equal(set, session_.number(0, 32))));
}

}  // namespace portcullis::plain
