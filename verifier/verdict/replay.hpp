// A counterexample that is none when it is played through: solver and interpreter disagree, which is our mistake
// (PC6008).
#pragma once

#include <string>

#include "compiler/base/error.hpp"

namespace portcullis::verdict {

class ReplayDisagrees : public base::InternalError {
 public:
  explicit ReplayDisagrees(const std::string& what) : base::InternalError(what) {}
};

}  // namespace portcullis::verdict
