// The values that rules compare and that sets hold: what a packet shows to a rule, as the kernel's registers see it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "compiler/net/address.hpp"

namespace portcullis::netfilter {

// One register: 32 bits (`words[0]`) or 128 bits (most significant word first), by the field's width. Ordering is
// numeric either way.
struct Value {
  std::array<std::uint32_t, 4> words{};

  [[nodiscard]] static Value number(std::uint32_t n) { return {{n, 0, 0, 0}}; }
  [[nodiscard]] static Value address(const net::Address& address);
  // At most 15 bytes (IFNAMSIZ without its end); zero-padded.
  [[nodiscard]] static Value interface(std::string_view name);
  [[nodiscard]] static Value all_ones() { return {{~0U, ~0U, ~0U, ~0U}}; }
  // Network mask of `length` leading bits.
  [[nodiscard]] static Value mask(int length);
  [[nodiscard]] net::Address to_address(net::Family family) const;

  friend Value operator&(const Value& a, const Value& b);
  friend Value operator^(const Value& a, const Value& b);
  auto operator<=>(const Value&) const = default;
};

// What a rule can read of a packet, of its conntrack entry and of the node.
enum class Field : std::uint8_t {
  ip4_source,  // a rule that reads a field of the other family does not match
  ip4_destination,
  ip6_source,
  ip6_destination,
  source_port,  // of TCP, UDP, SCTP
  destination_port,
  protocol,  // IANA number
  family,    // NFPROTO_IPV4 2, NFPROTO_IPV6 10
  input_interface,
  output_interface,
  mark,
  priority,                     // skb->priority: our scratch
  ct_state,                     // one bit of State
  ct_status,                    // bits of Status
  ct_state_or_nat,              // both at once: what xt_conntrack's --ctstate tests (the bits are disjoint)
  ct_original_ip4_destination,  // before translation
  ct_original_ip6_destination,
  ct_original_destination_port,
  fib_source_type,  // RTN_LOCAL for addresses of this node, else RTN_UNICAST
  fib_destination_type,
};
[[nodiscard]] std::string_view to_string(Field field);

// Width in 32-bit words: 4 for IPv6 addresses and interface names, else 1.
[[nodiscard]] std::uint8_t width(Field field);

// Bits of ct_state (include/uapi/linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT).
namespace state {
inline constexpr std::uint32_t invalid = 1, established = 2, related = 4, fresh = 8, untracked = 64;
}
// Bits of ct_status (IPS_*): only these two are modelled.
namespace status {
inline constexpr std::uint32_t snat = 16, dnat = 32;
}
// Values of the fib types (include/uapi/linux/rtnetlink.h).
namespace fib {
inline constexpr std::uint32_t unicast = 1, local = 2;
}

}  // namespace portcullis::netfilter
