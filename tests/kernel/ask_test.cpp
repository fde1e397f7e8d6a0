// The shipped instructions, run by the kernel without a packet (BPF_PROG_TEST_RUN), against the evaluator: random
// clusters, boundary packets, random numbers and remembered endpoints. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_CLUSTERS=10000 ctest -R 'kernel: the program answers'
#include <algorithm>
#include <cstdlib>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "compiler/ir/l4/build.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/ask/expected.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/proof/tables_faults.hpp"
#include "verifier/obligations/tables.hpp"

namespace {

using namespace portcullis;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Node {
  cluster::Cluster cluster;
  std::vector<ir::Program> programs;
  ebpf::Tables tables;
};

Node node(std::uint64_t seed, cluster::Dialect dialect) {
  agreement::Random random(seed);
  Node out{agreement::random_cluster(random, dialect), {}, {}};
  for (const net::Family family : net::all_families)
    out.programs.push_back(ir::build(out.cluster, out.cluster.nodes.front(), family));
  base::Diagnostics diagnostics;  // SCTP is in the tables all the same
  out.tables = ebpf::lower(out.programs, ebpf::program_digest(), diagnostics);
  return out;
}

std::optional<std::pair<net::Address, std::uint16_t>> some_endpoint(const ebpf::Tables& tables, net::Family family,
                                                                    agreement::Random& random) {
  std::vector<std::pair<net::Address, std::uint16_t>> all;
  for (const ebpf::Pool& pool : tables.pools) {
    for (const ebpf::Endpoint& e : pool.endpoints) {
      if (pool.sticky && e.address.family() == family) all.emplace_back(e.address, e.port);
    }
  }
  if (all.empty()) return {};
  return all[random() % all.size()];
}

}  // namespace

TEST_CASE("the program answers as the evaluator does") {
  if (!kernel::permitted()) return;
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      clusters = from_environment("PORTCULLIS_CLUSTERS", 25);
  std::size_t questions = 0, translated = 0, remembered = 0;
  for (std::uint64_t s = seed; s < seed + clusters; ++s) {
    for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
      const Node one = node(s, dialect);
      const ebpf::Evaluator evaluator(one.tables);
      const ask::Asker asker(one.tables);
      agreement::Random random(s);
      for (const ir::Program& program : one.programs) {
        for (const net::Packet& packet : agreement::boundary_packets(one.cluster, program)) {
          ask::Question question{packet, {}, static_cast<std::uint32_t>(random())};
          if (random() % 3 == 0) question.remembered = some_endpoint(one.tables, packet.family(), random);
          const ask::Answer expected = ask::expected(evaluator, question), got = asker.ask(question);
          ++questions;
          translated += expected.verdict == ebpf::Verdict::dnat ? 1 : 0;
          if (expected.verdict == ebpf::Verdict::dnat && question.remembered &&
              question.remembered->first == expected.address)
            ++remembered;
          if (got == expected) continue;
          FAIL_CHECK(fmt::format("seed {}, {} from {}, random {}: the evaluator says {}, the kernel {}", s,
                                 packet.text(), net::to_string(packet.from), question.random, expected.text(),
                                 got.text()));
        }
      }
    }
  }
  fmt::print("seeds {}–{}: {} questions, {} translated, {} to the endpoint that was remembered\n", seed,
             seed + clusters - 1, questions, translated, remembered);
  if (clusters < 25) return;
  CHECK(translated > 10'000);
  CHECK(remembered > 300);
}

// What the prover says of wrong tables is what the kernel does with them: each counterexample is played there.
TEST_CASE("what refutes wrong tables happens in the kernel") {
  if (!kernel::permitted()) return;
  std::size_t refuted = 0, played = 0;
  for (std::uint64_t s = 1; s <= 4; ++s) {
    const cluster::Dialect dialect = s % 2 == 0 ? cluster::Dialect::iptables : cluster::Dialect::nftables;
    const Node one = node(s, dialect);
    proof::Random random(s);
    for (const proof::TablesFault& fault : proof::tables_faults()) {
      ebpf::Tables wrong = one.tables;
      if (!fault.inject(wrong, random)) continue;
      for (const ir::Program& program : one.programs) {
        const bool unfit = std::ranges::any_of(program.routes, [](const ir::Route& r) { return !r.rivals.empty(); }) ||
                           std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
        if (unfit) continue;
        smt::Session session;
        const verdict::Proof proof = obligations::prove_tables("wrong", program, wrong, session);
        if (proof.standing != verdict::Standing::refuted) continue;
        ++refuted;
        // Later packets of a flow meet the companion alone.
        if (!proof.witness || proof.witness->ct_state != net::ConntrackState::fresh) continue;
        wrong.guards.clear();  // the companion's, which is not asked
        const ask::Asker asker(wrong);
        const ebpf::Evaluator evaluator(wrong);
        INFO("seed " << s << ", " << fault.kind << ": " << proof.reason);
        for (const std::uint32_t number : {0U, 0x40000000U, 0x80000000U, 0xFFFFFFFFU}) {
          const ask::Question question{*proof.witness, {}, number};
          CHECK(asker.ask(question).text() == ask::expected(evaluator, question).text());
        }
        ++played;
      }
    }
  }
  fmt::print("{} times refuted, {} packets played in the kernel\n", refuted, played);
  CHECK(played > 40);
}
