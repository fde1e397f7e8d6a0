// docs/policy.md teaches nothing that does not parse.
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include "tests/unit/policy/reading.hpp"

namespace portcullis::tests {

TEST_CASE("every example of the page parses") {
  std::ifstream page(PORTCULLIS_POLICY_PAGE);
  REQUIRE(page);
  std::string block;
  bool inside = false;
  int policies = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("```")) {
      if (inside) block += line + "\n";
      continue;
    }
    inside = !inside;
    if (inside) continue;
    if (!block.starts_with("error[")) {  // a block that shows what is said about a mistake
      ++policies;
      const Parsed parsed(block);
      INFO(block);
      CHECK(parsed.findings() == std::vector<std::string>{});
      CHECK_FALSE(parsed.tree.sentences.empty());
    }
    block.clear();
  }
  CHECK(policies == 3);
}

TEST_CASE("the page shows an error as it is") {
  const Parsed parsed("\n\n\nreachable from shop to service shop/db prt 5432");
  CHECK(parsed.findings() ==
        std::vector<std::string>{"4:40-43 PC4001 `prt`: expected `in`, `where`, `port`, `,`, `surviving` or the next "
                                 "sentence | did you mean `port`?"});
}

}  // namespace portcullis::tests
