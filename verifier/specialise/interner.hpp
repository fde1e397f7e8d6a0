// Equal values get one small number: a vector of the values, and an open-addressing table of their numbers.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace portcullis::specialise {

template <class T, class Hash>
class Interner {
 public:
  Interner() : table_(64, 0) {}

  // The number of an equal value, which is `value` itself if it is the first (second: true).
  std::pair<std::uint32_t, bool> add(const T& value) {
    if ((values_.size() + 1) * 2 > table_.size()) grow();
    std::uint32_t& slot = table_[slot_of(value)];
    if (slot != 0) return {slot - 1, false};
    values_.push_back(value);
    slot = static_cast<std::uint32_t>(values_.size());
    return {slot - 1, true};
  }
  [[nodiscard]] bool contains(const T& value) const { return table_[slot_of(value)] != 0; }

  [[nodiscard]] const T& operator[](std::uint32_t number) const { return values_[number]; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  [[nodiscard]] std::size_t slot_of(const T& value) const {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = Hash{}(value)&mask;
    while (table_[at] != 0 && !(values_[table_[at] - 1] == value)) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    table_.assign(table_.size() * 4, 0);
    for (std::uint32_t i = 0; i < values_.size(); ++i) table_[slot_of(values_[i])] = i + 1;
  }

  std::vector<T> values_;
  std::vector<std::uint32_t> table_;  // number + 1, or 0
};

// Values by key.
template <class Key, class Hash>
class Memo {
 public:
  // Where the value of a key is kept, for good.
  [[nodiscard]] std::uint32_t place(const Key& key) {
    const auto [number, fresh] = keys_.add(key);
    if (fresh) values_.push_back(absent);
    return number;
  }
  // Nothing: not known.
  [[nodiscard]] const std::uint32_t* at(std::uint32_t place) const {
    return values_[place] == absent ? nullptr : &values_[place];
  }
  void store(std::uint32_t place, std::uint32_t value) { values_[place] = value; }

  [[nodiscard]] const std::uint32_t* find(const Key& key) { return at(place(key)); }
  void store(const Key& key, std::uint32_t value) { store(place(key), value); }

 private:
  static constexpr std::uint32_t absent = UINT32_MAX;
  Interner<Key, Hash> keys_;
  std::vector<std::uint32_t> values_;
};

// Tables take the low bits, so the high bits of a word have to reach them.
inline std::size_t mix(std::size_t h, std::uint64_t word) {
  h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
  h = (h ^ (h >> 32U)) * 0xD6E8FEB86659FD93ULL;
  return h ^ (h >> 32U);
}

// A key that is made of numbers.
struct Words {
  std::array<std::uint32_t, 6> words{};
  bool operator==(const Words&) const = default;
};
struct WordsHash {
  std::size_t operator()(const Words& w) const {
    const auto wide = [&](std::size_t i) { return std::uint64_t{w.words[i]} << 32U | w.words[i + 1]; };
    return mix(mix(mix(0, wide(0)), wide(2)), wide(4));
  }
};

}  // namespace portcullis::specialise
