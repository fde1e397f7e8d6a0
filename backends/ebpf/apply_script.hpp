// apply.sh: brings an artefact onto a node without portcullis, with bpftool, nft, tc and ip.
#pragma once

#include <string>

#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf {

// `text`: of the tables, as print() writes it.
[[nodiscard]] std::string apply_script(const Tables& tables, const std::string& text);

}  // namespace portcullis::ebpf
