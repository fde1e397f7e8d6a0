// Edits of a dump's text, of ten kinds: what drifts when a ruleset is changed by hand, or is of another day.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::proof {

enum class Form { iptables, nftables };  // `iptables-save`, `nft list ruleset`

inline constexpr std::array<std::string_view, 10> edit_kinds{"a destination",     "a port",
                                                             "a prefix",          "a mark",
                                                             "a jump's order",    "a probability",
                                                             "a line is missing", "a line is doubled",
                                                             "a negation",        "another set's element"};

// `count` lines from `line` on become `with`.
struct Edit {
  std::size_t line = 0, count = 1;
  std::vector<std::string> with;
};

[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);
// Every place of the text for an edit of this kind, in order.
[[nodiscard]] std::vector<Edit> edits(Form form, std::string_view kind, const std::vector<std::string>& lines);
[[nodiscard]] std::string edited(const std::vector<std::string>& lines, const Edit& edit);

}  // namespace portcullis::proof
