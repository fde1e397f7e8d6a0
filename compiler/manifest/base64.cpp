#include "compiler/manifest/base64.hpp"

#include <cstdint>

namespace portcullis::manifest {

namespace {

// 0 … 63, or -1.
int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  std::uint32_t bits = 0;
  int digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = digit(c);
    if (value < 0 || padding > 0) return false;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    if (++digits == 4) {
      for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(bits >> shift & 0xFFU);
      bits = 0;
      digits = 0;
    }
  }
  if (digits == 1 || (digits + padding) % 4 != 0 || padding > 2) return false;
  if (digits >= 2) out += static_cast<char>(bits >> (digits == 2 ? 4U : 10U) & 0xFFU);
  if (digits == 3) out += static_cast<char>(bits >> 2U & 0xFFU);
  return true;
}

}  // namespace portcullis::manifest
