#include "verifier/languages/bytes.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace portcullis::languages {

Bytes one(unsigned char byte) {
  return Bytes{}.set(byte);
}

Bytes range(unsigned char first, unsigned char last) {
  Bytes set;
  for (unsigned i = first; i <= last; ++i) set.set(i);
  return set;
}

Bytes all_of(std::string_view text) {
  Bytes set;
  for (const char c : text) set.set(static_cast<unsigned char>(c));
  return set;
}

Bytes word_bytes() {
  return range('a', 'z') | range('A', 'Z') | range('0', '9') | one('_');
}

Bytes folded(Bytes bytes) {
  for (unsigned i = 'a'; i <= 'z'; ++i) {
    const unsigned capital = i - 'a' + 'A';
    if (!bytes.test(i) && !bytes.test(capital)) continue;
    bytes.set(i).set(capital);
  }
  return bytes;
}

char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

namespace {

// The smaller, the better the byte reads in an example.
unsigned oddness(unsigned byte) {
  if (byte >= 'a' && byte <= 'z') return byte - 'a';
  if (byte >= '0' && byte <= '9') return 30 + byte - '0';
  const std::string_view plain = "/-_.";
  const std::size_t at = byte < 128 ? plain.find(static_cast<char>(byte)) : std::string_view::npos;
  if (at != std::string_view::npos) return 40 + static_cast<unsigned>(at);
  if (byte >= 'A' && byte <= 'Z') return 50 + byte - 'A';
  if (byte > ' ' && byte < 127) return 100 + byte;
  return 300 + byte;
}

}  // namespace

Classes::Classes() {
  settle();
}

void Classes::split(const Bytes& set) {
  std::vector<std::uint16_t> inside(count_, UINT16_MAX);  // by class: the number of its part inside the set
  std::vector<bool> outside(count_, false);
  for (unsigned i = 0; i < 256; ++i)
    if (!set.test(i)) outside[class_[i]] = true;
  for (unsigned i = 0; i < 256; ++i) {
    if (!set.test(i)) continue;
    std::uint16_t& part = inside[class_[i]];
    if (part == UINT16_MAX) part = outside[class_[i]] ? count_++ : class_[i];
    class_[i] = part;
  }
}

void Classes::settle() {
  std::array<unsigned char, 256> order{};
  std::iota(order.begin(), order.end(), static_cast<unsigned char>(0));
  std::ranges::sort(order, {}, [](unsigned char byte) { return oddness(byte); });
  std::map<std::uint16_t, std::uint16_t> number;
  representatives_.clear();
  for (const unsigned char byte : order)
    if (number.emplace(class_[byte], static_cast<std::uint16_t>(number.size())).second)
      representatives_.push_back(byte);
  for (std::uint16_t& index : class_) index = number.at(index);
}

}  // namespace portcullis::languages
