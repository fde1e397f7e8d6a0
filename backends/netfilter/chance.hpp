// Exact enumeration of a walk's random choices: the walk is repeated with another script of choices until every branch
// has been taken.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace portcullis::netfilter {

// A probability as a reduced fraction. Arithmetic that would leave 64 bits gives nothing.
struct Rational {
  std::uint64_t numerator = 1;
  std::uint64_t denominator = 1;
  [[nodiscard]] static std::optional<Rational> product(const Rational& a, const Rational& b);
  [[nodiscard]] static std::optional<Rational> sum(const Rational& a, const Rational& b);
  bool operator==(const Rational&) const = default;
};

// Integer weights in the proportions of the probabilities, without a common factor; nothing if they do not fit 32 bits.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> integer_weights(const std::vector<Rational>& probabilities);

class Script {
 public:
  // One of 0 … n-1, uniformly. n > 0
  std::uint32_t uniform(std::uint32_t n);
  // True with probability numerator / denominator.
  bool chance(std::uint32_t numerator, std::uint32_t denominator);
  // The probability of the choices made since the last rewind; nothing if it has no exact 64-bit form.
  [[nodiscard]] std::optional<Rational> probability() const;
  // To the start, for the next branch; false if there is none.
  [[nodiscard]] bool advance();

 private:
  struct Choice {
    std::uint32_t taken = 0;
    std::uint32_t count = 1;
    std::uint32_t yes = 0, of = 0;  // of a chance: probability of taken == 0
  };
  std::uint32_t take(const Choice& fresh);

  std::vector<Choice> choices_;
  std::size_t at_ = 0;
};

}  // namespace portcullis::netfilter
