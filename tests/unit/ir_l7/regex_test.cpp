#include "compiler/ir/l7/regex.hpp"

#include <chrono>

#include <catch2/catch.hpp>

namespace portcullis::ir::l7 {

TEST_CASE("regular expressions find what PCRE finds") {
  struct Row {
    std::string pattern, text;
    bool fold, anchored, found;
  };
  const Row row = GENERATE(values<Row>({
      {"/api", "/api/users", false, true, true},
      {"/api", "/x/api", false, true, false},
      {"/api", "/x/api", false, false, true},
      {"/a|/b", "/x/b", false, true, true},  // `^/a|/b`
      {"/API", "/api", true, true, true},
      {"/API", "/api", false, true, false},
      {"(?i)/API", "/api", false, true, true},
      {"/something(/|$)(.*)", "/something", true, true, true},
      {"/something(/|$)(.*)", "/somethingelse", true, true, false},
      {"/foo/[A-Z]{3}$", "/foo/abc", true, true, true},
      {"/a.c", "/a\nc", false, true, false},
      {"/a.c",
       "/a\xff"
       "c",
       false, true, true},
      {"/a[^x]c", "/a\nc", false, true, true},
      {"^.{2}$", "\xc3\xa9", false, true, true},  // bytes
      {"\xe9", "\xc9", true, false, false},       // letter case of ASCII only
      {"\\xe9", "\xc9", true, false, false},
      {"\xe9*x", "\xe9\xe9x", true, true, true},
      {"[\xe0-\xef]", "\xc9", false, false, false},
      {"a\\sb", "a\vb", false, true, true},
      {"[\\s]", "\v", false, true, true},
      {"\\S", "\v", false, true, false},
      {"a{,2}", "a{,2}", false, true, true},
      {"a{", "a{", false, true, true},
      {"[]a]", "]", false, true, true},
      {"[[:space:]]", "\v", false, true, true},
      {"[a[b]", "[", false, true, true},
      {"[\\w-.]", "-", false, true, true},
      {"\\/\\_\\ \\-", "/_ -", false, true, true},
      {"(?P<id>[0-9]+)", "7", false, true, true},
      {"", "anything", false, true, true},
      {"a(?:bc)?$", "abc", false, true, true},
  }));
  CAPTURE(row.pattern, row.text, row.fold, row.anchored);
  const Regex regex(row.pattern, row.fold, row.anchored);
  CHECK(regex.error().empty());
  REQUIRE(regex.valid());
  CHECK(regex.search(row.text) == row.found);
}

TEST_CASE("what the two dialects read differently is refused") {
  const std::string pattern =
      GENERATE(as<std::string>{}, "(a)\\1", "(?=a)", "(?!a)", "(?<=a)b", "(?>a)", "a++", "a*+", "a?+", "a{2}+",
               "a{2}{3}", "\\R", "\\K", "\\v", "\\h", "\\Q*\\E", "\\Z", "\\G", "\\07", "\\p{L}", "\\C", "(?m)^a",
               "(?x) a", "(?#c)", "(?R)", "(?|a|b)", "(?<n>a)", "(*UTF8)a", "(a*)*", "(a|b*)+", "(?:){2}", "(a?){2,}",
               "^*", "\\b+", "[[.a.]]", "[\\S]x\\h", "a(", "a)", "[a", "a\\", "*a", "a|+", "{2}", "a{2,1}",
               "(?i)[\xe9]", "\\x4", "\\x{100}", "[z-a]", "[\\b]", "[[:nope:]]");
  CAPTURE(pattern);
  const Regex regex(pattern, false, false);
  CHECK_FALSE(regex.valid());
  CHECK_FALSE(regex.error().empty());
  CHECK_FALSE(regex.search("a"));
}

TEST_CASE("captures are those of PCRE") {
  std::vector<std::string> captures;
  REQUIRE(Regex("/something(/|$)(.*)", true, false).search("/x/Something/new", &captures));
  CHECK(captures == std::vector<std::string>{"/Something/new", "/", "new", "", "", "", "", "", "", ""});
  REQUIRE(Regex("(a)|(b)", false, false).search("b", &captures));
  CHECK(captures[1].empty());
  CHECK(captures[2] == "b");
  REQUIRE(Regex("(?:(a)|b)*", false, true).search("ab", &captures));
  CHECK(captures[1] == "a");
}

TEST_CASE("hostile regular expressions stay bounded") {
  const auto start = std::chrono::steady_clock::now();
  std::string nested = "x";
  for (int i = 0; i < 8; ++i) nested = "(?:" + nested + "){100}";
  CHECK_FALSE(Regex(nested, false, false).valid());
  CHECK_FALSE(Regex(std::string(5000, '(') + std::string(5000, ')'), false, false).valid());
  const Regex slow("(?:a?){0}(x+x+)+y", false, false);
  REQUIRE(slow.valid());
  CHECK_FALSE(slow.search(std::string(100000, 'x')));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

}  // namespace portcullis::ir::l7
