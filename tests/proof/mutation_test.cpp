// Faults are injected into rulesets that are proved. A mutant that is refuted comes with a packet that was replayed;
// one that is proved all the same counts as equivalent only if the plain encoding proves it too and 10,000 boundary
// packets fare as the program says. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_MUTANTS=100000 ctest -R 'proof:.*faults' --output-on-failure
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/interpret.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/proof/mutate.hpp"
#include "tests/proof/subjects.hpp"
#include "verifier/obligations/translation.hpp"
#include "verifier/obligations/translation_plain.hpp"

namespace {

using namespace portcullis;
using proof::from_environment;
using proof::Subject;
using verdict::Standing;

struct Row {
  std::size_t killed = 0, equivalent = 0, unknown = 0;
};

verdict::Proof prove(const Subject& subject, const netfilter::Model& model) {
  smt::Session session;
  const netfilter::NodeFacts node = netfilter::facts(subject.program);
  return obligations::prove_translation("mutant", subject.program, model, node, session);
}

verdict::Proof prove_plainly(const Subject& subject, const netfilter::Model& model) {
  smt::Session session;
  const netfilter::NodeFacts node = netfilter::facts(subject.program);
  return obligations::prove_translation_plainly("mutant", subject.program, model, node, session);
}

constexpr std::size_t boundary_packets = 10'000;

// Boundary packets in every conntrack state; then the same from their sources' neighbours, until there are enough.
std::vector<net::Packet> packets(const Subject& subject) {
  const std::vector<net::Packet> base = agreement::boundary_packets(subject.cluster, subject.program);
  std::vector<net::Packet> out;
  for (std::uint64_t away = 0; out.size() < boundary_packets; ++away) {
    for (net::Packet packet : base) {
      const auto source = packet.src.plus(away);
      if (!source) continue;
      packet.src = *source;
      for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                              net::ConntrackState::related, net::ConntrackState::invalid}) {
        packet.ct_state = state;
        out.push_back(packet);
      }
    }
  }
  return out;
}

// The first packet on which the mutant's evaluator and the interpreter differ. Nothing: they agree.
std::string difference(const Subject& subject, const netfilter::Model& model) {
  const ir::Interpreter interpreter(subject.program);
  const netfilter::Evaluator evaluator(model);
  const netfilter::NodeFacts node = netfilter::facts(subject.program);
  for (const net::Packet& packet : packets(subject)) {
    const ir::Fate meant = interpreter.fate(packet);
    const netfilter::Evaluation got = evaluator.evaluate(node, packet);
    if (!got.not_modelled.empty()) return packet.text() + ": " + got.not_modelled;
    if (!ir::equal(meant, got.fate, packet))
      return packet.text() + ": " + ir::text(meant) + " against " + ir::text(got.fate);
  }
  return {};
}

}  // namespace

TEST_CASE("faults in rulesets are found") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      mutants = from_environment("PORTCULLIS_MUTANTS", 450);
  REQUIRE(proof::faults().size() >= 30);
  std::map<std::string, Row> table;
  std::uint64_t made = 0;
  for (std::uint64_t s = seed; made < mutants; ++s) {
    for (const Subject& subject : proof::subjects(s, proof::Size::whole)) {
      proof::Random random(s);
      for (std::size_t f = 0; f < 6 && made < mutants; ++f) {
        const proof::Fault& fault = proof::faults()[(made + f) % proof::faults().size()];
        netfilter::Model mutant = subject.model;
        if (!fault.inject(mutant, random)) continue;
        ++made;
        Row& row = table[fault.kind];
        INFO(subject.name << ": " << fault.kind << ", mutant " << made);
        const verdict::Proof proof = prove(subject, mutant);
        switch (proof.standing) {
          case Standing::refuted:
            ++row.killed;
            CHECK(proof.witness.has_value());
            break;
          case Standing::proved:
            ++row.equivalent;
            CHECK(difference(subject, mutant) == "");
            CHECK(prove_plainly(subject, mutant).standing == Standing::proved);
            break;
          case Standing::unknown:
          case Standing::vacuous:
            ++row.unknown;
            fmt::print("{}: {}, mutant {}: {}\n", subject.name, fault.kind, made, proof.reason);
            break;
        }
      }
    }
  }
  std::size_t killed = 0, equivalent = 0, unknown = 0;
  for (const auto& [kind, row] : table) {
    fmt::print("{:44} killed {:4}  equivalent {:4}  unknown {:4}  total {:4}\n", kind, row.killed, row.equivalent,
               row.unknown, row.killed + row.equivalent + row.unknown);
    killed += row.killed;
    equivalent += row.equivalent;
    unknown += row.unknown;
  }
  fmt::print("seeds from {}: {} mutants, {} killed, {} equivalent, {} unknown\n", seed, made, killed, equivalent,
             unknown);
  CHECK(killed > made / 2);
  CHECK(unknown * 500 <= made);  // rules that no kernel would load
}
