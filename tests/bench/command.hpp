// Running a command and reading what it cost.
#pragma once

#include <string>
#include <vector>

namespace portcullis::bench {

struct Cost {
  int status = -1;     // exit status, or -1
  double seconds = 0;  // wall clock
  double cpu_seconds = 0;
  double megabytes = 0;  // peak resident memory
};

// Runs `command` with standard input from `input` (empty: none) and output to /dev/null; in a new network namespace if
// asked. A namespace is emptied before its process ends, so that the kernel's clearing up does not run into the next
// measurement.
[[nodiscard]] Cost run(const std::vector<std::string>& command, const std::string& input = {},
                       bool in_namespace = false);

[[nodiscard]] double median(std::vector<double> values);

}  // namespace portcullis::bench
