// The tables of one generation as a text for `bpftool batch`: makes the maps in the working directory, which has to be
// a folder of the BPF file system, and fills them.
#pragma once

#include <string>

#include "backends/ebpf/entries.hpp"

namespace portcullis::ebpf {

// The map of the node's addresses has room for as many more: a node has some that its artefact does not name.
inline constexpr std::size_t spare_locals = 1024;

[[nodiscard]] std::string batch(const Entries& entries);
// Each byte as a blank and two digits.
void append_bytes(std::string& out, std::span<const std::byte> bytes);

}  // namespace portcullis::ebpf
