// The options of a rule, and the values that they take.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "backends/iptables/ruleset.hpp"

namespace portcullis::iptables {

enum class Option : std::uint8_t {
  and_mark,
  comment,
  ctstate,
  destination_port,
  destination_type,
  mark,
  mask,
  mode,
  name,
  nfacct_name,
  or_mark,
  probability,
  random_fully,
  rcheck,
  reap,
  reject_with,
  remove,
  rsource,
  seconds,
  set,
  set_mark,
  set_xmark,
  source_port,
  source_type,
  state,
  to_destination,
  update,
  xor_mark,
  destination,
  go_to,
  in_interface,
  jump,
  match,
  out_interface,
  protocol,
  source,
};
// `--dport`, `-s`, and the longer spellings that iptables-restore takes.
[[nodiscard]] std::optional<Option> find_option(std::string_view word);

// The whole text as a number.
template <class T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// `0x4000`, `16384`, `040000`: as strtoul reads it.
[[nodiscard]] std::optional<std::uint32_t> parse_mark(std::string_view text);
// `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.0.0.1`; host bits are cleared, as iptables does.
[[nodiscard]] std::optional<net::Prefix> parse_prefix(std::string_view text);
// `80`, `80:90`, `:90`, `80:`.
[[nodiscard]] std::optional<PortRange> parse_ports(std::string_view text);
// `10.0.0.1`, `10.0.0.1:80`, `[fd00::1]:80`, `fd00::1`: a single address.
[[nodiscard]] std::optional<Dnat> parse_destination(std::string_view text);

}  // namespace portcullis::iptables
