// kube-proxy's own rulesets (nftables mode, 1.36.2, as `nft list ruleset` prints them), evaluated and held against the
// program that we build from the objects and the configuration beside them.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "backends/netfilter/evaluate.hpp"
#include "backends/nftables/model.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "reading.hpp"
#include "tests/agreement/generator.hpp"

namespace {

using namespace portcullis;
namespace fs = std::filesystem;

// node.yaml gives the primary addresses alone.
constexpr const char* node = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
spec:
  nodes: [{name: n1, zone: za, addresses: [192.168.50.10, 192.168.60.10, 'fd50::10'], primary: [192.168.50.10, 'fd50::10']}]
)";

std::string contents(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

cluster::Cluster resolved(const fs::path& dump, base::SourceMap& sources) {
  base::Diagnostics diagnostics;
  auto input = manifest::read({(dump / "objects.yaml").string(), (dump / "kube-proxy-config.nftables.yaml").string()},
                              {}, sources, diagnostics);
  auto profile = manifest::read_text("node.yaml", node, false, {}, sources, diagnostics);
  std::ranges::move(profile.objects, std::back_inserter(input.objects));
  return cluster::resolve(input, {}, diagnostics).cluster;
}

// kube-proxy names its memory otherwise.
ir::Fate without_labels(ir::Fate fate) {
  for (ir::Target& t : fate.targets) t.label.clear();
  return fate;
}

}  // namespace

TEST_CASE("dumps: kube-proxy's nftables rules do what the program says") {
  const fs::path root = fs::path(PORTCULLIS_SHARED) / "reference/kube-proxy-dumps";
  if (!fs::exists(root)) {
    WARN("skipped: no dumps in " << root);
    return;
  }
  std::size_t dumps = 0, compared = 0, translated = 0;
  for (const auto& dump : fs::directory_iterator(root)) {
    if (!dump.is_directory()) continue;
    ++dumps;
    base::SourceMap sources;
    const cluster::Cluster cluster = resolved(dump.path(), sources);
    const auto result = nftables::test::read_text(contents(dump.path() / "nftables.nft"));
    INFO(dump.path().filename() << " " << result.error);
    REQUIRE(result.ruleset);
    const netfilter::Model model = nftables::model(*result.ruleset);
    const netfilter::Evaluator evaluator(model);
    for (const net::Family family : net::all_families) {
      const ir::Program program = ir::build(cluster, *cluster.node("n1"), family);
      const ir::Interpreter interpreter(program);
      for (const net::Packet& p : agreement::boundary_packets(cluster, program)) {
        const ir::Fate meaning = without_labels(interpreter.fate(p));
        const netfilter::Evaluation e = evaluator.evaluate(netfilter::facts(program), p);
        ++compared;
        translated += meaning.kind == ir::Fate::Kind::dnat ? 1U : 0U;
        if (e.not_modelled.empty() && ir::equal(meaning, without_labels(e.fate), p)) continue;
        FAIL_CHECK(p.text() << " from " << net::to_string(p.from) << ": program " << ir::text(meaning)
                            << ", kube-proxy " << ir::text(e.fate) << e.not_modelled);
      }
    }
  }
  CHECK(dumps == 11);
  CHECK(compared > 5000);
  CHECK(translated > 1000);
}
