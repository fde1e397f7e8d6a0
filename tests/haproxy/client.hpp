// A client that keeps its connection.
#pragma once

#include <memory>
#include <string>

#include "tests/haproxy/tls.hpp"
#include "tests/kernel/fd.hpp"

namespace portcullis::proxied {

class Client {
 public:
  explicit Client(const kernel::Fd& netns);
  // False: no answer. Whatever the answer says, its body is read.
  [[nodiscard]] bool get(const std::string& host, const std::string& target);

 private:
  std::unique_ptr<Wire> wire_;
};

}  // namespace portcullis::proxied
