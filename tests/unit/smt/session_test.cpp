#include "verifier/smt/session.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/error.hpp"

namespace portcullis::tests {

using smt::Answer;
using smt::Session;
using smt::Term;

namespace {

using Words = std::vector<std::uint32_t>;

// Whether the formula holds whatever its variables are.
bool holds(Session& session, Term formula) {
  return session.check("holds", {session.no(formula)}).answer == Answer::unsatisfiable;
}

// n + 1 pigeons, n holes: hard for a solver of clauses.
std::vector<Term> pigeons(Session& session, int holes) {
  std::vector<Term> assertions;
  std::vector<std::vector<Term>> in_hole(static_cast<std::size_t>(holes));
  for (int pigeon = 0; pigeon <= holes; ++pigeon) {
    std::vector<Term> somewhere;
    for (int hole = 0; hole < holes; ++hole) {
      somewhere.push_back(session.boolean(fmt::format("p{}h{}", pigeon, hole)));
      in_hole[static_cast<std::size_t>(hole)].push_back(somewhere.back());
    }
    assertions.push_back(session.any(somewhere));
  }
  for (const std::vector<Term>& hole : in_hole) assertions.push_back(session.at_most_of(hole, 1));
  return assertions;
}

}  // namespace

TEST_CASE("truth values") {
  Session s;
  const Term a = s.boolean("a"), b = s.boolean("b");
  struct Row {
    const char* what;
    Term formula;
    bool holds;
  };
  for (const Row& row :
       {Row{"true", s.truth(true), true}, Row{"false", s.truth(false), false}, Row{"all of none", s.all({}), true},
        Row{"any of none", s.any({}), false}, Row{"a or not a", s.any({a, s.no(a)}), true},
        Row{"a and b", s.all({a, b}), false}, Row{"a implies a", s.implies(a, a), true},
        Row{"a implies b", s.implies(a, b), false}, Row{"one name, one formula", s.equal(a, s.boolean("a")), true},
        Row{"choose", s.equal(s.choose(a, a, b), s.any({a, b})), true},
        Row{"neither", s.equal(s.no(s.any({a, b})), s.all({s.no(a), s.no(b)})), true}}) {
    INFO(row.what);
    CHECK(holds(s, row.formula) == row.holds);
  }
}

TEST_CASE("at most so many of some truth values") {
  Session s;
  std::vector<Term> terms;
  for (int i = 0; i < 4; ++i) terms.push_back(s.boolean(fmt::format("t{}", i)));
  for (std::uint32_t most = 0; most <= 5; ++most) {
    for (unsigned chosen = 0; chosen < 16; ++chosen) {
      std::vector<Term> assertions{s.at_most_of(terms, most)};
      std::uint32_t count = 0;
      for (unsigned i = 0; i < 4; ++i) {
        const bool is = ((chosen >> i) & 1U) != 0;
        count += is ? 1 : 0;
        assertions.push_back(is ? terms[i] : s.no(terms[i]));
      }
      INFO("at most " << most << " of " << count);
      CHECK((s.check("counter", assertions).answer == Answer::satisfiable) == (count <= most));
    }
  }
}

TEST_CASE("bits") {
  Session s;
  const Term a = s.bits("a", 32), b = s.bits("b", 32), wide = s.bits("wide", 128);
  const auto is = [&](Term term, std::uint64_t value, unsigned width) { return s.equal(term, s.number(value, width)); };
  const Term ten = s.number(0x0A000001, 32);
  const std::array<std::uint32_t, 4> address{0xfd000000, 0, 0x80000000, 1};
  const Term fd = s.words(address, 128);
  struct Row {
    const char* what;
    Term formula;
    bool holds;
  };
  for (const Row& row :
       {Row{"and", is(s.bit_and(ten, s.number(0xFF000000, 32)), 0x0A000000, 32), true},
        Row{"or", is(s.bit_or(s.number(1, 8), s.number(6, 8)), 7, 8), true},
        Row{"xor", is(s.bit_xor(a, a), 0, 32), true},
        Row{"not", is(s.bit_not(s.number(0x0F, 8)), 0xF0, 8), true},
        Row{"shift left", is(s.shift_left(s.number(3, 8), s.number(7, 8)), 0x80, 8), true},
        Row{"shift right", is(s.shift_right(s.number(0x80, 8), s.number(7, 8)), 1, 8), true},
        Row{"concat", is(s.concat(s.number(0x12, 8), s.number(0x34, 8)), 0x1234, 16), true},
        Row{"extract", is(s.extract(ten, 31, 24), 10, 8), true},
        Row{"widen", is(s.widen(s.number(0xFF, 8), 16), 0xFF, 16), true},
        Row{"widen to the same", is(s.widen(s.number(0xFF, 8), 8), 0xFF, 8), true},
        Row{"sum wraps around", is(s.sum({s.number(0xFF, 8), s.number(1, 8), s.number(1, 8)}), 1, 8), true},
        Row{"difference wraps around", is(s.difference(s.number(0, 8), s.number(1, 8)), 0xFF, 8), true},
        Row{"unsigned order", s.at_most(s.number(0x7FFFFFFF, 32), s.number(0x80000000, 32)), true},
        Row{"order is total", s.any({s.at_most(a, b), s.at_most(b, a)}), true},
        Row{"a is at most b", s.at_most(a, b), false},
        Row{"prefix of nothing", s.same_prefix(a, b, 0), true},
        Row{"prefix", s.implies(s.same_prefix(a, ten, 8), is(s.extract(a, 31, 24), 10, 8)), true},
        Row{"prefix of everything", s.implies(s.same_prefix(a, b, 32), s.equal(a, b)), true},
        Row{"shorter prefix says less", s.implies(s.same_prefix(a, b, 8), s.same_prefix(a, b, 9)), false},
        Row{"words are in order",
            s.all({is(s.extract(fd, 127, 96), 0xfd000000, 32), is(s.extract(fd, 63, 32), 0x80000000, 32),
                   is(s.extract(fd, 31, 0), 1, 32)}),
            true},
        Row{"a number is cut to its width", is(s.number(0x1FF, 8), 0xFF, 8), true},
        Row{"a number in 128 bits", s.equal(s.number(7, 128), s.words(std::array<std::uint32_t, 4>{0, 0, 0, 7}, 128)),
            true},
        Row{"wide prefix", s.implies(s.same_prefix(wide, fd, 64), is(s.extract(wide, 127, 120), 0xfd, 8)), true}}) {
    INFO(row.what);
    CHECK(holds(s, row.formula) == row.holds);
  }
}

TEST_CASE("signed numbers and products") {
  Session s;
  const auto number = [&](std::uint64_t value) { return s.number(value, 8); };
  CHECK(holds(s, s.at_most_signed(number(0x80), number(0x7F))));
  CHECK(holds(s, s.at_most_signed(number(5), number(5))));
  CHECK(!holds(s, s.at_most_signed(number(1), number(0xFF))));
  CHECK(holds(s, s.equal(s.shift_right_signed(number(0x84), number(2)), number(0xE1))));
  CHECK(holds(s, s.equal(s.product(number(0x21), number(0x0B)), number(0x6B))));
}

TEST_CASE("a function of which nothing is known") {
  Session s;
  const Term a = s.bits("a", 160), b = s.bits("b", 160);
  const Term value_a = s.answer("value", a, 256), value_b = s.answer("value", b, 256);
  const Term has_a = s.holds("has", a), has_b = s.holds("has", b);
  const Term same = s.all({s.equal(value_a, value_b), s.implies(has_a, has_b)});
  CHECK(holds(s, s.implies(s.equal(a, b), same)));
  const auto differ = s.check("differ", {s.no(same), has_a});
  REQUIRE(differ.answer == Answer::satisfiable);
  CHECK(differ.model->truth(has_a));
  CHECK(differ.model->words(a) != differ.model->words(b));
  CHECK(differ.steps > 0);
  // The next query knows nothing of it, with functions and without.
  CHECK(s.check("again", {same, s.no(has_a)}).answer == Answer::satisfiable);
  CHECK(s.check("without", {s.equal(a, b)}).answer == Answer::satisfiable);
  CHECK(
      s.check("limit", {s.equal(s.answer("f", s.answer("f", a, 160), 160), a), s.no(s.equal(a, s.answer("f", a, 160)))})
          .answer == Answer::satisfiable);
}

TEST_CASE("what is known of a term without asking") {
  Session s;
  const Term a = s.bits("a", 64);
  CHECK(s.same(a, s.bits("a", 64)));
  CHECK(!s.same(a, s.sum({a, s.number(0, 64)})));
  CHECK(s.same(a, s.simplified(s.sum({a, s.number(0, 64)}))));
  CHECK(s.constant(s.simplified(s.sum({s.number(3, 64), s.number(4, 64)}))) == 7U);
  CHECK(s.constant(s.number(UINT64_MAX, 64)) == UINT64_MAX);
  CHECK(!s.constant(a));
  CHECK(!s.constant(s.number(0, 65)));
  CHECK(s.width(s.concat(a, a)) == 128);
  CHECK_THROWS_AS(s.width(s.truth(true)), base::InternalError);
}

TEST_CASE("integers") {
  Session s;
  const Term x = s.integer("x"), y = s.integer("y");
  const smt::Result result =
      s.check("integers", {s.equal(s.sum({x, y, s.whole(-1)}), s.whole(10)), s.at_most(s.whole(5), x),
                           s.at_most(s.difference(x, y), s.whole(-1))});
  REQUIRE(result.answer == Answer::satisfiable);
  CHECK(result.model->integer(x) == 5);
  CHECK(result.model->integer(y) == 6);
  CHECK(holds(s, s.equal(s.sum({}), s.whole(0))));
  CHECK_FALSE(holds(s, s.at_most(x, y)));
}

TEST_CASE("a model answers for every term") {
  Session s;
  const Term a = s.bits("a", 128), narrow = s.bits("narrow", 9), flag = s.boolean("flag"), free = s.boolean("free");
  const std::array<std::uint32_t, 4> value{0x20010db8, 0, 5, 0xFFFFFFFF};
  const smt::Result result =
      s.check("model", {s.equal(a, s.words(value, 128)), s.equal(narrow, s.number(0x101, 9)), flag});
  REQUIRE(result.answer == Answer::satisfiable);
  REQUIRE(result.model);
  CHECK(result.model->words(a) == Words(value.begin(), value.end()));
  CHECK(result.model->words(narrow) == Words{0x101});
  CHECK(result.model->number(narrow) == 0x101);
  CHECK(result.model->words(s.number(0, 33)) == Words{0, 0});
  CHECK(result.model->truth(flag));
  CHECK_FALSE(result.model->truth(free));
  CHECK(result.model->truth(s.at_most(narrow, s.number(0x101, 9))));
  CHECK_FALSE(s.check("no model", {s.truth(false)}).model);
}

TEST_CASE("a model stays what it was after later queries") {
  Session s;
  const Term a = s.bits("a", 16);
  const smt::Result first = s.check("first", {s.equal(a, s.number(1, 16))});
  const smt::Result second = s.check("second", {s.equal(a, s.number(2, 16))});
  CHECK(first.model->number(a) == 1);
  CHECK(second.model->number(a) == 2);
}

TEST_CASE("queries leave nothing behind") {
  Session s;
  const Term a = s.boolean("a");
  CHECK(s.check("a", {a}).answer == Answer::satisfiable);
  CHECK(s.check("not a", {s.no(a)}).answer == Answer::satisfiable);
  CHECK(s.check("both", {a, s.no(a)}).answer == Answer::unsatisfiable);
  CHECK(s.check("a again", {a}).answer == Answer::satisfiable);
  CHECK(s.check("nothing asked", {}).answer == Answer::satisfiable);
  CHECK(s.queries() == 5);
  CHECK(s.steps() > 0);
}

TEST_CASE("a scope gives its terms back") {
  Session s;
  const Term kept = s.boolean("kept");
  const std::size_t before = s.terms();
  Term lost = kept;
  {
    const Session::Scope outer(s);
    (void)s.boolean("x");
    {
      const Session::Scope inner(s);
      lost = s.number(5, 8);
      CHECK(s.terms() == before + 2);
    }
    CHECK(s.terms() == before + 1);
  }
  CHECK(s.terms() == before);
  CHECK(s.check("kept", {kept}).answer == Answer::satisfiable);
  CHECK_THROWS_AS(s.check("lost", {lost}), base::InternalError);
  CHECK(s.boolean("next").id == before);
}

TEST_CASE("terms of the wrong sort are our mistake, and the session lives on") {
  Session s;
  const Term flag = s.boolean("flag"), a = s.bits("a", 8), b = s.bits("b", 16), x = s.integer("x");
  CHECK_THROWS_AS(s.equal(flag, a), base::InternalError);
  CHECK_THROWS_AS(s.equal(a, b), base::InternalError);
  CHECK_THROWS_AS(s.choose(a, a, a), base::InternalError);
  CHECK_THROWS_AS(s.choose(flag, a, b), base::InternalError);
  CHECK_THROWS_AS(s.all({flag, a}), base::InternalError);
  CHECK_THROWS_AS(s.any({x}), base::InternalError);
  CHECK_THROWS_AS(s.no(a), base::InternalError);
  CHECK_THROWS_AS(s.implies(flag, x), base::InternalError);
  CHECK_THROWS_AS(s.at_most(a, b), base::InternalError);
  CHECK_THROWS_AS(s.at_most(flag, flag), base::InternalError);
  CHECK_THROWS_AS(s.sum({a, x}), base::InternalError);
  CHECK_THROWS_AS(s.difference(flag, flag), base::InternalError);
  CHECK_THROWS_AS(s.bit_and(a, b), base::InternalError);
  CHECK_THROWS_AS(s.bit_not(x), base::InternalError);
  CHECK_THROWS_AS(s.concat(a, x), base::InternalError);
  CHECK_THROWS_AS(s.extract(a, 8, 0), base::InternalError);
  CHECK_THROWS_AS(s.extract(a, 0, 1), base::InternalError);
  CHECK_THROWS_AS(s.widen(b, 8), base::InternalError);
  CHECK_THROWS_AS(s.same_prefix(a, b, 1), base::InternalError);
  CHECK_THROWS_AS(s.same_prefix(a, a, 9), base::InternalError);
  CHECK_THROWS_AS(s.words(std::array<std::uint32_t, 1>{1}, 33), base::InternalError);
  CHECK_THROWS_AS(s.check("no formula", {a}), base::InternalError);
  CHECK_THROWS_AS(s.at_most_of(std::array{a}, 0), base::InternalError);
  CHECK_THROWS_AS(s.no(Term{1'000'000}), base::InternalError);
  const smt::Result result = s.check("still there", {flag});
  REQUIRE(result.answer == Answer::satisfiable);
  CHECK_THROWS_AS(result.model->truth(a), base::InternalError);
  CHECK_THROWS_AS(result.model->words(x), base::InternalError);
  CHECK_THROWS_AS(result.model->integer(a), base::InternalError);
  CHECK_THROWS_AS(result.model->number(s.bits("wide", 65)), base::InternalError);
}

TEST_CASE("beyond its steps a query is unknown, and the session lives on") {
  Session s({.steps = 20'000, .backstop_milliseconds = 600'000});
  const smt::Result result = s.check("pigeons", pigeons(s, 12));
  CHECK(result.answer == Answer::unknown);
  CHECK(result.reason == "the limit of 20000 steps was reached");
  CHECK_FALSE(result.model);
  CHECK(result.steps > 0);
  const smt::Result easy = s.check("easy", {s.boolean("easy")});
  CHECK(easy.answer == Answer::satisfiable);
  CHECK(easy.reason.empty());
}

TEST_CASE("the number of steps of a query is the same every time") {
  const auto steps = [] {
    Session s;
    const smt::Result result = s.check("pigeons", pigeons(s, 4));
    CHECK(result.answer == Answer::unsatisfiable);
    return result.steps;
  };
  const std::uint64_t first = steps();
  CHECK(first > 0);
  CHECK(steps() == first);
}

TEST_CASE("queries are dumped under their names") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "portcullis-smt-dump";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  Session s;
  s.dump_to(folder.string());
  const Term a = s.bits("a", 8);
  (void)s.check("same fate: default/web\nsecond line", {s.equal(a, s.number(1, 8))});
  (void)s.check("twice", {s.truth(false)});
  (void)s.check("twice", {s.at_most(s.integer("x"), s.whole(3))});
  (void)s.check("../escape", {s.at_most(s.integer("x"), s.whole(3)), s.equal(a, a)});
  s.dump_to("");
  (void)s.check("not dumped", {s.truth(true)});
  const auto text = [&](const char* name) {
    std::ifstream in(folder / name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  };
  const std::string first = text("same-fate--default-web-second-line.smt2");
  CHECK(first.starts_with("; same fate: default/web second line\n(set-logic QF_BV)\n"));
  CHECK(first.find("(set-info :status sat)") != std::string::npos);
  CHECK(first.find("(check-sat)") != std::string::npos);
  CHECK(text("twice.smt2").find("(set-logic QF_UF)") != std::string::npos);
  CHECK(text("twice.smt2").find("(set-info :status unsat)") != std::string::npos);
  CHECK(text("twice-2.smt2").find("(set-logic QF_LIA)") != std::string::npos);
  CHECK(text("query..-escape.smt2").find("(set-logic ALL)") != std::string::npos);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder)) ++files;
  CHECK(files == 4);
  std::filesystem::remove_all(folder);
}

}  // namespace portcullis::tests
