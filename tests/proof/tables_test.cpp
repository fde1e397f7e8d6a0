// Faults are injected into tables that are proved. A mutant that is refuted comes with a packet that was replayed; one
// that is proved all the same has to agree with the program on every boundary packet. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_MUTANTS=100000 ctest -R 'proof:.*tables' --output-on-failure
#include "verifier/obligations/tables.hpp"

#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/ebpf/evaluate.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/engines/engines.hpp"
#include "tests/proof/subjects.hpp"
#include "tests/proof/tables_faults.hpp"

namespace {

using namespace portcullis;
using proof::from_environment;
using verdict::Standing;

struct Subject {
  std::string name;
  cluster::Cluster cluster;
  ir::Program program;
  ebpf::Tables tables;
};

std::vector<Subject> subjects(std::uint64_t seed) {
  std::vector<Subject> out;
  std::set<std::string> seen;
  for (proof::Subject& s : proof::subjects(seed, proof::Size::whole)) {
    std::string name = s.name.substr(0, s.name.rfind(','));  // without the backend
    if (!seen.insert(name).second) continue;
    ebpf::Tables tables = engines::ebpf_tables(engines::ebpf_text(std::span(&s.program, 1)));
    out.push_back({std::move(name), std::move(s.cluster), std::move(s.program), std::move(tables)});
  }
  return out;
}

std::string difference(const Subject& subject, const ebpf::Tables& tables) {
  const ir::Interpreter interpreter(subject.program);
  const ebpf::Evaluator evaluator(tables, ebpf::beside(subject.program));
  for (net::Packet packet : agreement::boundary_packets(subject.cluster, subject.program)) {
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      packet.ct_state = state;
      ir::Fate meant = interpreter.fate(packet);
      if (meant.kind == ir::Fate::Kind::accept) meant.kind = ir::Fate::Kind::none;
      const ir::Fate got = evaluator.fate(packet);
      if (!ir::equal(meant, got, packet)) return packet.text() + ": " + ir::text(meant) + " against " + ir::text(got);
    }
  }
  return {};
}

struct Row {
  std::size_t killed = 0, equivalent = 0;
};

}  // namespace

TEST_CASE("faults in tables are found") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      mutants = from_environment("PORTCULLIS_MUTANTS", 600);
  std::map<std::string, Row> table;
  std::uint64_t made = 0;
  for (std::uint64_t s = seed; made < mutants; ++s) {
    for (const Subject& subject : subjects(s)) {
      proof::Random random(s);
      for (std::size_t f = 0; f < 10 && made < mutants; ++f) {
        const proof::TablesFault& fault = proof::tables_faults()[(s * 7 + f) % proof::tables_faults().size()];
        ebpf::Tables mutant = subject.tables;
        if (!fault.inject(mutant, random)) continue;
        ++made;
        INFO(subject.name << ": " << fault.kind << ", mutant " << made);
        smt::Session session;
        const verdict::Proof proof = obligations::prove_tables("mutant", subject.program, mutant, session);
        if (proof.standing == Standing::refuted) {
          ++table[fault.kind].killed;
          CHECK(proof.witness.has_value());
        } else {
          ++table[fault.kind].equivalent;
          CHECK(proof.standing == Standing::proved);
          CHECK(difference(subject, mutant) == "");
        }
      }
    }
  }
  std::size_t killed = 0, kinds = 0;
  for (const auto& [kind, row] : table) {
    fmt::print("{:44} killed {:4}  equivalent {:4}\n", kind, row.killed, row.equivalent);
    killed += row.killed;
    kinds += row.killed != 0 ? 1 : 0;
  }
  fmt::print("seeds from {}: {} mutants of tables, {} killed\n", seed, made, killed);
  CHECK(killed > made / 2);
  CHECK(kinds >= 25);
}
