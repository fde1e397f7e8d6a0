#include "verifier/languages/product.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "tests/unit/languages/random_pattern.hpp"
#include "verifier/languages/certificate.hpp"
#include "verifier/languages/pattern.hpp"

namespace portcullis {

using namespace languages;
using namespace languages_tests;

namespace {

using Signs = std::vector<Mark>;

// Marks of the strings over the alphabet, each with the length of its shortest string.
std::map<Signs, std::size_t> by_brute_force(const std::vector<const Automaton*>& automata,
                                            const std::vector<std::string>& texts) {
  std::map<Signs, std::size_t> all;
  for (const std::string& text : texts) {
    Signs signs;
    for (const Automaton* automaton : automata) signs.push_back(automaton->of(text));
    all.emplace(signs, text.size());
  }
  return all;
}

}  // namespace

TEST_CASE("products: inhabited combinations are those of all short strings") {
  const unsigned seed = 7;
  RandomPattern random(seed);
  const std::string alphabet = "aB/";
  const std::vector<std::string> texts = strings(alphabet, 5);
  const Nfa universe = whole("^[aB/]*$");
  for (int round = 0; round < 60; ++round) {
    std::vector<Subsets> languages{Subsets(universe)};
    std::string told;
    while (languages.size() < 4) {
      const std::string pattern = random.pattern(2);
      auto language = found(pattern, random.below(2) == 0, random.below(2) == 0);
      if (!std::holds_alternative<Nfa>(language)) continue;
      told += pattern + "   ";
      languages.emplace_back(std::get<Nfa>(language));
    }
    Words words({"/", "/a", "aB"}, {"/", "/B", "a", "aa"}, false);
    Words folded({"/b", "b"}, {"/a", "b/"}, true);
    std::vector<Automaton*> automata{&languages[0], &languages[1], &languages[2], &languages[3], &words, &folded};
    const Classes classes = classes_of(automata);
    const Product product = explore(automata, classes, 0);
    INFO("seed " << seed << ": " << told);
    REQUIRE(product.complete);
    std::map<Signs, std::size_t> brute = by_brute_force({automata.begin(), automata.end()}, texts);
    for (const Inhabited& one : product.inhabited) {
      Signs signs;
      for (const Automaton* automaton : automata) signs.push_back(automaton->of(one.shortest));
      CHECK(signs == one.marks);
      if (one.shortest.size() > 5) continue;
      REQUIRE(brute.contains(signs));
      CHECK(brute.at(signs) == one.shortest.size());
      brute.erase(signs);
    }
    CHECK(brute.empty());
  }
}

TEST_CASE("products: one that is too large is given up") {
  std::vector<Subsets> languages;
  for (int i = 0; i < 3; ++i)
    languages.emplace_back(std::get<Nfa>(found("a.{" + std::to_string(7 + i) + "}$", false, false)));
  std::vector<Automaton*> automata;
  for (Subsets& language : languages) automata.push_back(&language);
  const Classes classes = classes_of(automata);
  CHECK_FALSE(explore(automata, classes, std::nullopt, 300).complete);
  CHECK(explore(automata, classes).complete);
  const std::vector<Nfa> hard{std::get<Nfa>(found("a.{20}$", false, false))};
  CHECK(std::holds_alternative<TooLarge>(ask(hard, [](const auto&) { return false; })));
}

TEST_CASE("certificates: hold as given, and not when damaged") {
  const std::vector<Nfa> languages{std::get<Nfa>(found("^/api/v1\\b", false, true)),
                                   std::get<Nfa>(found("/API(/|$)", true, true))};
  const Wanted wanted = [](const std::vector<bool>& member) { return member[0] && !member[1]; };
  const Verdict verdict = ask(languages, wanted);
  REQUIRE(std::holds_alternative<Certificate>(verdict));
  const Certificate& certificate = std::get<Certificate>(verdict);
  CHECK(check(languages, wanted, certificate));
  for (std::size_t i = 0; i < certificate.lines.size(); ++i) {
    Certificate damaged = certificate;
    damaged.lines.erase(damaged.lines.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(check(languages, wanted, damaged));
    damaged = certificate;
    damaged.lines[i][0].states.push_back(0);
    CHECK_FALSE(check(languages, wanted, damaged));
  }
  CHECK_FALSE(check(languages, [](const std::vector<bool>& member) { return member[0]; }, certificate));
  CHECK_FALSE(check(languages, wanted, {}));
}

}  // namespace portcullis
