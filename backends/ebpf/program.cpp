#include "backends/ebpf/program.hpp"

#include "backends/ebpf/digest.hpp"

// The object's bytes lie in the read-only data of this file; PORTCULLIS_BPF_OBJECT is its path while building.
__asm__(
    ".pushsection .rodata\n"
    ".balign 8\n"
    ".globl portcullis_bpf_begin\n"
    "portcullis_bpf_begin:\n"
    ".incbin \"" PORTCULLIS_BPF_OBJECT
    "\"\n"
    ".globl portcullis_bpf_end\n"
    "portcullis_bpf_end:\n"
    ".popsection\n");
extern "C" {
extern const std::byte portcullis_bpf_begin[];
extern const std::byte portcullis_bpf_end[];
}

namespace portcullis::ebpf {

std::span<const std::byte> program() {
  return {portcullis_bpf_begin, portcullis_bpf_end};
}

const std::string& program_digest() {
  static const std::string digest = sha256(program());
  return digest;
}

}  // namespace portcullis::ebpf
