// How nft spells values, terms and tests. Shared by the printer; the reader knows more spellings than these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/netfilter/model.hpp"
#include "backends/nftables/ruleset.hpp"

namespace portcullis::nftables {

using netfilter::Value;

[[nodiscard]] Value value_at(const std::uint32_t* words, std::uint8_t width);
// `10.96.0.20`, `tcp`, `80`, `5010:1`, `0x00004000`, `"cni0"`.
void append_value(std::string& out, Type type, const Value& value);
// One value, a prefix or `low-high`.
void append_range(std::string& out, Type type, const Value& low, const Value& high);
// `ip saddr`, `numgen random mod 3`, `meta mark & 0x00004000`; `type` is that of a constant.
void append_term(std::string& out, const netfilter::Term& term, Type type);
// Every test but that of a set.
void append_match(std::string& out, const netfilter::Match& match);
[[nodiscard]] std::string_view verdict_word(netfilter::Verdict::Kind kind);
// `10m`, `3h`, `1d2h`.
[[nodiscard]] std::string duration_text(std::uint32_t seconds);
// The type of what a field holds.
[[nodiscard]] Type type_of(netfilter::Field field);

}  // namespace portcullis::nftables
