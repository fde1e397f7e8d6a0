#include "compiler/base/catalogue.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"

namespace base = portcullis::base;

namespace {

bool is_code(std::string_view code) {
  return code.size() == 6 && code.starts_with("PC") &&
         std::ranges::all_of(code.substr(2), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-'; };
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 && name.back() != '-' &&
         std::ranges::all_of(name, fits);
}

}  // namespace

TEST_CASE("every row of the catalogue is whole") {
  for (const base::Rule& rule : base::catalogue()) {
    INFO(rule.code << ' ' << rule.name);
    CHECK(is_code(rule.code));
    CHECK(is_name(rule.name));
    CHECK(rule.explanation.size() > 20);
    CHECK(rule.explanation.ends_with('.'));
    CHECK(base::printable(rule.explanation) == rule.explanation);
    CHECK(rule.example.empty() == rule.fixed.empty());
    CHECK(rule.policy.empty() == rule.policy_fixed.empty());
    CHECK((rule.policy.empty() || rule.policy != rule.policy_fixed));
    CHECK((rule.example.empty() || rule.example != rule.fixed));
  }
}

TEST_CASE("a rule that is reported can be explained") {
  for (const base::Rule& rule : base::catalogue()) {
    INFO(rule.code << ' ' << rule.name);
    if (rule.reported) CHECK(rule.fix.size() > 10);
  }
}

// A NetworkPolicy (PC3401) and a sentence of policy text (PC4003) can both select nothing; the code tells them apart.
TEST_CASE("codes are sorted and unique, names unique but for one") {
  const auto rules = base::catalogue();
  CHECK(std::ranges::is_sorted(rules, {}, &base::Rule::code));
  std::set<std::string_view> codes;
  std::set<std::string_view> names;
  for (const base::Rule& rule : rules) {
    CHECK(codes.insert(rule.code).second);
    INFO(rule.name);
    CHECK(names.insert(rule.name).second == (rule.code != "PC4003"));
  }
}

TEST_CASE("a rule is found by code and by name, and nothing else is") {
  for (const base::Rule& rule : base::catalogue()) {
    CHECK(base::find_rule(rule.code) == &rule);
    if (rule.code != "PC4003") CHECK(base::find_rule(rule.name) == &rule);
  }
  for (const std::string_view unknown : {"", "PC", "PC0000", "PC9999", "pc1001", "PC1001 ", "yaml", "\xff"}) {
    INFO(unknown);
    CHECK(base::find_rule(unknown) == nullptr);
  }
}

TEST_CASE("a finding outside the catalogue is our mistake") {
  base::Diagnostics diagnostics;
  CHECK(diagnostics.add("PC1001", "x", {}).severity == base::Severity::error);
  CHECK_THROWS_AS(diagnostics.add("PC9999", "x", {}), base::InternalError);
}
