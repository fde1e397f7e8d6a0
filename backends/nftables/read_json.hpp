// `nft -j list ruleset` → Ruleset. Places are those of the JSON: the object that a rule, or the set of an element, is.
#pragma once

#include <optional>
#include <string_view>

#include "backends/nftables/ruleset.hpp"
#include "compiler/base/diagnostic.hpp"

namespace portcullis::nftables {

[[nodiscard]] std::optional<Ruleset> read_json(base::FileId file, std::string_view json,
                                               base::Diagnostics& diagnostics);

}  // namespace portcullis::nftables
