// Spellings that the printer and the reader share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/net/address.hpp"

namespace portcullis::iptables {

struct StateWord {
  std::string_view word;
  std::uint32_t bit = 0;
};
// The words of --ctstate, in the order in which iptables-save prints them.
[[nodiscard]] const std::array<StateWord, 7>& state_words();

// `tcp` for 6; nothing for a number without a name here.
[[nodiscard]] std::string_view protocol_word(std::uint8_t number);
// Names and numbers; `all` is 0.
[[nodiscard]] std::optional<std::uint8_t> parse_protocol_word(std::string_view word);

// The mask of a whole address: `255.255.255.255`.
[[nodiscard]] std::string_view full_mask(net::Family family);

// The value of an option as iptables-save writes it: bare if it consists of letters, digits, `_` and `-`, else between
// double quotes with a backslash before `"`, `\` and `'` (xtables_save_string).
void append_quoted(std::string& out, std::string_view text);
void append_between_quotes(std::string& out, std::string_view text);

// A name that iptables-save writes bare (an interface, an affinity list); quoted only if it would not be read back.
void append_name(std::string& out, std::string_view name);

}  // namespace portcullis::iptables
