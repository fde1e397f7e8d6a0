// Arithmetic inside prefixes, for everything that allocates from them.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/net/address.hpp"

namespace portcullis::cluster {

// Number of addresses, capped at 2^62: no plan needs more of an IPv6 range.
[[nodiscard]] std::uint64_t address_count(const net::Prefix& prefix);
// The offset of `address` in `prefix`, or nothing if it lies outside or past the cap.
[[nodiscard]] std::optional<std::uint64_t> offset_in(const net::Prefix& prefix, const net::Address& address);
// The subnet number `index` of length `length`; nothing past the end.
[[nodiscard]] std::optional<net::Prefix> subnet(const net::Prefix& range, int length, std::uint64_t index);
// The number of the subnet that holds `address`, which lies in `range`; at most 63 bits of it.
[[nodiscard]] std::uint64_t subnet_index(const net::Prefix& range, int length, const net::Address& address);

}  // namespace portcullis::cluster
