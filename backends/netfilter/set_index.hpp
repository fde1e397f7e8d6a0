// Look-up in one set or map: a hash over the fields in which every element is a single value, a scan of the few boxes
// that share them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backends/netfilter/model.hpp"

namespace portcullis::netfilter {

class SetIndex {
 public:
  // `set` must outlive the index.
  explicit SetIndex(const Set& set);
  // The position of the element that holds `key` (key_width() words): the first, if foreign text has boxes that
  // overlap.
  [[nodiscard]] std::optional<std::uint32_t> find(std::span<const std::uint32_t> key) const;

 private:
  [[nodiscard]] std::uint64_t hash(std::span<const std::uint32_t> key) const;
  [[nodiscard]] bool holds(std::uint32_t element, std::span<const std::uint32_t> key) const;
  [[nodiscard]] std::optional<std::uint32_t> find_range(std::span<const std::uint32_t> key) const;
  void sort_ranges();

  const Set* set_;
  std::size_t words_ = 0;
  std::vector<std::uint8_t> hashed_words_;  // positions within a key
  std::vector<std::uint32_t>
      table_;  // open addressing: element + 1, or 0; equal hashes follow each other in element order
  std::vector<std::uint32_t> sorted_;  // of a set of plain ranges: elements by their low end
};

}  // namespace portcullis::netfilter
