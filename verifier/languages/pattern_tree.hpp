// The syntax tree of a pattern.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "verifier/languages/pattern.hpp"

namespace portcullis::languages {

struct PatternNode {
  enum class Kind : std::uint8_t { empty, bytes, asks, sequence, either, repeat };
  Kind kind = Kind::empty;
  Bytes bytes{};                         // of bytes
  Asks asks = Asks::nothing;             // of asks
  std::vector<PatternNode> parts{};      // of sequence, either; one of repeat
  unsigned least = 0, most = 0;          // of repeat
  static constexpr unsigned many = ~0U;  // most: no limit
};

[[nodiscard]] std::variant<PatternNode, Unsupported> parse_pattern(std::string_view pattern, bool fold);

}  // namespace portcullis::languages
