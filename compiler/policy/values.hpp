// Words of a policy that stand for a value: numbers, ports, addresses, dates, patterns. Each function answers nothing
// for a word that is no such value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "compiler/net/address.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

// `"a \"b\""` without its quotes and escapes (`\"` and `\\`); nothing for another escape. A word without quotes is
// itself.
[[nodiscard]] std::optional<std::string> unquote(std::string_view word);

// A whole decimal number without sign, in [least, most].
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view word, std::uint32_t least, std::uint32_t most);

// `5432`, `8000-8100`.
[[nodiscard]] std::optional<PortNumbers> parse_port_numbers(std::string_view word);
// Numbers, or a port name as the API allows it (IANA service name: RFC 6335, at most 15 characters).
[[nodiscard]] std::optional<std::variant<PortNumbers, std::string>> parse_port(std::string_view word);

// Looks like an address or a range, and unlike the name of a zone.
[[nodiscard]] bool is_range_like(std::string_view word);
// `203.0.113.0/24`, or one address. Host bits must be zero.
[[nodiscard]] std::optional<net::Prefix> parse_range(std::string_view word);

// `2027-03-01`, a day that exists.
[[nodiscard]] std::optional<std::chrono::year_month_day> parse_date(std::string_view word);
[[nodiscard]] std::string date_text(std::chrono::year_month_day date);

// `shop/web`, `web`, `*`. Not: more than one `/`, an empty part.
[[nodiscard]] std::optional<ObjectPattern> parse_object(std::string_view word, SourceSpan span);

}  // namespace portcullis::policy
