// What the commands that prove have in common: the solver as the line asks for it, proofs as text, and the exit status.
#pragma once

#include <span>
#include <string>

#include "compiler/driver/command_line.hpp"
#include "verifier/obligations/translation.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::driver {

// A solver with the limits of the line. With --dump-smt its queries go to a folder `name` below that directory; with
// --cache theorems are looked up and kept there. A directory that cannot be made is told, and done without.
struct Solver {
  Solver(const ProofOptions& options, const std::string& name);
  smt::Session session;
};

[[nodiscard]] obligations::Method method(const ProofOptions& options);

// 1 if one is refuted and not waived, else 3 if one is unknown, else 1 if one is vacuous, else 0.
[[nodiscard]] int status_of(std::span<const verdict::Proof> proofs);

}  // namespace portcullis::driver
