// Sets and maps by a part of their key.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "backends/netfilter/model.hpp"

namespace portcullis::specialise {

// The elements of a set that agree with a key in every field but one.
class OpenField {
 public:
  // `set` must outlive this.
  OpenField(const netfilter::Set& set, std::size_t open_field);
  // Into `found`, ascending. The words of the open field in `key` are of no consequence.
  void matching(std::span<const std::uint32_t> key, std::vector<std::uint32_t>& found) const;

 private:
  [[nodiscard]] bool agrees(std::uint32_t element, std::span<const std::uint32_t> key) const;
  [[nodiscard]] int compare(std::uint32_t element, std::span<const std::uint32_t> key) const;

  const netfilter::Set* set_;
  std::size_t words_;
  std::vector<std::size_t> fixed_;     // words of the key outside of the open field
  std::vector<std::uint32_t> sorted_;  // elements with single values there, by them
  std::vector<std::uint32_t> wide_;    // the others
};

// Those that were asked for, of one model.
class OpenFields {
 public:
  [[nodiscard]] const OpenField& of(const netfilter::Model& model, netfilter::SetId set, std::size_t field);

 private:
  std::map<std::pair<netfilter::SetId, std::size_t>, OpenField> known_;
};

// The elements of a set whose field holds a value.
class ByField {
 public:
  ByField(const netfilter::Set& set, std::size_t field);
  void matching(std::span<const std::uint32_t> value, std::vector<std::uint32_t>& found) const;

 private:
  const netfilter::Set* set_;
  std::size_t words_, at_ = 0, width_;
  std::vector<std::uint32_t> sorted_, wide_;
};

// Where a field begins in a key, in words.
[[nodiscard]] std::size_t field_offset(const netfilter::Set& set, std::size_t field);
[[nodiscard]] std::span<const std::uint32_t> low_of(const netfilter::Set& set, std::uint32_t element,
                                                    std::size_t field);
// The same as low_of where the set holds no ranges.
[[nodiscard]] std::span<const std::uint32_t> high_of(const netfilter::Set& set, std::uint32_t element,
                                                     std::size_t field);

}  // namespace portcullis::specialise
