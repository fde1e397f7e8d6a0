// The catalogue of findings: one row a code. `explain` prints it, docs/findings.md is generated from it, a finding
// takes its severity from it.
#pragma once

#include <span>
#include <string_view>

#include "compiler/base/diagnostic.hpp"

namespace portcullis::base {

struct Rule {
  std::string_view code;  // `PC2007`
  std::string_view name;  // `port-name-missing`
  Severity severity = Severity::error;
  // The braces are for GCC, which warns of rows that leave out a member without an initialiser.
  // NOLINTBEGIN(readability-redundant-member-init)
  std::string_view explanation{};  // when it is reported, in one or two sentences
  std::string_view example{};      // YAML that is reported; may be empty
  std::string_view fixed{};        // YAML that is not; may be empty
  std::string_view fix{};          // what to do, in one sentence
  // For findings about policies: a text that is reported, and one that is not (for the cluster of tests/unit/policy).
  std::string_view policy{};
  std::string_view policy_fixed{};
  // NOLINTEND(readability-redundant-member-init)
  // This version reports it. Codes are fixed ahead of the rules behind them, so that a code never changes its meaning.
  bool reported = false;
};

// Sorted by code.
[[nodiscard]] std::span<const Rule> catalogue();
// nullptr when there is no such code. Also takes a name.
[[nodiscard]] const Rule* find_rule(std::string_view code_or_name);

}  // namespace portcullis::base
