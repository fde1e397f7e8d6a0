// Regular expressions that become texts match the same paths as before.
#include "backends/haproxy/plain_patterns.hpp"

#include <algorithm>
#include <array>

#include <catch2/catch.hpp>

#include "backends/haproxy/words.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::PathMatch;
using Kind = PathMatch::Kind;

constexpr std::array<std::string_view, 16> paths{"/",    "/a",   "/A",    "/a/",  "/a/b", "/ab",    "/b",  "",
                                                 "/a.b", "/axb", "/a.b/", "/a+b", "/aab", "/a/b/c", "//a", "/x/a"};

bool matches(const PathMatch& match, std::string_view path) {
  const std::string folded = match.fold ? lower_case(path) : std::string(path);
  const std::string text = match.fold ? lower_case(match.text) : match.text;
  switch (match.kind) {
    case Kind::exact:
      return folded == text;
    case Kind::prefix:
      return folded.starts_with(text);
    case Kind::regex:
      return ir::l7::Regex(match.text, match.fold, true).search(path);
  }
  return false;
}

}  // namespace

TEST_CASE("patterns that are texts in disguise") {
  struct Row {
    const char* pattern;
    std::vector<Kind> kinds;
  };
  const Kind regex = Kind::regex, prefix = Kind::prefix, exact = Kind::exact;
  const std::vector<Row> rows{
      {"/a", {prefix}},
      {"/", {prefix}},
      {"", {prefix}},
      {"/a$", {exact}},
      {"/a(/|$)", {exact, prefix}},
      {"/a(/|$)(.*)", {exact, prefix}},
      {"/a/?(.*)", {prefix}},
      {"/a.*", {prefix}},
      {"/a\\.b", {prefix}},
      {"/a\\+b", {prefix}},
      {"/a(.*)", {prefix}},
      {"/a.b", {regex}},
      {"/a+b", {regex}},
      {"/a?", {regex}},
      {"/a|/b", {regex}},
      {"/[ab]", {regex}},
      {"/a\\d", {regex}},
      {"/a{2}", {regex}},
      {"/a(/|$)b", {regex}},
      {"^/a", {regex}},
      {"/a(?i)", {regex}},
      {"/a\\", {regex}},
  };
  for (const Row& row : rows) {
    for (const bool fold : {false, true}) {
      INFO(row.pattern << (fold ? " without letter case" : ""));
      const PathMatch written{Kind::regex, row.pattern, fold};
      const std::vector<PathMatch> found = plain_patterns(written);
      std::vector<Kind> kinds;
      for (const PathMatch& match : found) kinds.push_back(match.kind);
      CHECK(kinds == row.kinds);
      if (!ir::l7::Regex(row.pattern, fold, true).valid()) continue;
      for (const std::string_view path : paths) {
        INFO(path);
        CHECK(std::ranges::any_of(found, [&](const PathMatch& match) { return matches(match, path); }) ==
              matches(written, path));
      }
    }
  }
}

}  // namespace portcullis::haproxy
