// The ruleset beside the program: what netfilter has to do. It names no Service.
#pragma once

#include <string>
#include <string_view>

#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf {

inline constexpr std::string_view companion_table = "portcullis_ebpf";  // of the family inet

// `nft -f` text: replaces an older one in one transaction, leaves every other table alone.
[[nodiscard]] std::string companion(const Tables& tables);

}  // namespace portcullis::ebpf
