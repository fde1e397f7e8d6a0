// Probabilities between fractions and the text of `-m statistic`.
//
// xt_statistic draws 31 random bits and compares them with lround(2³¹ · p) (libxt_statistic.c, xt_statistic.c). The
// text therefore has to name p well enough that this rounding finds the same number, and a reader may take any p that
// rounds alike for the same: it takes the fraction with the smallest denominator, which gives back every n/d with d <
// 2¹⁵.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace portcullis::iptables {

using Fraction = std::pair<std::uint32_t, std::uint32_t>;  // numerator, denominator; 0 < numerator <= denominator

// The kernel's number for a fraction.
[[nodiscard]] std::uint32_t fixed_point(Fraction probability);

// `0.33333333349`: eleven decimals of the kernel's number, as iptables-save prints it.
[[nodiscard]] std::string probability_text(Fraction probability);

// Nothing if `text` is no decimal number of (0, 1], or so small that the kernel rounds it to 0.
[[nodiscard]] std::optional<Fraction> parse_probability(std::string_view text);

}  // namespace portcullis::iptables
