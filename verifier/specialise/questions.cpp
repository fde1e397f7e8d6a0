#include "verifier/specialise/questions.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "backends/netfilter/walk.hpp"
#include "compiler/base/error.hpp"
#include "verifier/specialise/lookup.hpp"

namespace portcullis::specialise {

using namespace netfilter;

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

bool whole(const Value& mask, std::uint8_t words) {
  return std::all_of(mask.words.begin(), mask.words.begin() + words, [](std::uint32_t w) { return w == ~0U; });
}

bool is_prefix(const Value& mask, std::uint8_t words) {
  bool host = false;
  for (std::uint8_t w = 0; w < words; ++w) {
    const std::uint32_t word = mask.words[w];
    if (host && word != 0) return false;
    if (std::countl_one(word) + std::countr_zero(word) < 32) return false;
    host = host || word != UINT32_MAX;
  }
  return true;
}

bool passes(const MatchTest& test, const Value& value) {
  return std::visit(Overloaded{
                        [&](const Equals& t) { return value == t.value; },
                        [&](const Between& t) { return t.low <= value && value <= t.high; },
                        [&](const AnyBit& t) { return (value.words[0] & t.bits) != 0; },
                        [](const InSet&) { return false; },
                    },
                    test);
}

std::optional<Atom> Questions::passing(const RunState& s, const Operand& x, const MatchTest& test) const {
  const auto* equals = std::get_if<Equals>(&test);
  const auto* between = std::get_if<Between>(&test);
  if (equals == nullptr && between == nullptr) throw NotModelled{"bits of the source are tested"};
  switch (x.kind) {
    case Operand::Kind::source: {
      if (equals != nullptr) {
        const auto in = masked(x, equals->value);
        if (!in) return {};
        return source_in(s, {*in});
      }
      if (!whole(x.mask, address_words())) throw NotModelled{"a range of masked sources"};
      return source_in(s,
                       {{(between->low ^ x.flip).to_address(family_), (between->high ^ x.flip).to_address(family_)}});
    }
    case Operand::Kind::source_port: {
      if (!whole(x.mask, 1)) throw NotModelled{"bits of the source port are tested"};
      const std::uint32_t low = (equals != nullptr ? equals->value : between->low).words[0];
      const std::uint32_t high = (equals != nullptr ? equals->value : between->high).words[0];
      return SourcePortIn{{{static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(high)}}};
    }
    case Operand::Kind::interface:
      if (equals == nullptr) throw NotModelled{"a range of interfaces"};
      return ArrivesOn{x.mask.words, equals->value.words};
    case Operand::Kind::value:
    case Operand::Kind::missing:
    case Operand::Kind::source_local:
      break;
  }
  throw base::InternalError("an operand without an atom");
}

std::optional<Interval> Questions::masked(const Operand& x, const Value& value) const {
  const Value want = value ^ x.flip;
  if ((want & x.mask) != want) return {};
  Value high = want;
  bool host = false;
  for (std::uint8_t w = 0; w < address_words(); ++w) {
    for (std::uint32_t bit = 1U << 31U; bit != 0; bit >>= 1U) {
      const bool fixed = (x.mask.words[w] & bit) != 0;
      if (fixed && host) throw NotModelled{"a mask that is no prefix"};
      host = host || !fixed;
      if (!fixed) high.words[w] |= bit;
    }
  }
  return Interval{want.to_address(family_), high.to_address(family_)};
}

Atom Questions::source_in(const RunState& s, std::vector<Interval> intervals) {
  if (s.translated && intervals.size() == 1 && intervals.front() == Interval{s.destination, s.destination})
    return SourceIsEndpoint{};
  std::ranges::sort(intervals);
  const auto repeated = std::ranges::unique(intervals);
  intervals.erase(repeated.begin(), repeated.end());
  return SourceIn{std::move(intervals)};
}

std::vector<Atom> Questions::among(const RunState& s, const Operand& x, const Set& set, std::size_t open,
                                   std::span<const std::uint32_t> elements) const {
  if (!whole(x.mask, set.key[open]) || x.flip != Value{}) throw NotModelled{"a masked key of set " + set.name};
  std::vector<Atom> atoms;
  if (elements.empty()) return atoms;
  if (x.kind == Operand::Kind::source) {
    std::vector<Interval> intervals;
    for (const std::uint32_t e : elements)
      intervals.push_back({address(low_of(set, e, open)), address(high_of(set, e, open))});
    atoms.push_back(source_in(s, std::move(intervals)));
    return atoms;
  }
  if (x.kind == Operand::Kind::source_port) {
    SourcePortIn in;
    for (const std::uint32_t e : elements)
      in.ranges.emplace_back(static_cast<std::uint16_t>(low_of(set, e, open)[0]),
                             static_cast<std::uint16_t>(high_of(set, e, open)[0]));
    std::ranges::sort(in.ranges);
    atoms.emplace_back(std::move(in));
    return atoms;
  }
  for (const std::uint32_t e : elements) {
    const auto low = low_of(set, e, open);
    if (!std::ranges::equal(low, high_of(set, e, open))) throw NotModelled{"a range of interfaces"};
    ArrivesOn on{Value::all_ones().words, {}};
    std::ranges::copy(low, on.value.begin());
    atoms.emplace_back(on);
  }
  return atoms;
}

net::Address Questions::address(std::span<const std::uint32_t> words) const {
  Value v;
  std::ranges::copy(words, v.words.begin());
  return v.to_address(family_);
}

}  // namespace portcullis::specialise
