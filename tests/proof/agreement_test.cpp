// Rulesets of random clusters are proved to mean what their programs mean. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_CLUSTERS=10000 ctest -R 'proof:' --output-on-failure
#include <cstdlib>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/build.hpp"
#include "compiler/ir/l4/text.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/engines/engines.hpp"
#include "verifier/obligations/tables.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;
using verdict::Standing;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

bool conflicts(const ir::Program& program) {
  return std::ranges::any_of(program.routes, [](const ir::Route& r) { return !r.rivals.empty(); });
}

struct Tally {
  std::size_t proofs = 0, regions = 0, shapes = 0, concrete = 0, by_cases = 0, anchors = 0;
};

void count(const verdict::Proof& proof, const obligations::TranslationCounts& counts, const ir::Program& program,
           const std::string& where, Tally& tally) {
  ++tally.proofs;
  tally.regions += counts.regions;
  tally.shapes += counts.shapes;
  tally.concrete += counts.concrete;
  tally.by_cases += counts.by_cases;
  tally.anchors += counts.anchors;
  if (proof.standing != Standing::proved) {
    FAIL_CHECK(where << ": " << verdict::to_string(proof.standing) << ": " << proof.reason);
    if (std::getenv("PORTCULLIS_SHOW") != nullptr) fmt::print("{}", ir::print(program));
  }
}

void prove(const ir::Program& program, const netfilter::Model& model, const std::string& where, Tally& tally) {
  smt::Session session;
  obligations::TranslationCounts counts;
  const netfilter::NodeFacts node = netfilter::facts(program);
  count(obligations::prove_translation(where, program, model, node, session, obligations::Method::shapes, &counts),
        counts, program, where, tally);
}

void prove(const ir::Program& program, const ebpf::Tables& tables, const std::string& where, Tally& tally) {
  smt::Session session;
  obligations::TranslationCounts counts;
  count(obligations::prove_tables(where, program, tables, session, obligations::Method::shapes, &counts), counts,
        program, where, tally);
}

}  // namespace

TEST_CASE("rulesets of random clusters mean what their programs mean") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      clusters = from_environment("PORTCULLIS_CLUSTERS", 45);
  Tally tally, of_tables;
  for (std::uint64_t s = seed; s < seed + clusters; ++s) {
    for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
      agreement::Random random(s);
      const cluster::Cluster cluster = agreement::random_cluster(random, dialect);
      for (const net::Family family : net::all_families) {
        const ir::Program program = ir::build(cluster, cluster.nodes.front(), family);
        if (conflicts(program)) continue;  // `compile` refuses such a program
        const std::string where =
            fmt::format("seed {}, dialect {}, {}", s, dialect == cluster::Dialect::nftables ? "nftables" : "iptables",
                        net::to_string(family));
        const bool foreign = std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
        if (dialect == cluster::Dialect::nftables || !foreign) {
          prove(program, engines::nftables_model(engines::nftables_text(program), program), where + ", nftables",
                tally);
          prove(program, engines::ebpf_tables(engines::ebpf_text(std::span(&program, 1))), where + ", ebpf", of_tables);
        }
        prove(program, engines::iptables_model(engines::iptables_text(program), program), where + ", iptables", tally);
      }
    }
  }
  fmt::print("{} proofs: {} regions, {} shapes, {} by their own values, {} by cases\n", tally.proofs, tally.regions,
             tally.shapes, tally.concrete, tally.by_cases);
  fmt::print("{} proofs of tables: {} regions, {} shapes, {} by their own values, {} by cases\n", of_tables.proofs,
             of_tables.regions, of_tables.shapes, of_tables.concrete, of_tables.by_cases);
  CHECK(tally.proofs > clusters);
  CHECK(of_tables.proofs > clusters);
  CHECK(tally.anchors == tally.shapes);
}
