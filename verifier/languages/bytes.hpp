// Sets of bytes, and the partition of all bytes that a list of sets cannot tell apart.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace portcullis::languages {

using Bytes = std::bitset<256>;

[[nodiscard]] Bytes one(unsigned char byte);
[[nodiscard]] Bytes range(unsigned char first, unsigned char last);  // both included
[[nodiscard]] Bytes all_of(std::string_view text);
[[nodiscard]] Bytes word_bytes();  // letters, digits, `_`
// With the other case of every ASCII letter.
[[nodiscard]] Bytes folded(Bytes bytes);
[[nodiscard]] char lower(char byte);

// Bytes that no set tells apart have one class. Classes are numbered from 0; each has a representative, the byte that
// reads best in an example.
class Classes {
 public:
  Classes();
  void split(const Bytes& set);
  // To be called when all sets are known: numbers the classes in the order in which their representatives read best.
  void settle();

  [[nodiscard]] std::size_t size() const { return representatives_.size(); }
  [[nodiscard]] std::uint16_t of(unsigned char byte) const { return class_[byte]; }
  [[nodiscard]] unsigned char representative(std::size_t index) const { return representatives_[index]; }

 private:
  std::array<std::uint16_t, 256> class_{};
  std::uint16_t count_ = 1;
  std::vector<unsigned char> representatives_;
};

}  // namespace portcullis::languages
