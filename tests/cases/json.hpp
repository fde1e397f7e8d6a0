// A YAML node as JSON on one line.
#pragma once

#include <string>

namespace YAML {
class Node;
}

namespace portcullis::cases {

// Plain `true`, `false`, `null`, `~`, nothing and numbers keep their type, every other scalar is a string. Order of
// keys as read.
[[nodiscard]] std::string to_json(const YAML::Node& node);

}  // namespace portcullis::cases
