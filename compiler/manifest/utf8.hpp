// Encodings of input: everything past this file is UTF-8 without a byte order mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace portcullis::manifest {

// One character at the start of `text`. length 0: the bytes there are no UTF-8.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;
};
[[nodiscard]] CodePoint decode_utf8(std::string_view text);
void append_utf8(std::string& out, std::uint32_t code_point);

// Each byte that is part of no character becomes U+FFFD, as Go's JSON encoder has it.
[[nodiscard]] std::string replace_invalid(std::string_view text);

[[nodiscard]] bool is_ascii(std::string_view text);

// Removes a byte order mark and turns UTF-16 (recognised by its mark, as libyaml does) into UTF-8; half a surrogate
// pair becomes U+FFFD.
void normalise_encoding(std::string& text);

}  // namespace portcullis::manifest
