// Standard base64 (RFC 4648 section 4) as Go's decoder takes it: line breaks are skipped, padding is required.
#pragma once

#include <string>
#include <string_view>

namespace portcullis::manifest {

// False when `text` is no base64; `out` is then unspecified.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& out);

}  // namespace portcullis::manifest
