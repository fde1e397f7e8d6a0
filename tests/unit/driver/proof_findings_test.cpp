#include "compiler/driver/proof_findings.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace portcullis;
using verdict::Proof;
using verdict::Standing;

constexpr base::SourceSpan here{1, 10, 12}, there{1, 30, 32}, elsewhere{1, 50, 52}, sentence{2, 0, 8};

Proof proof(Standing standing) {
  Proof out;
  out.name = "no-conflicts.nodes";
  out.statement = "nobody fights";
  out.standing = standing;
  return out;
}

Proof conflict(base::SourceSpan a, base::SourceSpan b) {
  Proof out = proof(Standing::refuted);
  out.reason = "both want it";
  out.related = {{"first", a}, {"second", b}};
  return out;
}

base::Diagnostic finding(std::string code, base::SourceSpan at, base::SourceSpan other,
                         base::Severity severity = base::Severity::error) {
  base::Diagnostic out;
  out.code = std::move(code);
  out.severity = severity;
  out.span = at;
  out.object = {"Service", "shop", "web"};
  out.related = {{"", other}};
  return out;
}

policy::Waiver waiver() {
  policy::Waiver out;
  out.code = "PC3506";
  out.kind = "Service";
  out.object = {policy::Pattern{"shop", {}}, {"web", {}}, {}};
  out.until = std::chrono::year_month_day{std::chrono::year{2027}, std::chrono::March, std::chrono::day{1}};
  out.reason = "later";
  return out;
}

}  // namespace

TEST_CASE("a proof that fails has a finding of its standing, one that holds has none") {
  std::vector<Proof> proofs{proof(Standing::proved), proof(Standing::unknown), proof(Standing::vacuous),
                            conflict(here, there)};
  proofs[1].reason = "the limit was reached";
  proofs[1].span = proofs[3].span = sentence;
  const driver::Told told = driver::tell({}, proofs);
  REQUIRE(told.findings.size() == 3);
  CHECK(told.findings[0].code == "PC6002");
  CHECK(told.findings[0].message == "unknown: nobody fights: the limit was reached");
  CHECK(told.findings[0].span == sentence);
  CHECK(told.findings[1].code == "PC6003");
  CHECK(told.findings[2].code == "PC6001");
  CHECK(told.findings[2].message == "refuted: nobody fights: both want it, because of first");
  CHECK(told.findings[2].span == here);
  REQUIRE(told.findings[2].related.size() == 2);
  CHECK(told.findings[2].related[0].span == sentence);
  CHECK(told.findings[2].related[1].span == there);
  CHECK(told.shown_by == std::map<std::size_t, std::size_t>{{0, 1}, {1, 2}, {2, 3}});
}

TEST_CASE("a refutation is the finding that it says") {
  std::vector<Proof> proofs{conflict(here, there)};
  proofs[0].code = "PC6004";
  CHECK(driver::tell({}, proofs).findings.front().code == "PC6004");
}

TEST_CASE("a conflict is told by the finding about the same two, and by no other") {
  const std::vector<Proof> proofs{conflict(here, there)};
  const auto told = [&](base::Diagnostic d) {
    base::Diagnostics diagnostics;
    diagnostics.add(std::move(d));
    return driver::tell(diagnostics, proofs);
  };
  const driver::Told same = told(finding("PC3506", there, here));
  CHECK(same.findings.size() == 1);
  CHECK(same.shown_by == std::map<std::size_t, std::size_t>{{0, 0}});
  CHECK(told(finding("PC3506", there, elsewhere)).findings.size() == 2);
  CHECK(told(finding("PC3506", elsewhere, here)).findings.size() == 2);
  CHECK(told(finding("PC2025", there, here)).findings.size() == 2);
  // A warning shows the packet; that nothing was proved is still an error.
  const driver::Told warning = told(finding("PC3103", there, here, base::Severity::warning));
  CHECK(warning.findings.size() == 2);
  CHECK(warning.shown_by == std::map<std::size_t, std::size_t>{{0, 0}, {1, 0}});
}

TEST_CASE("a proof is waived with the last of its findings") {
  const std::vector<policy::Waiver> waivers{waiver()};
  std::vector<Proof> proofs{conflict(here, there), conflict(there, elsewhere)};
  base::Diagnostics diagnostics;
  diagnostics.add(finding("PC3506", here, there));
  diagnostics.add(finding("PC3506", elsewhere, there));
  diagnostics.add(finding("PC3507", elsewhere, there));
  CHECK(driver::waive(waivers, diagnostics, proofs) == 2);
  CHECK(diagnostics.all().size() == 1);
  CHECK(proofs[0].waived == "until 2027-03-01: later");
  CHECK(proofs[1].waived.empty());
  // What is waived is told no more.
  CHECK(driver::tell(diagnostics, proofs).findings.size() == 1);
}

TEST_CASE("a waiver of nothing is said") {
  const std::vector<policy::Waiver> waivers{waiver()};
  base::Diagnostics diagnostics;
  CHECK(driver::waive(waivers, diagnostics, {}) == 0);
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all().front().code == "PC4006");
}
