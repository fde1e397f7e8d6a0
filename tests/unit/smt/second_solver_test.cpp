// What Z3 has judged, judged again by cvc5: answers of dumped queries, of all sorts that a Session builds.
#include "tests/unit/smt/second_solver.hpp"

#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "verifier/smt/session.hpp"

namespace portcullis::tests {

using smt::Session;
using smt::Term;

namespace {

// A random formula over three addresses, an integer and some truth values.
class Formulas {
 public:
  Formulas(Session& session, unsigned seed) : session_(session), random_(seed) {}

  Term formula(int depth) {
    switch (depth == 0 ? pick(3) : pick(7)) {
      case 0:
        return session_.boolean(fmt::format("flag{}", pick(3)));
      case 1:
        return session_.same_prefix(bits(1), bits(1), static_cast<unsigned>(pick(9)));
      case 2:
        return session_.at_most(integer(), integer());
      case 3:
        return session_.all(formulas(depth - 1));
      case 4:
        return session_.any(formulas(depth - 1));
      case 5:
        return session_.equal(bits(2), bits(2));
      default:
        return session_.no(formula(depth - 1));
    }
  }

 private:
  // None, one or more.
  std::vector<Term> formulas(int depth) {
    std::vector<Term> out;
    for (int i = pick(4); i > 0; --i) out.push_back(formula(depth));
    return out;
  }
  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  Term bits(int depth) {
    switch (depth == 0 ? pick(2) : pick(8)) {
      case 0:
        return session_.bits(fmt::format("address{}", pick(3)), 8);
      case 1:
        return session_.number(random_(), 8);
      case 2:
        return session_.bit_and(bits(depth - 1), bits(depth - 1));
      case 3:
        return session_.bit_xor(bits(depth - 1), session_.bit_not(bits(depth - 1)));
      case 4:
        return pick(3) == 0 ? session_.sum({bits(depth - 1)}) : session_.sum({bits(depth - 1), bits(depth - 1)});
      case 5:
        return session_.shift_left(bits(depth - 1), bits(depth - 1));
      case 6:
        return session_.concat(session_.extract(bits(depth - 1), 3, 0), session_.extract(bits(depth - 1), 7, 4));
      default:
        return session_.choose(session_.boolean("flag0"), bits(depth - 1), bits(depth - 1));
    }
  }
  Term integer() {
    const Term count = session_.integer(fmt::format("count{}", pick(2)));
    if (pick(4) == 0) return pick(2) == 0 ? session_.sum({}) : session_.sum({count});
    return session_.sum({count, session_.whole(pick(7) - 3)});
  }

  Session& session_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("cvc5 agrees") {
  if (!has_second_solver()) return;
  const DumpFolder folder("portcullis-smt-second-solver");
  Session session;
  session.dump_to(folder.path());
  constexpr unsigned queries = 40;
  for (unsigned seed = 0; seed < queries; ++seed) {
    const Session::Scope scope(session);
    Formulas formulas(session, seed);
    std::vector<Term> assertions, flags;
    for (int i = 0; i < 4; ++i) assertions.push_back(formulas.formula(4));
    for (int i = 0; i < 3; ++i) flags.push_back(session.boolean(fmt::format("flag{}", i)));
    assertions.push_back(session.at_most_of(flags, 1));
    (void)session.check(fmt::format("seed {}", seed), assertions);
  }
  const Judgement judgement = judge_again(folder);
  INFO(fmt::format("{}", fmt::join(judgement.disagreements, "\n")));
  CHECK(judgement.disagreements.empty());
  CHECK(judgement.satisfiable + judgement.unsatisfiable == queries);
  CHECK(judgement.satisfiable > 5);
  CHECK(judgement.unsatisfiable > 5);
}

}  // namespace portcullis::tests
