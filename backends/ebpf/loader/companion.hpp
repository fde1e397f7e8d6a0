// The companion ruleset (../companion.hpp) in the kernel: without it conntrack does not see the node's packets, and
// nobody translates them. Throws CannotDo.
#pragma once

#include <string>

namespace portcullis::ebpf::loader {

// `nft -f` of the file.
void load_companion(const std::string& file);
[[nodiscard]] bool has_companion();
void delete_companion();
// conntrack and NAT, where they are modules: functions of a module are found by programs only once it is there.
void load_modules();

}  // namespace portcullis::ebpf::loader
