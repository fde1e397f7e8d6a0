// Every example of the catalogue is reported, its correction is not, and is right in every other way too.
#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/base/catalogue.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"

namespace base = portcullis::base;
namespace cluster = portcullis::cluster;
namespace manifest = portcullis::manifest;

namespace {

base::Diagnostics lint(std::string_view text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("example.yaml", std::string(text), false, {}, sources, diagnostics);
  static_cast<void>(cluster::resolve(input, {}, diagnostics));
  return diagnostics;
}

bool reports(const base::Diagnostics& diagnostics, std::string_view code) {
  return std::ranges::any_of(diagnostics.all(), [&](const base::Diagnostic& d) { return d.code == code; });
}

}  // namespace

TEST_CASE("the catalogue's examples are what they say") {
  for (const base::Rule& rule : base::catalogue()) {
    if (!rule.reported || rule.example.empty()) continue;
    INFO(rule.code << "\n" << rule.fixed);
    CHECK(reports(lint(rule.example), rule.code));
    const base::Diagnostics fixed = lint(rule.fixed);
    CHECK_FALSE(reports(fixed, rule.code));
    CHECK_FALSE(fixed.has_errors());
  }
}
