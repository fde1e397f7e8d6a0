// cvc5 judges what Z3 has judged; what was proved once is not asked again.
#include "tests/unit/smt/second_solver.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/ebpf/program.hpp"
#include "tests/unit/bytecode/compiled.hpp"
#include "verifier/bytecode/prove.hpp"

namespace portcullis::tests {

namespace {

std::vector<verdict::Standing> standings(const std::vector<std::byte>& object, smt::Session& session) {
  std::vector<verdict::Standing> out;
  for (const auto& theorem : bytecode::prove_program(object, "dumped", session)) out.push_back(theorem.proof.standing);
  return out;
}

std::vector<std::byte> shipped() {
  const auto program = ebpf::program();
  return {program.begin(), program.end()};
}

}  // namespace

// cvc5 needs most of a minute for `decide`, a hundred times as long as Z3: its query is judged where it is refuted.
TEST_CASE("cvc5 agrees about the program") {
  if (!has_second_solver()) return;
  const DumpFolder folder("portcullis-bytecode-dump");
  std::filesystem::path whole;
  {
    smt::Session session;
    session.dump_to(folder.path());
    CHECK(standings(shipped(), session) == std::vector{verdict::Standing::proved, verdict::Standing::proved});
    whole = std::filesystem::path(folder.path()) / "decide-differs.smt2";
    REQUIRE(std::filesystem::remove(whole));
  }
  std::string source = decide_source();
  const std::string from = "? PCL_DROP : PCL_NONE";
  source.replace(source.find(from), from.size(), "? PCL_NONE : PCL_DROP");
  smt::Session session;
  session.dump_to(folder.path());
  CHECK(standings(compiled(source), session).front() == verdict::Standing::refuted);
  CHECK(status_of(whole) == "sat");
  const Judgement judgement = judge_again(folder);
  CHECK(judgement.satisfiable >= 1);
  CHECK(judgement.unsatisfiable > 10);
  for (const std::string& one : judgement.disagreements) FAIL_CHECK(one);
}

TEST_CASE("a program that was proved is not asked about again") {
  const DumpFolder folder("portcullis-bytecode-theorems");
  std::uint64_t queries = 0;
  for (int run = 0; run < 2; ++run) {
    smt::Session session;
    session.keep_theorems_in(folder.path());
    CHECK(standings(shipped(), session) == std::vector{verdict::Standing::proved, verdict::Standing::proved});
    CHECK((run == 0 ? session.queries() > 0 : session.queries() == queries));
    if (run == 1) CHECK(session.remembered() == queries);
    queries = session.queries();
  }
}

}  // namespace portcullis::tests
