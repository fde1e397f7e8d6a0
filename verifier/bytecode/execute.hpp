// A function on all inputs at once.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "verifier/bytecode/machine.hpp"

namespace portcullis::bytecode {

// The function ends in one of these ways; their paths exclude each other.
struct Ends {
  std::vector<State> states;
  std::vector<smt::Term> results;  // r0 of each
  std::size_t executed = 0;        // instructions, on all states
  std::size_t branches = 0;        // that were followed both ways
  std::size_t unreached = 0;       // states that were given up: proved that no packet leads there
};

// Why a function cannot be followed; names the instruction.
struct Refused {
  std::string reason;
};

[[nodiscard]] std::variant<Ends, Refused> execute(smt::Session& session, Tables& tables, const Function& function,
                                                  const Inputs& inputs);

}  // namespace portcullis::bytecode
