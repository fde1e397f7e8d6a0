#include "verifier/specialise/lookup.hpp"

#include <algorithm>

namespace portcullis::specialise {

using netfilter::Set;

std::size_t field_offset(const Set& set, std::size_t field) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < field; ++i) at += set.key[i];
  return at;
}

std::span<const std::uint32_t> low_of(const Set& set, std::uint32_t element, std::size_t field) {
  return {&set.lows[element * set.key_width() + field_offset(set, field)], set.key[field]};
}

std::span<const std::uint32_t> high_of(const Set& set, std::uint32_t element, std::size_t field) {
  if (!set.interval) return low_of(set, element, field);
  return {&set.highs[element * set.key_width() + field_offset(set, field)], set.key[field]};
}

OpenField::OpenField(const Set& set, std::size_t open_field) : set_(&set), words_(set.key_width()) {
  const std::size_t open = field_offset(set, open_field);
  for (std::size_t w = 0; w < words_; ++w) {
    if (w < open || w >= open + set.key[open_field]) fixed_.push_back(w);
  }
  for (std::uint32_t e = 0; e < set.size(); ++e) {
    const bool single = !set.interval || std::ranges::all_of(fixed_, [&](std::size_t w) {
      return set.lows[e * words_ + w] == set.highs[e * words_ + w];
    });
    (single ? sorted_ : wide_).push_back(e);
  }
  std::ranges::stable_sort(sorted_, [&](std::uint32_t a, std::uint32_t b) {
    return compare(a, std::span(&set_->lows[b * words_], words_)) < 0;
  });
}

int OpenField::compare(std::uint32_t element, std::span<const std::uint32_t> key) const {
  const std::uint32_t* low = &set_->lows[element * words_];
  for (const std::size_t w : fixed_) {
    if (low[w] != key[w]) return low[w] < key[w] ? -1 : 1;
  }
  return 0;
}

// Fields of a set are compared as numbers of several words, so a range is one of fields, not of words.
bool OpenField::agrees(std::uint32_t element, std::span<const std::uint32_t> key) const {
  std::size_t at = 0;
  for (std::size_t f = 0; f < set_->key.size(); at += set_->key[f], ++f) {
    if (std::ranges::find(fixed_, at) == fixed_.end()) continue;
    const auto value = key.subspan(at, set_->key[f]);
    if (std::ranges::lexicographical_compare(value, low_of(*set_, element, f)) ||
        std::ranges::lexicographical_compare(high_of(*set_, element, f), value))
      return false;
  }
  return true;
}

void OpenField::matching(std::span<const std::uint32_t> key, std::vector<std::uint32_t>& found) const {
  found.clear();
  auto at = std::ranges::partition_point(sorted_, [&](std::uint32_t element) { return compare(element, key) < 0; });
  for (; at != sorted_.end() && compare(*at, key) == 0; ++at) found.push_back(*at);
  for (const std::uint32_t e : wide_) {
    if (agrees(e, key)) found.push_back(e);
  }
  std::ranges::sort(found);
}

const OpenField& OpenFields::of(const netfilter::Model& model, netfilter::SetId set, std::size_t field) {
  const auto found = known_.find({set, field});
  if (found != known_.end()) return found->second;
  return known_.try_emplace({set, field}, model.sets[set], field).first->second;
}

ByField::ByField(const Set& set, std::size_t field)
    : set_(&set), words_(set.key_width()), at_(field_offset(set, field)), width_(set.key[field]) {
  for (std::uint32_t e = 0; e < set.size(); ++e) {
    (std::ranges::equal(low_of(set, e, field), high_of(set, e, field)) ? sorted_ : wide_).push_back(e);
  }
  std::ranges::stable_sort(sorted_, [&](std::uint32_t a, std::uint32_t b) {
    return std::ranges::lexicographical_compare(std::span(&set_->lows[a * words_ + at_], width_),
                                                std::span(&set_->lows[b * words_ + at_], width_));
  });
}

void ByField::matching(std::span<const std::uint32_t> value, std::vector<std::uint32_t>& found) const {
  found.clear();
  const auto low = [&](std::uint32_t e) { return std::span(&set_->lows[e * words_ + at_], width_); };
  auto at = std::ranges::partition_point(
      sorted_, [&](std::uint32_t e) { return std::ranges::lexicographical_compare(low(e), value); });
  for (; at != sorted_.end() && std::ranges::equal(low(*at), value); ++at) found.push_back(*at);
  for (const std::uint32_t e : wide_) {
    const std::span high(&set_->highs[e * words_ + at_], width_);
    if (!std::ranges::lexicographical_compare(value, low(e)) && !std::ranges::lexicographical_compare(high, value))
      found.push_back(e);
  }
}

}  // namespace portcullis::specialise
