// A network namespace that lives as long as its owner: it has no name, so nothing is left behind when a test dies.
#pragma once

#include <string>
#include <string_view>

#include "tests/kernel/fd.hpp"

namespace portcullis::kernel {

// The calling thread is inside a namespace for as long as this lives. Sockets, TUN devices and child processes made
// meanwhile belong to it, and `/proc/sys/net` shows its values.
class Inside {
 public:
  explicit Inside(const Fd& netns);
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside();

 private:
  Fd before_;
};

// A new namespace with lo up (127.0.0.1/8, ::1/128) and nothing else. Throws Failure where that is not permitted.
[[nodiscard]] Fd make_netns();

// Writes `/proc/sys/net/<name>` of the namespace that the thread is in; name with slashes: `ipv4/ip_forward`. Throws
// Failure.
void set_sysctl(std::string_view name, std::string_view value);
// The same, where a kernel may lack the knob; false then.
bool try_sysctl(std::string_view name, std::string_view value);

}  // namespace portcullis::kernel
