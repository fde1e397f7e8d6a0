// Every example of the catalogue is reported, its correction is not, and is right in every other way too. Conflicts are
// found by the prover, so it is asked for each of them.
#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/base/catalogue.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/obligations.hpp"
#include "compiler/driver/proof_findings.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/unit/policy/bound_world.hpp"
#include "tests/unit/policy/shop.hpp"

namespace {

using namespace portcullis;

std::vector<base::Diagnostic> check(std::string_view text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("example.yaml", std::string(text), false, {}, sources, diagnostics);
  const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  lint::lint(input, cluster, ir::l7::build_routers(cluster, diagnostics), {}, diagnostics);
  smt::Session session;
  const std::vector<verdict::Proof> proofs =
      driver::prove_built_in(cluster, session, obligations::Method::shapes, diagnostics);
  return driver::tell(diagnostics, proofs).findings;
}

// Of a policy about the cluster of the policy tests.
std::vector<base::Diagnostic> check_policy(std::string_view text) {
  const tests::BoundWorld world(tests::shop, {std::string(text)});
  smt::Session session;
  const std::vector<verdict::Proof> proofs =
      driver::prove_sentences(world.bound, world.cluster, session, obligations::Method::shapes, {});
  return driver::tell(world.diagnostics, proofs).findings;
}

bool reports(const std::vector<base::Diagnostic>& findings, std::string_view code) {
  return std::ranges::find(findings, code, &base::Diagnostic::code) != findings.end();
}

bool has_errors(const std::vector<base::Diagnostic>& findings) {
  return std::ranges::find(findings, base::Severity::error, &base::Diagnostic::severity) != findings.end();
}

}  // namespace

TEST_CASE("the catalogue's examples are what they say") {
  for (const base::Rule& rule : base::catalogue()) {
    if (!rule.reported || rule.example.empty()) continue;
    INFO(rule.code << "\n" << rule.fixed);
    CHECK(reports(check(rule.example), rule.code));
    const std::vector<base::Diagnostic> fixed = check(rule.fixed);
    CHECK_FALSE(reports(fixed, rule.code));
    CHECK_FALSE(has_errors(fixed));
  }
}

TEST_CASE("the catalogue's policies that contradict themselves are what they say") {
  const base::Rule& rule = *base::find_rule("PC4008");
  const auto contradicts = [](std::string_view text) {
    const tests::BoundWorld world(tests::shop, {std::string(text)});
    base::Diagnostics diagnostics;
    driver::report_contradictions(world.bound, world.cluster, diagnostics);
    return reports(diagnostics.all(), "PC4008");
  };
  CHECK(contradicts(rule.policy));
  CHECK_FALSE(contradicts(rule.policy_fixed));
}

TEST_CASE("the catalogue's policies that are refuted are what they say") {
  int examples = 0;
  for (const base::Rule& rule : base::catalogue()) {
    if (!rule.code.starts_with("PC6") || rule.policy.empty()) continue;
    ++examples;
    INFO(rule.code << "\n" << rule.policy);
    CHECK(reports(check_policy(rule.policy), rule.code));
    CHECK_FALSE(has_errors(check_policy(rule.policy_fixed)));
  }
  CHECK(examples >= 1);
}
