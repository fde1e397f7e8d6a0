// The commands of a node. None of them prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/ebpf/loader/generation.hpp"

namespace portcullis::apply {

struct Options {
  std::optional<std::string> pins;      // --pins DIR
  std::vector<std::string> interfaces;  // --interface NAME
  std::optional<std::string> cgroup;    // --cgroup DIR
  ebpf::loader::Step step = [](std::string_view) {};
};

struct Result {
  int status = 0;
  std::string out;                      // for standard output
  std::vector<std::string> complaints;  // for standard error, a line each
};

[[nodiscard]] Result apply(const std::string& folder, const Options& options);
[[nodiscard]] Result attach(const std::vector<std::string>& interfaces, const Options& options);
[[nodiscard]] Result status(const std::optional<std::string>& folder, bool json, const Options& options);
[[nodiscard]] Result probe(bool json);
[[nodiscard]] Result roll_back(const Options& options);
[[nodiscard]] Result remove(bool now, const Options& options);

}  // namespace portcullis::apply
