// One document in, what validation says to it out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/profile.hpp"

namespace portcullis::validate_test {

// Service ranges 172.31.128.0/17 and fd77:5e::/112, stated.
[[nodiscard]] cluster::Profile dual_stack();
// 172.31.128.0/17 only, stated.
[[nodiscard]] cluster::Profile single_stack();

struct Answer {
  bool accepted = false;
  std::vector<base::Diagnostic> findings;
  std::string text;  // the document, for the spans

  // `PC2007 spec.ports[0].name required`, in the order of field, then of appearance.
  [[nodiscard]] std::vector<std::string> lines() const;
  // The words that a finding points at.
  [[nodiscard]] std::string_view words(std::size_t finding) const;
};
// A pod or workload has its pod spec validated. Fails the test if the document does not read cleanly as one object.
[[nodiscard]] Answer validated(std::string text, const cluster::Profile& profile = dual_stack());

struct Row {
  const char* what;
  const char* yaml;
  std::vector<std::string> expected;
};
// Checks `lines()` against `expected`, and that nothing is expected exactly of what is accepted.
void check(const Row& row, const cluster::Profile& profile = dual_stack());

}  // namespace portcullis::validate_test
