#include "verifier/languages/pattern.hpp"

#include <catch2/catch.hpp>
#include <re2/re2.h>

#include "tests/unit/languages/random_pattern.hpp"
#include "verifier/languages/automaton.hpp"

namespace portcullis {

using namespace languages;
using namespace languages_tests;

namespace {

bool takes(std::string_view pattern, std::string_view text, bool fold = false, bool anchored = false) {
  const auto language = found(pattern, fold, anchored);
  INFO(pattern);
  REQUIRE(std::holds_alternative<Nfa>(language));
  return accepts(std::get<Nfa>(language), text);
}

RE2::Options options(bool fold) {
  RE2::Options wanted(RE2::Latin1);
  wanted.set_case_sensitive(!fold);
  wanted.set_log_errors(false);
  return wanted;
}

}  // namespace

TEST_CASE("patterns: what they take") {
  struct Row {
    std::string pattern, text;
    bool taken;
  };
  const std::vector<Row> rows{
      {"^/api", "/api/v1", true},
      {"^/api$", "/api/v1", false},
      {"/(api|v1)/.*\\.json", "/x/v1/a.json?", true},
      {"^[a-c-]+$", "a-c", true},
      {"^[]a]+$", "]a", true},
      {"^[^]a]$", "]", false},
      {"^a{2,3}$", "aaaa", false},
      {"^a{,2}$", "a{,2}", true},
      {"^a{x$", "a{x", true},
      {"^(?i)ab(?-i)c$", "ABc", true},
      {"^(?i)ab(?-i)c$", "ABC", false},
      {"^(?:(?i)a)b$", "AB", false},
      {"^a.b$", "a\nb", false},
      {"^(?s)a.b$", "a\nb", true},
      {"\\bshop\\b", "my-shop.test", true},
      {"\\bshop\\b", "myshop.test", false},
      {"^$", "", true},
      {"a$^", "a", false},
      {"^[[:alpha:]_]+$", "Ab_", true},
      {"^[\\d.]+$", "10.0", true},
      {"^\\x2f\\x{61}$", "/a", true},
      {"", "", true},
      {"^(?i)\xe9$", "\xe9", true},
      {"^(?i)\xe9$", "\xc9", false},
      {"^a\\sb$", "a\vb", true},
      {"(|a)b", "b", true},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " on " << row.text);
    CHECK(takes(row.pattern, row.text) == row.taken);
  }
}

TEST_CASE("patterns: what cannot be taken exactly is refused") {
  for (const std::string pattern :
       {"(?=a)b",  "(?!a)b",     "(?<=a)b", "(?<!a)b", "(?>a)b",  "(a)\\1",  "a++",    "a*+",     "\\R",
        "\\K",     "\\pL",       "(?m)^a",  "(?#x)",   "(?|a)",   "\\Z",     "a**",    "*a",      "(a",
        "a)",      "[a",         "a\\",     "[b-a]",   "[\\d-z]", "a{2}{3}", "a{3,2}", "a{1001}", "(((a{1000}){1000}))",
        "\\Qa\\E", "[[:nope:]]", "\\h",     "\\v",     "a{2,1}"}) {
    INFO(pattern);
    CHECK(std::holds_alternative<Unsupported>(found(pattern, false, true)));
  }
  CHECK(std::holds_alternative<Unsupported>(found("[\xe9]", true, true)));
  CHECK(std::holds_alternative<Nfa>(found("[\xe9]", false, true)));
}

TEST_CASE("patterns: literals") {
  CHECK(literal("/api") == "/api");
  CHECK(literal("/a\\.b") == "/a.b");
  CHECK(literal("/a.b") == std::nullopt);
  CHECK(literal("/a?") == std::nullopt);
  CHECK(literal("^/a") == std::nullopt);
}

TEST_CASE("patterns: random ones agree with RE2 on every short string") {
  const unsigned seed = 20260101;
  RandomPattern random(seed);
  const std::vector<std::string> texts = strings("aB/_", 5);
  std::size_t tried = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string pattern = random.pattern();
    const bool fold = random.below(2) == 0, anchored = random.below(2) == 0;
    const auto language = found(pattern, fold, anchored);
    const RE2 judge(pattern, options(fold));
    INFO("seed " << seed << ", pattern " << pattern << ", fold " << fold << ", anchored " << anchored);
    if (!judge.ok()) continue;  // `^*`
    REQUIRE(std::holds_alternative<Nfa>(language));
    Subsets automaton(std::get<Nfa>(language));
    Classes classes;
    automaton.split(classes);
    classes.settle();
    automaton.walk_in(classes);
    ++tried;
    for (const std::string& text : texts) {
      const bool wanted = judge.Match(text, 0, text.size(), anchored ? RE2::ANCHOR_START : RE2::UNANCHORED, nullptr, 0);
      std::uint32_t state = 0;
      for (const char c : text) state = automaton.next(state, classes.of(static_cast<unsigned char>(c)));
      if ((automaton.mark(state) == 1) != wanted || (text.size() < 4 && (automaton.of(text) == 1) != wanted)) {
        INFO("text " << text << ", RE2 says " << wanted);
        FAIL();
      }
    }
  }
  CHECK(tried > 350);
}

}  // namespace portcullis
