// Proofs that failed, as findings: PC6001 (refuted), PC6002 (unknown), PC6003 (vacuous), or what a proof says of
// itself. A conflict that has a finding of its own (PC3506, …) is told by that one.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/policy/bound.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::driver {

struct Told {
  std::vector<base::Diagnostic> findings;       // those that were there, in their order, then those of the proofs
  std::map<std::size_t, std::size_t> shown_by;  // finding → the proof that it tells of
};
[[nodiscard]] Told tell(const base::Diagnostics& diagnostics, std::span<const verdict::Proof> proofs);

// Takes what is waived out of the findings and says which waivers are of no use (PC4006). A refuted proof all of whose
// findings are waived is waived with them. Returns the number of findings taken out.
std::size_t waive(std::span<const policy::Waiver> waivers, base::Diagnostics& diagnostics,
                  std::span<verdict::Proof> proofs);

}  // namespace portcullis::driver
