// What the values of one header can say together to several conditions about it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "verifier/obligations/routes/treatments.hpp"

namespace portcullis::routes {

// A header may come several times, and a condition holds if one of its values makes it hold. So what a request says is
// the union of what its values say.
struct HeaderValues {
  struct Value {
    std::string text;
    std::vector<bool> holds;  // by atom
  };
  std::vector<Value> values;  // one of each kind that exists and makes something hold
  std::string open;           // why this is not all; empty: it is
};
[[nodiscard]] HeaderValues header_values(std::span<const Atom* const> atoms);

}  // namespace portcullis::routes
