#include "compiler/net/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace portcullis::net {

namespace {

// Dotted quad; Go's strict parser refuses leading zeros, the sloppy one reads them as decimal digits.
std::optional<std::uint32_t> parse_v4(std::string_view text, bool leading_zeros) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    std::uint32_t n = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      n = n * 10 + static_cast<std::uint32_t>(text[digits] - '0');
      if (n > 255) return {};
      ++digits;
    }
    if (digits == 0) return {};
    if (!leading_zeros && digits > 1 && text.front() == '0') return {};
    value = value << 8U | n;
    text.remove_prefix(digits);
    if (part < 3) {
      if (text.empty() || text.front() != '.') return {};
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) return {};
  return value;
}

std::optional<Address> parse_v6(std::string_view text) {
  if (text.size() > 45 || text.find('\0') != std::string_view::npos) return {};
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1) return {};
  return Address::v6(bytes);
}

bool is_v4_mapped(const std::array<std::uint8_t, 16>& b) {
  return std::all_of(b.begin(), b.begin() + 10, [](std::uint8_t x) { return x == 0; }) && b[10] == 0xFF &&
         b[11] == 0xFF;
}

std::optional<int> parse_length(std::string_view text, int most) {
  if (text.empty() || text.size() > 3) return {};
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return {};
  int n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  if (n > most) return {};
  return n;
}

// Sets (value 1) or clears (0) every bit from `length` on.
std::array<std::uint8_t, 16> fill_host_bits(std::array<std::uint8_t, 16> bytes, Family family, int length, bool value) {
  const int skipped = family == Family::ipv4 ? 96 : 0;
  for (int bit = skipped + length; bit < 128; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> static_cast<unsigned>(bit % 8));
    auto& byte = bytes[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(value ? byte | mask : byte & static_cast<std::uint8_t>(~mask));
  }
  return bytes;
}

Address from_bytes(Family family, const std::array<std::uint8_t, 16>& bytes) {
  if (family == Family::ipv6) return Address::v6(bytes);
  return Address::v4(static_cast<std::uint32_t>(bytes[12]) << 24U | static_cast<std::uint32_t>(bytes[13]) << 16U |
                     static_cast<std::uint32_t>(bytes[14]) << 8U | bytes[15]);
}

}  // namespace

std::string_view to_string(Family family) {
  return family == Family::ipv4 ? "IPv4" : "IPv6";
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "TCP";
    case Protocol::udp:
      return "UDP";
    case Protocol::sctp:
      return "SCTP";
    case Protocol::icmp:
      return "ICMP";
  }
  return {};
}

std::string_view lower_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
    case Protocol::icmp:
      return "icmp";
  }
  return {};
}

std::optional<Protocol> parse_protocol(std::string_view text) {
  using enum Protocol;
  for (const Protocol p : {tcp, udp, sctp, icmp}) {
    if (text == to_string(p)) return p;
  }
  return {};
}

std::uint8_t number(Protocol protocol, Family family) {
  switch (protocol) {
    case Protocol::tcp:
      return 6;
    case Protocol::udp:
      return 17;
    case Protocol::sctp:
      return 132;
    case Protocol::icmp:
      return family == Family::ipv4 ? 1 : 58;
  }
  return 0;
}

Address Address::v4(std::uint32_t host_order) {
  Address a;
  for (unsigned i = 0; i < 4; ++i) a.bytes_[12 + i] = static_cast<std::uint8_t>(host_order >> (24U - 8U * i));
  return a;
}

Address Address::v6(const std::array<std::uint8_t, 16>& bytes) {
  Address a;
  a.family_ = Family::ipv6;
  a.bytes_ = bytes;
  return a;
}

std::optional<Address> Address::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return parse_v6(text);
  if (const auto v = parse_v4(text, false)) return v4(*v);
  return {};
}

std::optional<Address> Address::parse_sloppy(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    if (const auto v = parse_v4(text, true)) return v4(*v);
    return {};
  }
  auto a = parse_v6(text);
  if (a && is_v4_mapped(a->bytes())) return from_bytes(Family::ipv4, a->bytes());
  return a;
}

std::uint32_t Address::v4_value() const {
  return static_cast<std::uint32_t>(bytes_[12]) << 24U | static_cast<std::uint32_t>(bytes_[13]) << 16U |
         static_cast<std::uint32_t>(bytes_[14]) << 8U | bytes_[15];
}

std::string Address::text() const {
  if (family_ == Family::ipv4) return fmt::format("{}.{}.{}.{}", bytes_[12], bytes_[13], bytes_[14], bytes_[15]);
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::optional<Address> Address::plus(std::uint64_t n) const {
  auto bytes = bytes_;
  const std::size_t first = family_ == Family::ipv4 ? 12 : 0;
  for (std::size_t i = 16; i-- > first && n != 0;) {
    const std::uint64_t sum = bytes[i] + (n & 0xFFU);
    bytes[i] = static_cast<std::uint8_t>(sum);
    n = (n >> 8U) + (sum >> 8U);
  }
  if (n != 0) return {};
  return from_bytes(family_, bytes);
}

std::optional<Address> Address::next() const {
  return plus(1);
}

std::optional<Address> Address::previous() const {
  auto bytes = bytes_;
  const std::size_t first = family_ == Family::ipv4 ? 12 : 0;
  for (std::size_t i = 16; i-- > first;) {
    if (bytes[i]-- != 0) return from_bytes(family_, bytes);
  }
  return {};
}

bool Address::is_loopback() const {
  if (family_ == Family::ipv4) return bytes_[12] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool Address::is_unspecified() const {
  return std::ranges::all_of(bytes_, [](std::uint8_t b) { return b == 0; });
}

bool Address::is_link_local_unicast() const {
  if (family_ == Family::ipv4) return bytes_[12] == 169 && bytes_[13] == 254;
  return bytes_[0] == 0xFE && (bytes_[1] & 0xC0U) == 0x80U;
}

bool Address::is_link_local_multicast() const {
  if (family_ == Family::ipv4) return bytes_[12] == 224 && bytes_[13] == 0 && bytes_[14] == 0;
  return bytes_[0] == 0xFF && (bytes_[1] & 0x0FU) == 0x02U;
}

bool Address::is_multicast() const {
  if (family_ == Family::ipv4) return (bytes_[12] & 0xF0U) == 0xE0U;
  return bytes_[0] == 0xFF;
}

std::string endpoint_text(const Address& address, std::uint16_t port) {
  if (address.family() == Family::ipv4) return fmt::format("{}:{}", address.text(), port);
  return fmt::format("[{}]:{}", address.text(), port);
}

Prefix::Prefix(Address address, int length)
    : address_(from_bytes(address.family(), fill_host_bits(address.bytes(), address.family(), length, false))),
      length_(length) {}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return {};
  const std::string_view digits = text.substr(slash + 1);
  const auto length = parse_length(digits, address->bits());
  if (!length || (digits.size() > 1 && digits.front() == '0')) return {};
  const Prefix prefix(*address, *length);
  if (prefix.address() != *address) return {};
  return prefix;
}

std::optional<Prefix> Prefix::parse_sloppy(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view head = text.substr(0, slash);
  const bool six = head.find(':') != std::string_view::npos;
  std::optional<Address> address;
  if (six) {
    address = parse_v6(head);
  } else if (const auto v = parse_v4(head, true)) {
    address = Address::v4(*v);
  }
  if (!address) return {};
  const auto length = parse_length(text.substr(slash + 1), address->bits());
  if (!length) return {};
  return Prefix(*address, *length);
}

Address Prefix::last() const {
  return from_bytes(family(), fill_host_bits(address_.bytes(), family(), length_, true));
}

bool Prefix::contains(const Address& address) const {
  if (address.family() != family()) return false;
  const int skipped = family() == Family::ipv4 ? 96 : 0;
  const auto whole = static_cast<std::size_t>((skipped + length_) / 8);
  const int rest = (skipped + length_) % 8;
  if (std::memcmp(address.bytes().data(), address_.bytes().data(), whole) != 0) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF00U >> static_cast<unsigned>(rest));
  return (address.bytes()[whole] & mask) == (address_.bytes()[whole] & mask);
}

bool Prefix::contains(const Prefix& other) const {
  return length_ <= other.length_ && contains(other.address_);
}

std::string Prefix::text() const {
  return fmt::format("{}/{}", address_.text(), length_);
}

PrefixSet::PrefixSet(std::vector<Prefix> prefixes) {
  std::ranges::sort(prefixes);  // by family, first address, length: a container stands before what it contains
  for (const Prefix& p : prefixes) {
    if (prefixes_.empty() || !prefixes_.back().contains(p)) prefixes_.push_back(p);
  }
}

void PrefixSet::add(const Prefix& prefix) {
  auto all = prefixes_;
  all.push_back(prefix);
  *this = PrefixSet(std::move(all));
}

bool PrefixSet::contains(const Address& address) const {
  // INVARIANT: disjoint and sorted, so only the last prefix that starts at or before the address can hold it.
  const auto next =
      std::ranges::upper_bound(prefixes_, address, std::less<>{}, [](const Prefix& p) { return p.address(); });
  return next != prefixes_.begin() && std::prev(next)->contains(address);
}

}  // namespace portcullis::net
