#include "backends/netfilter/chance.hpp"

#include <numeric>

namespace portcullis::netfilter {

namespace {

__extension__ using Wide = unsigned __int128;

std::optional<Rational> reduced(Wide numerator, Wide denominator) {
  Wide a = numerator, b = denominator;
  while (b != 0) {
    const Wide rest = a % b;
    a = b;
    b = rest;
  }
  if (a == 0) return Rational{0, 1};
  numerator /= a;
  denominator /= a;
  if (numerator > UINT64_MAX || denominator > UINT64_MAX) return {};
  return Rational{static_cast<std::uint64_t>(numerator), static_cast<std::uint64_t>(denominator)};
}

}  // namespace

std::optional<Rational> Rational::product(const Rational& a, const Rational& b) {
  return reduced(Wide{a.numerator} * b.numerator, Wide{a.denominator} * b.denominator);
}

std::optional<Rational> Rational::sum(const Rational& a, const Rational& b) {
  const std::uint64_t common = std::gcd(a.denominator, b.denominator);
  const Wide left = Wide{a.numerator} * (b.denominator / common), right = Wide{b.numerator} * (a.denominator / common);
  if (left > UINT64_MAX || right > UINT64_MAX) return {};
  return reduced(left + right, Wide{a.denominator} * (b.denominator / common));
}

std::optional<std::vector<std::uint32_t>> integer_weights(const std::vector<Rational>& probabilities) {
  Wide common = 1;
  for (const Rational& p : probabilities) {
    common *= p.denominator / std::gcd(static_cast<std::uint64_t>(common), p.denominator);
    if (common > UINT64_MAX) return {};
  }
  std::vector<std::uint64_t> weights;
  std::uint64_t divisor = 0;
  for (const Rational& p : probabilities) {
    const Wide weight = common / p.denominator * p.numerator;
    if (weight > UINT64_MAX) return {};
    weights.push_back(static_cast<std::uint64_t>(weight));
    divisor = std::gcd(divisor, weights.back());
  }
  std::vector<std::uint32_t> out;
  for (const std::uint64_t weight : weights) {
    const std::uint64_t w = divisor == 0 ? 0 : weight / divisor;
    if (w > UINT32_MAX) return {};
    out.push_back(static_cast<std::uint32_t>(w));
  }
  return out;
}

std::uint32_t Script::take(const Choice& fresh) {
  if (at_ == choices_.size()) choices_.push_back(fresh);
  return choices_[at_++].taken;
}

std::uint32_t Script::uniform(std::uint32_t n) {
  return n == 1 ? 0 : take({0, n, 0, 0});
}

bool Script::chance(std::uint32_t numerator, std::uint32_t denominator) {
  return numerator == denominator || take({0, 2, numerator, denominator}) == 0;
}

std::optional<Rational> Script::probability() const {
  std::optional<Rational> p = Rational{};
  for (const Choice& c : choices_) {
    if (!p) return {};
    const Rational factor = c.of == 0 ? Rational{1, c.count} : Rational{c.taken == 0 ? c.yes : c.of - c.yes, c.of};
    p = Rational::product(*p, factor);
  }
  return p;
}

bool Script::advance() {
  choices_.resize(at_);  // what a longer branch before this one had chosen
  while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().count) choices_.pop_back();
  at_ = 0;
  if (choices_.empty()) return false;
  ++choices_.back().taken;
  return true;
}

}  // namespace portcullis::netfilter
