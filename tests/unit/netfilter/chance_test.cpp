#include "backends/netfilter/chance.hpp"

#include <catch2/catch.hpp>

namespace {

using portcullis::netfilter::integer_weights;
using portcullis::netfilter::Rational;
using portcullis::netfilter::Script;

}  // namespace

TEST_CASE("chance: every branch is taken once, with its probability") {
  Script script;
  std::vector<std::string> branches;
  Rational total{0, 1};
  do {
    std::string branch = std::to_string(script.uniform(3));
    // A branch may ask more than another one.
    if (branch == "1") branch += script.chance(1, 4) ? "y" : "n";
    branches.push_back(branch);
    total = *Rational::sum(total, *script.probability());
  } while (script.advance());
  CHECK(branches == std::vector<std::string>{"0", "1y", "1n", "2"});
  CHECK(total == Rational{1, 1});
}

TEST_CASE("chance: a choice of one is none") {
  Script script;
  CHECK(script.uniform(1) == 0);
  CHECK(script.chance(5, 5));
  CHECK(script.probability() == Rational{1, 1});
  CHECK_FALSE(script.advance());
}

TEST_CASE("chance: the chain 1/3, 1/2, rest is uniform") {
  Script script;
  std::vector<Rational> probabilities;
  do {
    if (!script.chance(1, 3)) (void)script.chance(1, 2);
    probabilities.push_back(*script.probability());
  } while (script.advance());
  CHECK(integer_weights(probabilities) == std::vector<std::uint32_t>{1, 1, 1});
}

TEST_CASE("chance: weights without a common factor") {
  struct Row {
    std::vector<Rational> probabilities;
    std::optional<std::vector<std::uint32_t>> weights;
  };
  const std::vector<Row> rows{
      {{{1, 1}}, {{1}}},
      {{{1, 2}, {1, 2}}, {{1, 1}}},
      {{{1, 2}, {1, 3}, {1, 6}}, {{3, 2, 1}}},
      {{{2, 3}, {1, 3}}, {{2, 1}}},
      {{{1, 5'000'000'000}, {4'999'999'999, 5'000'000'000}}, {}},  // does not fit 32 bits
  };
  for (const Row& row : rows) CHECK(integer_weights(row.probabilities) == row.weights);
}

TEST_CASE("chance: what leaves 64 bits is said, not rounded") {
  const Rational tiny{1, (std::uint64_t{1} << 63U) - 1};
  CHECK_FALSE(Rational::product(tiny, {1, 3}));
  CHECK(Rational::product(tiny, {0, 3}) == Rational{0, 1});
}
