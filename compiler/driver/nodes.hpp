// Which node a command is about.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::driver {

// The node of --node; without it the only node, or the first of those that planning assumed (which is said). Nothing if
// there is no such node, or several to choose from, which has been said.
[[nodiscard]] const cluster::Node* choose_node(const cluster::Cluster& cluster, const std::optional<std::string>& name);

// Whether the node's name can name a directory: it comes from the input, and `../..` must not lead out of the output.
[[nodiscard]] bool is_file_name(const std::string& name);

}  // namespace portcullis::driver
