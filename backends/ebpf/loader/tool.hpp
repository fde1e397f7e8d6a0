// Runs a tool of the node: nft, modprobe.
#pragma once

#include <string>
#include <vector>

namespace portcullis::ebpf::loader {

struct ToolResult {
  int status = 0;      // exit status; 127 where there is no such program; 128 + signal where one ended it
  std::string output;  // what it said, on both streams
};

[[nodiscard]] ToolResult run_tool(const std::vector<std::string>& words);

}  // namespace portcullis::ebpf::loader
