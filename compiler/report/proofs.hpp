// Proofs, as reports say them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "verifier/verdict/verdict.hpp"

namespace portcullis::report {

struct ProofCounts {
  std::size_t proved = 0, refuted = 0, waived = 0, unknown = 0, vacuous = 0;
};
// A proof that is waived is not among the refuted ones.
[[nodiscard]] ProofCounts count_proofs(std::span<const verdict::Proof> proofs);

// `12 proved, 1 refuted, 0 unknown`; vacuous and waived ones only where there are some.
[[nodiscard]] std::string proofs_summary(std::span<const verdict::Proof> proofs);

// `tcp from 192.0.2.7 to 10.96.0.20:80, from outside, on n1`; empty without a witness.
[[nodiscard]] std::string witness_text(const verdict::Proof& proof);
// `DaemonSet ops/agent on n1`, `without n2`, one a line of the placement.
[[nodiscard]] std::vector<std::string> placement_texts(const verdict::Proof& proof);

// One paragraph a proof; with `explain` what was assumed, and how it was decided.
[[nodiscard]] std::string proofs_text(std::span<const verdict::Proof> proofs, bool explain);

}  // namespace portcullis::report
