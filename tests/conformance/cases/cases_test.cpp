// Every case of the reference, both dialects: manifests → resolved cluster → program → interpreter, and both rulesets'
// evaluators after print and read.
#include "tests/cases/cases.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/engines/engines.hpp"

namespace {

using namespace portcullis;

// The programs of a case's node by family, and every engine over them.
struct Compiled {
  cluster::Cluster cluster;
  std::map<net::Family, ir::Program> programs;
  std::map<net::Family, std::vector<engines::Engine>> engines;
};

std::unique_ptr<Compiled> compile(const cases::Case& c, cases::Dialect dialect) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text(c.id, c.manifests(dialect), false, {}, sources, diagnostics);
  auto out = std::make_unique<Compiled>();
  out->cluster = cluster::resolve(input, {}, diagnostics).cluster;
  const cluster::Node* node = out->cluster.node(c.environment.node_name);
  REQUIRE(node != nullptr);
  for (const net::Family family : net::all_families) {
    const auto [at, added] = out->programs.emplace(family, ir::build(out->cluster, *node, family));
    out->engines.emplace(family, engines::engines(at->second));
  }
  return out;
}

// Nothing when the fate is what the reference says.
std::string difference(const ir::Fate& fate, const cases::Expectation& want, bool sticky) {
  std::vector<cases::Target> got;
  got.reserve(fate.targets.size());
  for (const ir::Target& t : fate.targets) got.push_back({t.address, t.port, t.masquerade});
  std::ranges::sort(got);
  const bool even =
      std::ranges::all_of(fate.targets, [&](const ir::Target& t) { return t.weight == fate.targets.front().weight; });
  if (fate.kind == want.kind && got == want.to && even && (!sticky || fate.affinity_seconds)) return {};
  return fmt::format("want {}, got {}", want.text(), ir::text(fate));
}

void run(const std::string& file) {
  const std::string path = std::string(PORTCULLIS_SHARED) + "/reference/" + file;
  if (!std::filesystem::exists(path)) {
    WARN("skipped: no " << file << " beside the project");
    return;
  }
  std::map<std::string, std::size_t> rows;
  std::size_t skipped = 0;
  for (const cases::Case& c : cases::read(path).cases) {
    for (const cases::Dialect dialect : cases::all_dialects) {
      const auto compiled = compile(c, dialect);
      for (const cases::Row& row : c.rows) {
        const auto& want = row.expect(dialect);
        if (!want) {
          ++skipped;
          continue;
        }
        const net::Family family = row.packet.family();
        const auto& all = compiled->engines.at(family);
        const ir::Fate meaning = all.front().fate(row.packet, {});
        INFO(file << ":" << row.line << " case " << c.id << " dialect " << cases::name(dialect) << ": "
                  << row.packet.text());
        CHECK(difference(meaning, *want, row.sticky).empty());
        if (const auto d = difference(meaning, *want, row.sticky); !d.empty()) WARN(c.id << " " << d);
        for (const engines::Engine& engine : all) {
          const ir::Fate fate = engine.fate(row.packet, {});
          INFO(engine.name << ": " << ir::text(fate) << "; interpreter: " << ir::text(meaning));
          CHECK(engines::agrees(engine, meaning, fate, row.packet));
          ++rows[fmt::format("{}, dialect {}, {}", engine.name, cases::name(dialect), net::to_string(family))];
        }
      }
    }
  }
  for (const auto& [what, count] : rows) fmt::print("{}: {} rows of {}\n", file, count, what);
  fmt::print("{}: {} rows without an expectation in that dialect\n", file, skipped);
}

}  // namespace

TEST_CASE("service-cases: every row in both dialects and every engine") {
  run("service-cases.yaml");
}
TEST_CASE("kube-proxy-fates: every row in both dialects and every engine") {
  run("kube-proxy-fates.yaml");
}
