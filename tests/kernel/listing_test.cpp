// `nft list ruleset` and `nft -j list ruleset` of one namespace are read as one ruleset.
#include <catch2/catch.hpp>

#include "backends/nftables/nftables.hpp"
#include "tests/engines/model_text.hpp"
#include "tests/kernel/dumps.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;

std::string read(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = nftables::read(sources.add("listing", text), sources, diagnostics);
  if (!ruleset) return "error: " + diagnostics.all().front().message;
  return engines::model_text(ruleset->model);
}

void check_listings(kernel::Namespace& node) {
  const std::string text = read(node.run({"nft", "list", "ruleset"}));
  CHECK_THAT(text, !Catch::Matchers::StartsWith("error: ") && Catch::Matchers::Contains("chain"));
  CHECK(read(node.run({"nft", "-j", "list", "ruleset"})) == text);
}

}  // namespace

TEST_CASE("both listings of kube-proxy's rulesets are read as one") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  const kernel::DumpBackend& backend = kernel::dump_backends().front();
  for (const kernel::Dump& dump : kernel::dumps()) {
    INFO(dump.name);
    kernel::Namespace node({});
    node.load(backend.rules(dump));
    check_listings(node);
  }
}

TEST_CASE("both listings of our rulesets are read as one") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, cases::Dialect dialect) {
    if (backend.variant || !kernel::reference_is_here()) return;
    for (const kernel::Dump& dump : kernel::dumps()) {
      INFO(dump.name);
      const char* config =
          dialect == cases::Dialect::iptables ? "kube-proxy-config.iptables.yaml" : "kube-proxy-config.nftables.yaml";
      std::string manifests;
      for (const char* file : {"objects.yaml", "node.yaml", config})
        manifests += kernel::text_of(dump.folder / file) + "\n---\n";
      const auto programs = kernel::compile(dump.name, manifests, "n1");
      kernel::Namespace node({});
      node.load(kernel::rulesets(backend, *programs));
      check_listings(node);
    }
  });
}
