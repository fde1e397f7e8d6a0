// What the machine refused: a system call, a tool, a ruleset that does not load. Tests let it fail them; the permission
// check turns it into a skip.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace portcullis::kernel {

class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& what) : std::runtime_error(what) {}
};

// Throws Failure `<what>: <text of errno>`.
[[noreturn]] void fail_with_errno(std::string_view what);

}  // namespace portcullis::kernel
