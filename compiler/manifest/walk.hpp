// From the paths on the command line to the files that are read.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"

namespace portcullis::manifest {

struct FoundFile {
  std::string path;    // as the user would write it; `-` is standard input
  bool named = false;  // by the user, not found in a directory
};

// Directories are walked recursively for *.yaml, *.yml and *.json, sorted by path; links are followed, and a loop of
// them ends where it would begin again. A file is listed once, at its first mention. What does not exist is a finding,
// and `unreadable` is set.
[[nodiscard]] std::vector<FoundFile> find_files(const std::vector<std::string>& paths, base::Diagnostics& diagnostics,
                                                bool& unreadable);

}  // namespace portcullis::manifest
