#include "backends/iptables/names.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "backends/iptables/ruleset.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::iptables {

namespace {

constexpr std::size_t longest_comment = 120;

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.:[]/ ").find(c) != std::string_view::npos;
}

}  // namespace

std::string address_stem(const std::optional<net::Address>& address, net::Family family, Forest forest) {
  std::string out(chain_prefix);
  if (forest != Forest::frontends) out += static_cast<char>(forest);
  if (family == net::Family::ipv4) return out + fmt::format("{:08X}", address ? address->v4_value() : 0);
  const std::array<std::uint8_t, 16> bytes = address ? address->bytes() : std::array<std::uint8_t, 16>{};
  for (const std::size_t i : {0U, 1U, 6U, 7U, 13U, 14U, 15U}) {
    fmt::format_to(std::back_inserter(out), "{:02X}", bytes[i]);
  }
  return out;
}

std::string frontend_stem(const ir::RouteKey& key, net::Family family) {
  const auto letter = static_cast<char>(lower_name(key.protocol).front() - 'a' + 'A');
  return fmt::format("{}{:04X}{}", address_stem(key.address, family), key.port, letter);
}

std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3U;
  }
  // The high bits of FNV-1a hardly know the last characters.
  h ^= h >> 33U;
  h *= 0xff51afd7ed558ccdU;
  h ^= h >> 33U;
  return h;
}

std::string hash_text(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::uint64_t h = hash(text);
  std::string out;
  for (int i = 0; i < 13; ++i) {
    out += digits[h & 31U];
    h >>= 5U;
  }
  return out;
}

std::string comment_text(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
  std::string out = plain ? std::string(text) : base::printable(text);
  if (out.size() <= longest_comment) return out;
  std::size_t end = longest_comment;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;  // no half character
  const auto digits = static_cast<std::uint32_t>(hash(text));
  out.resize(end);
  return out + fmt::format("…{:08x}", digits);
}

std::string recent_name(std::string_view label) {
  if (label.size() > longest_recent_name || label.empty() || !std::ranges::all_of(label, is_label_character))
    return std::string(chain_prefix) + hash_text(label);
  std::string name(label);
  std::ranges::replace(name, '/', ',');
  std::ranges::replace(name, ' ', '@');
  return name;
}

std::optional<std::string> label_of_recent(std::string_view name) {
  if (name.starts_with(chain_prefix)) return {};
  std::string label(name);
  std::ranges::replace(label, ',', '/');
  std::ranges::replace(label, '@', ' ');
  return label;
}

}  // namespace portcullis::iptables
