// Runs a tool and collects what it says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portcullis::kernel {

struct Ran {
  int status = 0;  // exit status; 128 + signal number when a signal ended it; 127 when there is no such program
  std::string out;
  std::string err;
  [[nodiscard]] bool ok() const { return status == 0; }
};

// The child has the calling thread's network namespace. It is killed after `seconds`, which no working tool reaches.
[[nodiscard]] Ran run(const std::vector<std::string>& words, std::string_view input = {}, int seconds = 300);

// As run(), and throws Failure with the tool's own words when it does not succeed.
std::string run_or_fail(const std::vector<std::string>& words, std::string_view input = {}, int seconds = 300);

// True where `name` is a program on the search path.
[[nodiscard]] bool has_program(std::string_view name);

}  // namespace portcullis::kernel
