#include "backends/netfilter/set_index.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace {

using namespace portcullis::netfilter;

// What an element holds, field by field, without any index.
std::optional<std::uint32_t> scan(const Set& set, const std::vector<std::uint32_t>& key) {
  const std::size_t words = set.key_width();
  for (std::uint32_t e = 0; e < set.size(); ++e) {
    bool holds = true;
    std::size_t at = 0;
    for (const std::uint8_t width : set.key) {
      const auto part = [&](const std::vector<std::uint32_t>& all, std::size_t offset) {
        return std::vector<std::uint32_t>(all.begin() + static_cast<std::ptrdiff_t>(offset),
                                          all.begin() + static_cast<std::ptrdiff_t>(offset + width));
      };
      const auto field = part(key, at);
      const auto low = part(set.lows, e * words + at);
      const auto high = part(set.interval ? set.highs : set.lows, e * words + at);
      holds = holds && low <= field && field <= high;
      at += width;
    }
    if (holds) return e;
  }
  return {};
}

// Small values, so that hits, neighbours and equal fields are frequent.
Set random_set(std::mt19937& random, bool interval) {
  Set set;
  set.interval = interval;
  const std::size_t fields = 1 + random() % 3;
  for (std::size_t i = 0; i < fields; ++i) set.key.push_back(random() % 4 == 0 ? 4 : 1);
  const std::size_t exact = random() % (fields + 1);  // the first fields are single values
  for (std::size_t e = random() % 40; e > 0; --e) {
    for (std::size_t i = 0; i < fields; ++i) {
      for (std::uint8_t w = 0; w < set.key[i]; ++w) {
        const bool last = w + 1 == set.key[i];
        const auto low = static_cast<std::uint32_t>(random() % 6);
        set.lows.push_back(low);
        if (interval) set.highs.push_back(i < exact || !last ? low : low + static_cast<std::uint32_t>(random() % 3));
      }
    }
  }
  return set;
}

}  // namespace

TEST_CASE("set index: finds what a scan finds") {
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const Set set = random_set(random, seed % 2 == 1);
    const SetIndex index(set);
    for (int i = 0; i < 200; ++i) {
      std::vector<std::uint32_t> key;
      for (std::size_t w = 0; w < set.key_width(); ++w) key.push_back(static_cast<std::uint32_t>(random() % 8));
      INFO("seed " << seed);
      // Foreign text may name one key twice; the first counts. Plain ranges that overlap cannot be loaded, but are
      // found in order too.
      CHECK(index.find(key) == scan(set, key));
    }
  }
}

TEST_CASE("set index: an empty set holds nothing") {
  Set set;
  set.key = {1};
  CHECK_FALSE(SetIndex(set).find(std::vector<std::uint32_t>{0}));
  set.interval = true;
  CHECK_FALSE(SetIndex(set).find(std::vector<std::uint32_t>{0}));
}
