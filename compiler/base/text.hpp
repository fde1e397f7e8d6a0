// Small text helpers that several rooms need.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::base {

// The candidate at Damerau-Levenshtein distance ≤ 2 that is nearest to `word` (first of equals), or empty.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// `a, b and c`.
[[nodiscard]] std::string list_text(const std::vector<std::string>& items);

// Splits at every `separator`; an empty text gives one empty part.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);

// Text for a terminal or a comment: control characters and bytes that are no UTF-8 become visible escapes (`\x1b`).
[[nodiscard]] std::string printable(std::string_view text);

// FNV-1a: small, and the same in every build (labels of what a node remembers outlive the process).
[[nodiscard]] std::uint64_t stable_hash(std::string_view text);

}  // namespace portcullis::base
