// Values of ingress-nginx' annotations, as its parsers take them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/net/address.hpp"

namespace portcullis::ir::l7 {

// Parts between commas, without blanks around them; empty ones are left out.
[[nodiscard]] std::vector<std::string> comma_list(std::string_view text);
// Addresses and prefixes.
[[nodiscard]] std::optional<net::PrefixSet> parse_ranges(std::string_view text);
// `8m`, `1k`, `0`, `1024`: bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
// Letters, digits and `allowed`.
[[nodiscard]] bool made_of(std::string_view text, std::string_view allowed);

}  // namespace portcullis::ir::l7
