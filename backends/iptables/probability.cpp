#include "backends/iptables/probability.hpp"

#include <fmt/format.h>

namespace portcullis::iptables {

namespace {

constexpr std::uint64_t one = std::uint64_t{1} << 31U;

// 2³¹ · numerator / denominator, to the nearest, halves up.
std::uint64_t rounded(std::uint64_t numerator, std::uint64_t denominator) {
  return (2 * one * numerator + denominator) / (2 * denominator);
}

// The fraction of the smallest denominator in [low/scale, high/scale): a walk down the Stern–Brocot tree, runs of equal
// turns taken in one step (continued fractions).
Fraction simplest(std::uint64_t low, std::uint64_t high, std::uint64_t scale) {
  // Works on the interval as two fractions; both shrink as in Euclid's algorithm, so that the recursion is short.
  struct Walk {
    static std::pair<std::uint64_t, std::uint64_t> go(std::uint64_t ln, std::uint64_t ld, std::uint64_t hn,
                                                      std::uint64_t hd) {
      const std::uint64_t whole = ln / ld;
      if (ln % ld == 0) return {whole, 1};  // the lower end belongs to the interval
      if ((whole + 1) * hd < hn) return {whole + 1, 1};
      const std::uint64_t l = ln - whole * ld, h = hn - whole * hd;
      // 1/x turns the interval round: its upper end, which does not belong to it, becomes the lower one.
      const auto [n, d] = open(hd, h, ld, l);
      return {whole * n + d, n};
    }
    // The same for (low, high].
    static std::pair<std::uint64_t, std::uint64_t> open(std::uint64_t ln, std::uint64_t ld, std::uint64_t hn,
                                                        std::uint64_t hd) {
      const std::uint64_t whole = ln / ld;
      if ((whole + 1) * hd <= hn) return {whole + 1, 1};
      const std::uint64_t l = ln - whole * ld, h = hn - whole * hd;
      if (l == 0) {  // (0, h/hd] with h < hd: the simplest is 1/n for the smallest n that is in
        return {whole * ((hd + h - 1) / h) + 1, (hd + h - 1) / h};
      }
      const auto [n, d] = go(hd, h, ld, l);
      return {whole * n + d, n};
    }
  };
  const auto [n, d] = Walk::go(low, scale, high, scale);
  return {static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(d)};
}

}  // namespace

std::uint32_t fixed_point(Fraction probability) {
  return static_cast<std::uint32_t>(rounded(probability.first, probability.second));
}

std::string probability_text(Fraction probability) {
  // Eleven decimals distinguish 2³¹ values with room to spare. 10¹¹/2³¹ is 5¹¹/2²⁰, which keeps the product in 64 bits.
  constexpr std::uint64_t five_to_11 = 48'828'125, decimals = 100'000'000'000;
  const std::uint64_t digits = (fixed_point(probability) * five_to_11 + (std::uint64_t{1} << 19U)) >> 20U;
  return fmt::format("{}.{:011}", digits / decimals, digits % decimals);
}

std::optional<Fraction> parse_probability(std::string_view text) {
  // In units of 10⁻¹²; what comes behind is less than the kernel's number can hold.
  constexpr std::uint64_t whole = 1'000'000'000'000;
  std::uint64_t value = 0, unit = whole;
  bool point = false, digit = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return {};
    digit = true;
    if (point) {
      unit /= 10;
      value += unit * static_cast<std::uint64_t>(c - '0');
    } else {
      value = value * 10 + whole * static_cast<std::uint64_t>(c - '0');
    }
    if (value > whole) return {};
  }
  if (!digit) return {};
  // 2³¹/10¹² is 2¹⁹/5¹².
  constexpr std::uint64_t five_to_12 = 244'140'625;
  const std::uint64_t number = ((value << 20U) + five_to_12) / (2 * five_to_12);
  if (number == 0) return {};
  if (number == one) return Fraction{1, 1};
  return simplest(2 * number - 1, 2 * number + 1, 2 * one);
}

}  // namespace portcullis::iptables
