// What was proved before is not asked again, and nothing else is believed.
#include "verifier/smt/theorems.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "verifier/smt/session.hpp"

namespace portcullis::tests {

using smt::Answer;
using smt::Session;
using smt::Term;

namespace {

class Folder {
 public:
  explicit Folder(const char* name) : path_(std::filesystem::temp_directory_path() / name) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directory(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  [[nodiscard]] std::string text() const { return path_.string(); }
  [[nodiscard]] std::vector<std::filesystem::path> files() const {
    return {std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()};
  }

 private:
  std::filesystem::path path_;
};

std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}
void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// a + b = b + a, written so that terms are shared.
std::vector<Term> commutes(Session& s, unsigned width) {
  const Term a = s.bits("a", width), b = s.bits("b", width);
  const Term left = s.sum({a, b}), right = s.sum({b, a});
  const Term one = s.bit_xor(left, right), two = s.bit_and(one, one);
  return {s.no(s.equal(s.bit_or(one, two), s.number(0, width)))};
}

struct Asked {
  Answer answer{};
  std::uint64_t steps = 0, remembered = 0;
};

Asked ask(const Folder& folder, unsigned width = 16, std::size_t before = 0) {
  Session s;
  s.keep_theorems_in(folder.text());
  for (std::size_t i = 0; i < before; ++i) (void)s.integer("other" + std::to_string(i));
  const smt::Result result = s.check("commutes", commutes(s, width));
  return {result.answer, result.steps, s.remembered()};
}

}  // namespace

TEST_CASE("a theorem is asked once") {
  const Folder folder("portcullis-theorems-once");
  const Asked first = ask(folder), second = ask(folder);
  CHECK(first.answer == Answer::unsatisfiable);
  CHECK(first.remembered == 0);
  CHECK(second.answer == Answer::unsatisfiable);
  CHECK(second.remembered == 1);
  CHECK(second.steps == first.steps);
  CHECK(first.steps > 0);
  CHECK(folder.files().size() == 1);
  CHECK(ask(folder, 16, 1000).remembered == 1);  // Z3's own numbers of terms are others
  CHECK(ask(folder, 17).remembered == 0);
  CHECK(folder.files().size() == 2);
}

TEST_CASE("what is satisfiable or unknown is no theorem") {
  const Folder folder("portcullis-theorems-sat");
  Session s;
  s.keep_theorems_in(folder.text());
  const Term a = s.bits("a", 8);
  CHECK(s.check("", {s.equal(a, s.number(1, 8))}).answer == Answer::satisfiable);
  Session hurried({1, 1000});
  hurried.keep_theorems_in(folder.text());
  const Term x = hurried.bits("x", 64), y = hurried.bits("y", 64);
  CHECK(
      hurried
          .check("", {hurried.no(hurried.equal(hurried.shift_left(hurried.shift_right(x, y), y),
                                               hurried.bit_and(x, hurried.shift_left(hurried.number(~0ULL, 64), y))))})
          .answer == Answer::unknown);
  CHECK(folder.files().empty());
}

TEST_CASE("a file that says anything else is as good as none") {
  const Folder folder("portcullis-theorems-broken");
  const Asked first = ask(folder);
  const std::filesystem::path file = folder.files().at(0);
  const std::string text = read(file);
  CHECK(text.find("(set-info :status unsat)") != std::string::npos);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    return other;
  };
  for (const std::string& other :
       {std::string(), text.substr(0, text.size() / 2), text + "(assert false)\n", changed("(_ bv0 16)", "(_ bv1 16)"),
        changed("portcullis", "someone"), changed("; steps ", "; steps x"), std::string(1000, '\0')}) {
    write(file, other);
    const Asked again = ask(folder);
    CHECK(again.answer == Answer::unsatisfiable);
    CHECK(again.remembered == 0);
    CHECK(again.steps == first.steps);
    CHECK(read(file) == text);  // mended
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);  // cannot be read or written
  CHECK(ask(folder).answer == Answer::unsatisfiable);
}

TEST_CASE("shared terms are numbered in their order") {
  CHECK(smt::renumbered("(let (($x19 (= a b)) (?x7 c)) (and $x19 ?x7 $x19))") ==
        "(let (($x1 (= a b)) (?x2 c)) (and $x1 ?x2 $x1))");
  CHECK(smt::renumbered("(assert (= a$x19 |b $y| $x) (foo ?x))") == "(assert (= a$x19 |b $y| $x) (foo ?x))");
  CHECK(smt::renumbered("").empty());
}

}  // namespace portcullis::tests
