// Words of configurations and maps. Values of manifests get into them through these functions only, so that none can
// end its word, its line or its map key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::haproxy {

// Bytes that stand in any word as they are: letters, digits, `_ . / : - ~ @ + = ,`; not empty.
[[nodiscard]] bool plain(std::string_view text);
// No byte outside 0x20–0x7e: what a quoted word can hold.
[[nodiscard]] bool printable(std::string_view text);
// A header's or cookie's name that may stand in the parentheses of a sample: letters, digits, `-`, `_`, `.`.
[[nodiscard]] bool is_name(std::string_view text);
// Letters, digits, `-`, `_`, `.`: a host that may be the key of a map, a name of crt-list.
[[nodiscard]] bool is_host(std::string_view text);

// In single quotes where it has to be; the text is printable.
[[nodiscard]] std::string word(std::string_view text);
// The words of a line as HAProxy takes them apart, as far as `word` writes them; nothing if a quote stays open.
[[nodiscard]] std::optional<std::vector<std::string>> words_of(std::string_view line);

// Keys of paths: every byte but letters, digits, `- . _ ~ /` as `%XX`, which is what the frontend makes of a path.
[[nodiscard]] std::string percent_encoded(std::string_view text);
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
// `41FF`: what the converter `hex` makes.
[[nodiscard]] std::string hex_of(std::string_view text);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

// A regular expression of the same meaning without blanks, quotes, control characters and bytes above 0x7e: they become
// `\xHH`.
[[nodiscard]] std::string regex_word(std::string_view pattern);
// Back again; of two patterns that differ only in how such a byte is written, one.
[[nodiscard]] std::string regex_text(std::string_view word);
// The same as the key of a map: with letter case ignored, and at the start only.
[[nodiscard]] std::string regex_key(std::string_view pattern, bool fold, bool anchored);
struct RegexKey {
  std::string text;
  bool fold = false;
};
[[nodiscard]] std::optional<RegexKey> read_regex_key(std::string_view key, bool anchored);
// A regular expression for the text itself, and back.
[[nodiscard]] std::string regex_literal(std::string_view text);
[[nodiscard]] std::optional<std::string> literal_of_regex(std::string_view pattern);

// Names of one label, a dot, and the text; and back.
[[nodiscard]] std::string one_label_regex(std::string_view text, ir::l7::HostForm form);
[[nodiscard]] std::optional<std::string> read_one_label_regex(std::string_view pattern, ir::l7::HostForm form);
// What a label and its dot are, at the start of a name.
[[nodiscard]] std::string_view label_regex(ir::l7::HostForm form);

// Log formats: `%` is doubled.
[[nodiscard]] std::string format_literal(std::string_view text);
// An argument of a converter, in double quotes.
[[nodiscard]] std::string argument(std::string_view text);
[[nodiscard]] std::optional<std::string> argument_text(std::string_view quoted);

// A decimal number without leading zeros.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view text);

[[nodiscard]] std::string lower_case(std::string_view text);
// A name for the end of a comment: every other byte than printable ones is a `?`.
[[nodiscard]] std::string comment_text(std::string_view text);

}  // namespace portcullis::haproxy
