// The folder of one node, as `compile` wrote it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backends/ebpf/loader/loader.hpp"

namespace portcullis::apply {

enum class Kind : std::uint8_t { ebpf, nftables, iptables };
[[nodiscard]] std::string_view to_string(Kind kind);

struct Folder {
  Kind kind = Kind::ebpf;
  std::string path;
  ebpf::loader::Artefact artefact;  // of ebpf
};

// Checked: the sums hold, the text can be read, the program is the one that this command has. Throws
// ebpf::loader::CannotDo.
[[nodiscard]] Folder open_folder(const std::string& path);

}  // namespace portcullis::apply
