// What Z3 has judged, judged again by cvc5: answers of dumped queries, of all sorts that a Session builds.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "verifier/smt/session.hpp"

namespace portcullis::tests {

using smt::Session;
using smt::Term;

namespace {

// First line of what a command says.
std::string first_line(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string line;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF && c != '\n';) line.push_back(static_cast<char>(c));
  return line;
}

std::string status_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  const std::string key = "(set-info :status ";
  while (std::getline(in, line)) {
    if (line.starts_with(key)) return line.substr(key.size(), line.size() - key.size() - 1);
  }
  return "no status";
}

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
        return session_.all({formula(depth - 1), formula(depth - 1)});
      case 4:
        return session_.any({formula(depth - 1), formula(depth - 1)});
      case 5:
        return session_.equal(bits(2), bits(2));
      default:
        return session_.no(formula(depth - 1));
    }
  }

 private:
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
        return session_.sum({bits(depth - 1), bits(depth - 1)});
      case 5:
        return session_.shift_left(bits(depth - 1), bits(depth - 1));
      case 6:
        return session_.concat(session_.extract(bits(depth - 1), 3, 0), session_.extract(bits(depth - 1), 7, 4));
      default:
        return session_.choose(session_.boolean("flag0"), bits(depth - 1), bits(depth - 1));
    }
  }
  Term integer() {
    return session_.sum({session_.integer(fmt::format("count{}", pick(2))), session_.whole(pick(7) - 3)});
  }

  Session& session_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("cvc5 agrees") {
  if (first_line("command -v cvc5").empty()) {
    WARN("SKIPPED: cvc5 is not installed, no second solver judged the queries");
    return;
  }
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "portcullis-smt-second-solver";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  Session session;
  session.dump_to(folder.string());
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
  std::size_t satisfiable = 0, unsatisfiable = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string ours = status_of(file.path()),
                      theirs = first_line(fmt::format("cvc5 -q '{}' 2>&1", file.path().string()));
    INFO(file.path().filename().string());
    CHECK(ours == theirs);
    satisfiable += theirs == "sat" ? 1 : 0;
    unsatisfiable += theirs == "unsat" ? 1 : 0;
  }
  CHECK(satisfiable + unsatisfiable == queries);
  CHECK(satisfiable > 5);
  CHECK(unsatisfiable > 5);
  std::filesystem::remove_all(folder);
}

}  // namespace portcullis::tests
