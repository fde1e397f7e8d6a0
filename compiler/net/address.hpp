// IP addresses, prefixes, protocols: strong values with one spelling each.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::net {

enum class Family : std::uint8_t { ipv4, ipv6 };
inline constexpr std::array<Family, 2> all_families{Family::ipv4, Family::ipv6};
// `IPv4`, `IPv6`: the API's spelling (EndpointSlice.addressType, Service.spec.ipFamilies).
[[nodiscard]] std::string_view to_string(Family family);

// Layer-4 protocols a Service port can have, and ICMP for packets that are no flow of a Service (echo).
// For IPv6 `icmp` means ICMPv6.
enum class Protocol : std::uint8_t { tcp, udp, sctp, icmp };
// `TCP`, `UDP`, `SCTP`, `ICMP`.
[[nodiscard]] std::string_view to_string(Protocol protocol);
// `tcp`, `udp`, `sctp`, `icmp`: the spelling of rulesets and of portcullis' own names.
[[nodiscard]] std::string_view lower_name(Protocol protocol);
// Case-sensitive, as the API server: `TCP`, `UDP`, `SCTP` (and `ICMP` for packets).
[[nodiscard]] std::optional<Protocol> parse_protocol(std::string_view text);
// IANA number: 6, 17, 132, 1 (58 for ICMPv6).
[[nodiscard]] std::uint8_t number(Protocol protocol, Family family);

// An address of either family. IPv4 uses the last four bytes only; ordering is family first, then value.
class Address {
 public:
  Address() = default;
  [[nodiscard]] static Address v4(std::uint32_t host_order);
  [[nodiscard]] static Address v6(const std::array<std::uint8_t, 16>& bytes);

  // The strict textual form (RFC 4632 dotted quad without leading zeros, RFC 4291; no zone). IPv4-mapped IPv6
  // (`::ffff:10.0.0.1`) stays IPv6.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);
  // What Go's netutils.ParseIPSloppy takes as well: leading zeros, read as decimal (`010.0.0.5` is 10.0.0.5).
  // IPv4-mapped IPv6 becomes IPv4, as Go's net.IP does.
  [[nodiscard]] static std::optional<Address> parse_sloppy(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] int bits() const { return family_ == Family::ipv4 ? 32 : 128; }
  // Network order; for IPv4 the first twelve bytes are zero.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t v4_value() const;
  // `10.0.1.2`, `fd00::1` (RFC 5952).
  [[nodiscard]] std::string text() const;
  // The next address, or nothing past the last one.
  [[nodiscard]] std::optional<Address> next() const;
  // this + n, or nothing on overflow of the family.
  [[nodiscard]] std::optional<Address> plus(std::uint64_t n) const;
  [[nodiscard]] std::optional<Address> previous() const;

  [[nodiscard]] bool is_loopback() const;              // 127.0.0.0/8, ::1
  [[nodiscard]] bool is_unspecified() const;           // 0.0.0.0, ::
  [[nodiscard]] bool is_link_local_unicast() const;    // 169.254.0.0/16, fe80::/10
  [[nodiscard]] bool is_link_local_multicast() const;  // 224.0.0.0/24, ff02::/16 (any ffx2)
  [[nodiscard]] bool is_multicast() const;

  auto operator<=>(const Address&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

// `10.0.1.2:8080`, `[fd00::1]:8080`.
[[nodiscard]] std::string endpoint_text(const Address& address, std::uint16_t port);

// A CIDR. INVARIANT: host bits are zero.
class Prefix {
 public:
  Prefix() = default;
  // Clears host bits.
  Prefix(Address address, int length);
  // Strict: host bits must be zero, no leading zeros.
  [[nodiscard]] static std::optional<Prefix> parse(std::string_view text);
  // What Go's netutils.ParseCIDRSloppy takes: leading zeros in the address, host bits set (they are cleared).
  [[nodiscard]] static std::optional<Prefix> parse_sloppy(std::string_view text);

  [[nodiscard]] const Address& address() const { return address_; }  // the first one
  [[nodiscard]] int length() const { return length_; }
  [[nodiscard]] Family family() const { return address_.family(); }
  [[nodiscard]] Address last() const;
  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] bool contains(const Prefix& other) const;
  [[nodiscard]] bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static Prefix host(const Address& address) { return {address, address.bits()}; }
  auto operator<=>(const Prefix&) const = default;

 private:
  Address address_;
  int length_ = 0;
};

// A set of addresses of one or both families, as sorted prefixes none of which contains another.
class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::vector<Prefix> prefixes);
  void add(const Prefix& prefix);
  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] bool empty() const { return prefixes_.empty(); }
  [[nodiscard]] const std::vector<Prefix>& prefixes() const { return prefixes_; }
  auto operator<=>(const PrefixSet&) const = default;

 private:
  std::vector<Prefix> prefixes_;
};

}  // namespace portcullis::net
