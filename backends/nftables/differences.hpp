// Whether a live table still is what was loaded.
#pragma once

#include <string>
#include <vector>

#include "backends/nftables/ruleset.hpp"

namespace portcullis::nftables {

// The rules, hooks and elements of a table, one a line, in the spelling of `print`.
[[nodiscard]] std::vector<std::string> lines(const Ruleset& ruleset, const Table& table);

// What `live` lacks of our tables in `wanted` (`missing ip …`), and what it has beside (`unknown ip …`), sorted. The
// order of elements, what is remembered, empty chains and other tables are no difference.
[[nodiscard]] std::vector<std::string> differences(const Ruleset& wanted, const Ruleset& live);

}  // namespace portcullis::nftables
