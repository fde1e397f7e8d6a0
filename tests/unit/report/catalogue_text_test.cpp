#include "compiler/report/catalogue_text.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "compiler/base/file.hpp"

namespace base = portcullis::base;
namespace report = portcullis::report;

TEST_CASE("docs/findings.md is the catalogue") {
  const std::string path = PORTCULLIS_ROOT "/docs/findings.md";
  const char* update = std::getenv("PORTCULLIS_UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1")
    REQUIRE_FALSE(base::write_file(path, report::findings_page()));
  std::string text;
  REQUIRE_FALSE(base::read_file(path, text));
  CHECK(text == report::findings_page());
}

TEST_CASE("every rule is explained with all that the catalogue has") {
  for (const base::Rule& rule : base::catalogue()) {
    INFO(rule.code);
    const std::string text = report::explain(rule, false);
    CHECK(text.find(rule.code) != std::string::npos);
    CHECK(text.find(rule.name) != std::string::npos);
    CHECK((text.find("Reported:") != std::string::npos) == (!rule.example.empty() || !rule.policy.empty()));
    CHECK((text.find("does not report it yet") != std::string::npos) == !rule.reported);
    CHECK(text.find('\x1b') == std::string::npos);
  }
}
