// The eBPF program, as clang has made it of bpf/program.bpf.c: an ELF object that is the same on every node.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace portcullis::ebpf {

std::span<const std::byte> program();

// SHA-256 of the object in lower-case hexadecimal digits: what artefacts and proofs name it by.
const std::string& program_digest();

}  // namespace portcullis::ebpf
