// Our mistakes. A user's mistakes are Diagnostics; only what should be impossible is thrown, and only `main` catches it
// (exit 70).
#pragma once

#include <stdexcept>
#include <string>

namespace portcullis::base {

class InternalError : public std::logic_error {
 public:
  explicit InternalError(const std::string& what) : std::logic_error(what) {}
};

}  // namespace portcullis::base
