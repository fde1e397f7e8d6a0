// Rows of the case files that a backend is known and allowed to answer otherwise: exceptions.txt. Each is a listed
// limit of that backend, never a fault.
#pragma once

#include <string>
#include <vector>

#include "tests/cases/cases.hpp"

namespace portcullis::kernel {

struct Exception {
  std::string case_id;
  std::size_t row = 0;  // among the case's packets, from 1
  std::string backend;
  cases::Dialect dialect{};
  std::string reason;
  int line = 0;
};

// Lines `case row backend dialect reason …`; `#` begins a comment. Throws Failure that names the line.
[[nodiscard]] std::vector<Exception> read_exceptions(const std::string& path);

}  // namespace portcullis::kernel
