// Every policy of the catalogue is reported, its correction is not, and is right in every other way too.
#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/base/catalogue.hpp"
#include "tests/unit/policy/bound_world.hpp"
#include "tests/unit/policy/shop.hpp"

namespace portcullis::tests {

TEST_CASE("the catalogue's policies are what they say") {
  int examples = 0;
  for (const base::Rule& rule : base::catalogue()) {
    // Proofs and what contradicts itself are the driver's matter.
    if (rule.policy.empty() || rule.code.starts_with("PC6") || rule.code == "PC4008") continue;
    ++examples;
    INFO(rule.code << "\n" << rule.policy);
    const BoundWorld wrong(shop, {std::string(rule.policy)});
    CHECK(std::ranges::any_of(wrong.diagnostics.all(), [&](const base::Diagnostic& d) { return d.code == rule.code; }));
    const BoundWorld right(shop, {std::string(rule.policy_fixed)});
    CHECK(right.findings() == std::vector<std::string>{});
  }
  CHECK(examples == 8);
}

}  // namespace portcullis::tests
