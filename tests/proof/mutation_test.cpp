// Faults are injected into rulesets that are proved. A mutant that is refuted comes with a packet that was replayed;
// one that is proved all the same must agree with the program on every boundary packet, and be proved again region by
// region. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_MUTANTS=100000 ctest -R 'proof:.*faults' --output-on-failure
#include <cstdlib>
#include <map>
#include <memory>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/build.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/engines/engines.hpp"
#include "tests/proof/mutate.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;
using obligations::Method;
using verdict::Standing;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Subject {
  std::string name;
  cluster::Cluster cluster;
  ir::Program program;
  netfilter::Model model;
};

std::vector<Subject> subjects(std::uint64_t seed) {
  std::vector<Subject> out;
  for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
    agreement::Random random(seed);
    cluster::Cluster cluster = agreement::random_cluster(random, dialect);
    for (const net::Family family : net::all_families) {
      ir::Program program = ir::build(cluster, cluster.nodes.front(), family);
      const bool unfit = std::ranges::any_of(program.routes, [](const ir::Route& r) { return !r.rivals.empty(); }) ||
                         std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
      if (unfit) continue;
      const std::string name =
          fmt::format("seed {}, dialect {}, {}", seed, dialect == cluster::Dialect::nftables ? "nftables" : "iptables",
                      net::to_string(family));
      netfilter::Model nft = engines::nftables_model(engines::nftables_text(program), program);
      netfilter::Model ipt = engines::iptables_model(engines::iptables_text(program), program);
      out.push_back({name + ", nftables", cluster, program, std::move(nft)});
      out.push_back({name + ", iptables", cluster, program, std::move(ipt)});
    }
  }
  return out;
}

struct Row {
  std::size_t killed = 0, equivalent = 0, unknown = 0;
};

verdict::Proof prove(const Subject& subject, const netfilter::Model& model, Method method) {
  smt::Session session;
  const netfilter::NodeFacts node = netfilter::facts(subject.program);
  return obligations::prove_translation("mutant", subject.program, model, node, session, method);
}

// Every boundary packet in every conntrack state: the mutant's evaluator and the interpreter. Nothing: they agree.
std::string difference(const Subject& subject, const netfilter::Model& model) {
  const ir::Interpreter interpreter(subject.program);
  const netfilter::Evaluator evaluator(model);
  const netfilter::NodeFacts node = netfilter::facts(subject.program);
  for (net::Packet packet : agreement::boundary_packets(subject.cluster, subject.program)) {
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      packet.ct_state = state;
      const ir::Fate meant = interpreter.fate(packet);
      const netfilter::Evaluation got = evaluator.evaluate(node, packet);
      if (!got.not_modelled.empty()) return packet.text() + ": " + got.not_modelled;
      if (!ir::equal(meant, got.fate, packet))
        return packet.text() + ": " + ir::text(meant) + " against " + ir::text(got.fate);
    }
  }
  return {};
}

}  // namespace

TEST_CASE("faults in rulesets are found") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      mutants = from_environment("PORTCULLIS_MUTANTS", 600);
  REQUIRE(proof::faults().size() >= 30);
  std::map<std::string, Row> table;
  std::uint64_t made = 0;
  for (std::uint64_t s = seed; made < mutants; ++s) {
    for (const Subject& subject : subjects(s)) {
      proof::Random random(s);
      for (std::size_t f = 0; f < 6 && made < mutants; ++f) {
        const proof::Fault& fault = proof::faults()[(made + f) % proof::faults().size()];
        netfilter::Model mutant = subject.model;
        if (!fault.inject(mutant, random)) continue;
        ++made;
        Row& row = table[fault.kind];
        INFO(subject.name << ": " << fault.kind << ", mutant " << made);
        const verdict::Proof proof = prove(subject, mutant, Method::shapes);
        switch (proof.standing) {
          case Standing::refuted:
            ++row.killed;
            CHECK(proof.witness.has_value());
            break;
          case Standing::proved:
            ++row.equivalent;
            CHECK(difference(subject, mutant) == "");
            CHECK(prove(subject, mutant, Method::each).standing == Standing::proved);
            break;
          case Standing::unknown:
          case Standing::vacuous:
            ++row.unknown;
            break;
        }
      }
    }
  }
  std::size_t killed = 0, equivalent = 0, unknown = 0;
  for (const auto& [kind, row] : table) {
    fmt::print("{:44} killed {:4}  equivalent {:4}  unknown {:4}\n", kind, row.killed, row.equivalent, row.unknown);
    killed += row.killed;
    equivalent += row.equivalent;
    unknown += row.unknown;
  }
  fmt::print("seeds from {}: {} mutants, {} killed, {} equivalent, {} unknown\n", seed, made, killed, equivalent,
             unknown);
  CHECK(killed > made / 2);
}
