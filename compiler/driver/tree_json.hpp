// A piece of a YAML or JSON document as JSON text: what a user gave, said back to them.
#pragma once

#include <string>

#include "compiler/manifest/tree.hpp"

namespace portcullis::driver {

// Numbers and words as the API server would read them. Values that JSON has not (`.inf`) become strings.
[[nodiscard]] std::string tree_json(const manifest::Tree& tree, manifest::NodeId node);

}  // namespace portcullis::driver
