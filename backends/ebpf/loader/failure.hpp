// What this node does not let us do: no permission, a feature that the kernel lacks, another program in the way. One
// line says what, why and what to do about it. The node commands catch it (exit 2); nothing else throws it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace portcullis::ebpf::loader {

class CannotDo : public std::runtime_error {
 public:
  explicit CannotDo(const std::string& what) : std::runtime_error(what) {}
};

// Throws CannotDo: `<what>: <text of the error>`, and what to do where that is known.
[[noreturn]] void cannot(std::string_view what, int error);

}  // namespace portcullis::ebpf::loader
