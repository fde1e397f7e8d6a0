// A value as the user wrote it, for messages.
#pragma once

#include <string>
#include <string_view>

#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

// The text of a node (quotes included), made printable, cut to one line of at most 40 bytes.
[[nodiscard]] std::string excerpt(const TreeNode& node, std::string_view file_text);

}  // namespace portcullis::manifest
