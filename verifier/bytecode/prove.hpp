// The proof that the shipped instructions are what is meant: `decide` and `choose` of an object equal
// backends/ebpf/meaning.hpp for every packet, every randomness and memory, and whatever the tables hold.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "verifier/bytecode/object.hpp"
#include "verifier/bytecode/witness.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::bytecode {

// One function's.
struct Theorem {
  verdict::Proof proof;
  std::optional<Witness> witness;  // refuted
};

[[nodiscard]] Theorem prove_decide(const Function& function, std::string_view digest, smt::Session& session);
[[nodiscard]] Theorem prove_choose(const Function& function, std::string_view digest, smt::Session& session);

// Of `decide`, then of `choose`. The digest of the object, SHA-256 in hexadecimal, is what the statements are about;
// with theorems kept (Session::keep_theorems_in) the solver is not asked again. What cannot be read or followed is
// unknown, never proved.
[[nodiscard]] std::vector<Theorem> prove_program(std::span<const std::byte> object, std::string_view digest,
                                                 smt::Session& session);

}  // namespace portcullis::bytecode
