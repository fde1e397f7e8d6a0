// Reading of nft's values: by the type that the set or the other side of the comparison has.
#pragma once

#include <optional>
#include <string_view>

#include "backends/netfilter/value.hpp"
#include "backends/nftables/ruleset.hpp"

namespace portcullis::nftables {

struct ValueRange {
  netfilter::Value low, high;
  [[nodiscard]] bool single() const { return low == high; }
};

// `text` is one word: a value, a prefix (`10.0.0.0/8`), a range (`80-90`) or, for names of interfaces, `veth*`. Quotes
// are off.
[[nodiscard]] std::optional<ValueRange> parse_range(Type type, std::string_view text);
[[nodiscard]] std::optional<netfilter::Value> parse_value(Type type, std::string_view text);
// `10m`, `3h`, `1d2h30s`, `250ms` (rounded down), `600`.
[[nodiscard]] std::optional<std::uint32_t> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view text);  // decimal or 0x…
[[nodiscard]] std::optional<Type> parse_type(std::string_view name);
// `dstnat`, `srcnat`, `-110`.
[[nodiscard]] std::optional<std::int32_t> parse_priority(std::string_view text);

}  // namespace portcullis::nftables
