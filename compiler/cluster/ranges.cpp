#include "compiler/cluster/ranges.hpp"

#include <algorithm>

namespace portcullis::cluster {

namespace {

constexpr int most_bits = 62;

std::uint64_t half(const net::Address& address, std::size_t from) {
  std::uint64_t value = 0;
  for (std::size_t i = from; i < from + 8; ++i) value = value << 8U | address.bytes()[i];
  return value;
}

}  // namespace

std::uint64_t address_count(const net::Prefix& prefix) {
  const int bits = prefix.address().bits() - prefix.length();
  return std::uint64_t{1} << static_cast<unsigned>(bits < most_bits ? bits : most_bits);
}

std::optional<std::uint64_t> offset_in(const net::Prefix& prefix, const net::Address& address) {
  if (!prefix.contains(address) || half(prefix.address(), 0) != half(address, 0)) return {};
  const std::uint64_t offset = half(address, 8) - half(prefix.address(), 8);
  if (offset >= address_count(prefix)) return {};
  return offset;
}

std::optional<net::Prefix> subnet(const net::Prefix& range, int length, std::uint64_t index) {
  if (length < range.length() || length > range.address().bits()) return {};
  const auto bits = static_cast<unsigned>(length - range.length());
  if (bits < 64 && index >> bits != 0) return {};
  // Writes the index into the bits between both lengths, from the right.
  auto bytes = range.address().bytes();
  const int skipped = range.family() == net::Family::ipv4 ? 96 : 0;
  for (int bit = skipped + length - 1; index != 0; --bit, index >>= 1U) {
    if ((index & 1U) != 0)
      bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80U >> static_cast<unsigned>(bit % 8));
  }
  const net::Address address = range.family() == net::Family::ipv6
                                   ? net::Address::v6(bytes)
                                   : net::Address::v4(static_cast<std::uint32_t>(bytes[12]) << 24U |
                                                      static_cast<std::uint32_t>(bytes[13]) << 16U |
                                                      static_cast<std::uint32_t>(bytes[14]) << 8U | bytes[15]);
  return net::Prefix(address, length);
}

std::uint64_t subnet_index(const net::Prefix& range, int length, const net::Address& address) {
  const int skipped = range.family() == net::Family::ipv4 ? 96 : 0;
  std::uint64_t index = 0;
  for (int bit = skipped + std::max(range.length(), length - 63); bit < skipped + length; ++bit) {
    const auto byte = address.bytes()[static_cast<std::size_t>(bit / 8)];
    index = index << 1U | ((byte >> static_cast<unsigned>(7 - bit % 8)) & 1U);
  }
  return index;
}

}  // namespace portcullis::cluster
