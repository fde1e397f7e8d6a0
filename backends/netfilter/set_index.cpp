#include "backends/netfilter/set_index.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace portcullis::netfilter {

SetIndex::SetIndex(const Set& set) : set_(&set), words_(set.key_width()) {
  const std::size_t size = set.size();
  std::size_t at = 0;
  for (const std::uint8_t width : set.key) {
    bool exact = true;
    for (std::size_t e = 0; set.interval && exact && e < size; ++e) {
      exact = std::equal(&set.lows[e * words_ + at], &set.lows[e * words_ + at] + width, &set.highs[e * words_ + at]);
    }
    for (std::size_t w = at; exact && w < at + width; ++w) hashed_words_.push_back(static_cast<std::uint8_t>(w));
    at += width;
  }
  if (hashed_words_.empty()) {
    sort_ranges();
    return;
  }
  table_.assign(std::bit_ceil(size * 2 + 1), 0);
  for (std::uint32_t e = 0; e < size; ++e) {
    std::size_t slot = hash({&set.lows[e * words_], words_}) & (table_.size() - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = e + 1;
  }
}

// Plain ranges of one field do not overlap in a set that the kernel took; if they do, or if there are several ranged
// fields and nothing to hash, the scan stays.
void SetIndex::sort_ranges() {
  if (set_->key.size() != 1) return;
  const auto low = [this](std::uint32_t e) { return std::span(&set_->lows[e * words_], words_); };
  const auto high = [this](std::uint32_t e) { return std::span(&set_->highs[e * words_], words_); };
  std::vector<std::uint32_t> order(set_->size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(
      order, [&](std::uint32_t a, std::uint32_t b) { return std::ranges::lexicographical_compare(low(a), low(b)); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (!std::ranges::lexicographical_compare(high(order[i - 1]), low(order[i]))) return;
  }
  sorted_ = std::move(order);
}

std::uint64_t SetIndex::hash(std::span<const std::uint32_t> key) const {
  std::uint64_t h = 0x9e3779b97f4a7c15ULL;
  for (const std::uint8_t w : hashed_words_) {
    h = (h ^ key[w]) * 0xff51afd7ed558ccdULL;
    h ^= h >> 32U;
  }
  return h;
}

bool SetIndex::holds(std::uint32_t element, std::span<const std::uint32_t> key) const {
  const std::uint32_t* low = &set_->lows[element * words_];
  if (!set_->interval) return std::equal(key.begin(), key.end(), low);
  const std::uint32_t* high = &set_->highs[element * words_];
  std::size_t at = 0;
  for (const std::uint8_t width : set_->key) {
    const auto field = key.subspan(at, width);
    if (std::ranges::lexicographical_compare(field, std::span(low + at, width)) ||
        std::ranges::lexicographical_compare(std::span(high + at, width), field)) {
      return false;
    }
    at += width;
  }
  return true;
}

std::optional<std::uint32_t> SetIndex::find_range(std::span<const std::uint32_t> key) const {
  if (sorted_.empty()) {
    for (std::uint32_t e = 0; e < set_->size(); ++e) {
      if (holds(e, key)) return e;
    }
    return {};
  }
  const auto after = std::ranges::partition_point(sorted_, [&](std::uint32_t e) {
    return !std::ranges::lexicographical_compare(key, std::span(&set_->lows[e * words_], words_));
  });
  if (after == sorted_.begin() || !holds(*(after - 1), key)) return {};
  return *(after - 1);
}

std::optional<std::uint32_t> SetIndex::find(std::span<const std::uint32_t> key) const {
  if (hashed_words_.empty()) return find_range(key);
  std::optional<std::uint32_t> best;
  for (std::size_t slot = hash(key) & (table_.size() - 1); table_[slot] != 0; slot = (slot + 1) & (table_.size() - 1)) {
    const std::uint32_t e = table_[slot] - 1;
    if ((!best || e < *best) && holds(e, key)) best = e;
    if (best && !set_->interval) return best;
  }
  return best;
}

}  // namespace portcullis::netfilter
