// SHA-256, as artefacts are named and checked by it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace portcullis::ebpf {

// In lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(std::span<const std::byte> bytes);
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace portcullis::ebpf
