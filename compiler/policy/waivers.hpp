// Waivers: findings that somebody has decided to live with, until a day, for a reason.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/policy/bound.hpp"

namespace portcullis::policy {

// A waiver is about one code and the objects that its pattern matches.
[[nodiscard]] bool waives(const Waiver& waiver, const base::Diagnostic& finding);

struct Waived {
  struct Finding {
    base::Diagnostic finding;
    std::size_t waiver = 0;  // the first that waives it
  };
  base::Diagnostics remaining;  // in their order
  std::vector<Finding> waived;  // in their order
  std::vector<bool> matched;    // by waiver: there was a finding for it
};
[[nodiscard]] Waived apply(std::span<const Waiver> waivers, const base::Diagnostics& findings);

// PC4006 for every waiver that matched nothing and has not expired. Only after a full run: a finding that was not
// looked for is no finding that is gone.
void report_unused(std::span<const Waiver> waivers, const std::vector<bool>& matched, base::Diagnostics& diagnostics);

}  // namespace portcullis::policy
