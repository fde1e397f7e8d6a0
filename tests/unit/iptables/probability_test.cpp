#include "backends/iptables/probability.hpp"

#include <numeric>

#include <catch2/catch.hpp>

namespace portcullis::iptables {

TEST_CASE("the text of a probability is the kernel's number, and gives back the fraction") {
  struct Row {
    Fraction fraction;
    const char* text;
  };
  const Row row = GENERATE(values<Row>({
      {{1, 1}, "1.00000000000"},
      {{1, 2}, "0.50000000000"},
      {{1, 3}, "0.33333333349"},  // as iptables-save prints what was given as 0.3333333333
      {{1, 7}, "0.14285714272"},
      {{2, 3}, "0.66666666651"},
      {{1, 32767}, "0.00003051851"},
  }));
  INFO(row.text);
  CHECK(probability_text(row.fraction) == row.text);
  CHECK(parse_probability(row.text) == row.fraction);
}

TEST_CASE("every fraction of a pool of up to 400 weights comes back") {
  std::size_t wrong = 0;
  for (std::uint32_t d = 1; d <= 400; ++d) {
    for (std::uint32_t n = 1; n <= d; ++n) {
      if (std::gcd(n, d) != 1) continue;
      const auto back = parse_probability(probability_text({n, d}));
      if (back != Fraction{n, d}) ++wrong;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("1/n comes back for every n below 2^15, in kube-proxy's ten decimals too") {
  std::size_t wrong = 0;
  for (std::uint32_t n = 1; n < 32768; ++n) {
    if (parse_probability(probability_text({1, n})) != Fraction{1, n}) ++wrong;
  }
  CHECK(wrong == 0);
  // Vectors of the reference, 4.2.
  CHECK(parse_probability("0.5000000000") == Fraction{1, 2});
  CHECK(parse_probability("0.3333333333") == Fraction{1, 3});
  CHECK(parse_probability("0.1428571429") == Fraction{1, 7});
  CHECK(parse_probability("0.1666666667") == Fraction{1, 6});
}

TEST_CASE("what is no probability is refused") {
  const char* text = GENERATE("", ".", "x", "-0.5", "1.1", "2", "0", "0.0", "0.0000000001", "0.5x", "0..5", "1e-3",
                              "99999999999999999999");
  INFO(text);
  CHECK_FALSE(parse_probability(text));
}

TEST_CASE("a fraction that a reader finds rounds to the number that was read") {
  std::size_t wrong = 0;
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto n = static_cast<std::uint32_t>(state >> 33U) | 1U;
    const Fraction given{n, 1U << 31U};
    const auto back = parse_probability(probability_text(given));
    if (!back || fixed_point(*back) != n || back->second > (1U << 31U)) ++wrong;
  }
  CHECK(wrong == 0);
}

}  // namespace portcullis::iptables
