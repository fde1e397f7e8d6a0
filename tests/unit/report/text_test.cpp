#include "compiler/base/text.hpp"

#include <random>

#include <catch2/catch.hpp>

#include "compiler/report/snippet.hpp"
#include "tests/unit/report/fixture.hpp"

namespace base = portcullis::base;
using portcullis::report::Fixture;
using portcullis::report::Format;
using portcullis::report::snippet;

TEST_CASE("a finding is shown with its line, notes and help") {
  Fixture f("kind: Service\nspec:\n  ports:\n  - port: 80\n  - port: 443\n");
  base::Diagnostic& d = f.add("PC2007", "Service shop/web has 2 ports: each needs a name", f.at("port: 443"));
  d.hint = "name it `tcp-443`";
  d.related.push_back({"the first one is here", f.at("port: 80")});
  f.totals.kinds = {{"Service", 1}};
  CHECK(f.print(Format::text) ==
        "error[PC2007]: Service shop/web has 2 ports: each needs a name\n"
        " --> web.yaml:5:5\n"
        "  |\n"
        "5 |   - port: 443\n"
        "  |     ^^^^^^^^^\n"
        "  = note: the first one is here\n"
        " --> web.yaml:4:5\n"
        "  |\n"
        "4 |   - port: 80\n"
        "  |     ^^^^^^^^\n"
        "  = help: name it `tcp-443`\n"
        "\n"
        "1 error in 1 Service\n");
}

TEST_CASE("advice is shown only when asked for, and counted always") {
  Fixture f("kind: Service\n");
  f.add("PC1014", "`VirtualService` mesh decides traffic too", f.at("Service"));
  CHECK(f.print(Format::text) == "no errors, no warnings, 1 note (shown with -v) in no object\n");
  CHECK(f.print(Format::text, {.verbose = true}).find("info[PC1014]") == 0);
}

TEST_CASE("a finding without a place names its object") {
  Fixture f("");
  f.add("PC2104", "no address left", {}).object = {"Service", "shop", "web"};
  CHECK(f.print(Format::text).find("   = in Service shop/web\n") == std::string::npos);
  CHECK(f.print(Format::text).find("  = in Service shop/web\n") != std::string::npos);
}

TEST_CASE("control characters of the input never reach the terminal") {
  Fixture f("name: \"a\x1b[31mb\"\n", "ev\x1bil.yaml");
  f.add("PC2001", "Service name `a\x1b[31mb` is no DNS label\nerror: none", f.at("a\x1b")).hint = "a\rb";
  for (const Format format : {Format::text, Format::github, Format::junit}) {
    const std::string out = f.print(format);
    CHECK(out.find('\x1b') == std::string::npos);
    CHECK(out.find('\r') == std::string::npos);
    CHECK(out.find("\nerror: none") == std::string::npos);
  }
}

TEST_CASE("colour is only colour") {
  Fixture f("kind: Service\n");
  f.add("PC2017", "type `x`", f.at("Service")).hint = "one of four";
  const std::string plain = f.print(Format::text);
  std::string coloured = f.print(Format::text, {.colour = true});
  CHECK(coloured.find("\x1b[1;31merror[PC2017]\x1b[0m") == 0);
  for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b')) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  CHECK(coloured == plain);
}

TEST_CASE("carets stand under the characters of the span") {
  struct Row {
    std::string text;
    std::string word;
    std::string line;
    std::string carets;
  };
  const Row rows[] = {
      {"port: 80", "80", "port: 80", "      ^^"},
      {"\tport: 80", "port", "    port: 80", "    ^^^^"},
      {"名: x", "x", "名: x", "    ^"},  // two columns
      {"a名b: x", "名", "a名b: x", " ^^"},
      {"e\xcc\x81: x", "x", "e\xcc\x81: x", "   ^"},  // a combining accent takes none
      {"\x1b: x", "x", "\\x1b: x", "      ^"},
      {"\xff\xfe: x", "x", "\\xff\\xfe: x", "          ^"},
      {"\xe2\x80\xae: x", "x", "\\xe2\\x80\\xae: x", "              ^"},  // a right-to-left override
      {"kind:", ":", "kind:", "    ^"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const std::size_t begin = row.text.find(row.word);
    const auto shown = snippet(row.text, begin, begin + row.word.size());
    CHECK(shown.line == row.line);
    CHECK(shown.carets == row.carets);
  }
}

TEST_CASE("an empty span and one past the end have a caret") {
  CHECK(snippet("abc", 1, 1).carets == " ^");
  CHECK(snippet("abc", 3, 3).carets == "   ^");
  CHECK(snippet("abc", 9, 12).carets == "   ^");
  CHECK(snippet("", 0, 0).carets == "^");
}

TEST_CASE("of a line of a megabyte the part around the span is shown") {
  std::string text(1'000'000, 'a');
  text.replace(500'000, 3, "bbb");
  const auto shown = snippet(text, 500'000, 500'003);
  CHECK(shown.line.size() < 200);
  CHECK(shown.line.find("bbb") != std::string::npos);
  CHECK(shown.carets.size() < 100);
  CHECK(shown.line.starts_with("…"));
  CHECK(shown.line.ends_with("…"));
  // Under the word: the ellipsis is three bytes and one column.
  CHECK(shown.carets.find('^') == shown.line.find("bbb") - 2);
}

TEST_CASE("a span over several lines is underlined on its first") {
  Fixture f("a: |\n  b\n  c\n");
  f.add("PC1005", "wrong", f.at("|\n  b\n  c"));
  CHECK(f.print(Format::text).find("1 | a: |\n  |    ^\n") != std::string::npos);
}

TEST_CASE("any bytes make a snippet of printable text with carets inside it") {
  std::mt19937 random(7);
  for (int i = 0; i < 5'000; ++i) {
    std::string text(random() % 400, 'x');
    for (char& c : text) {
      if (random() % 3 == 0) c = static_cast<char>(random() % 256);
      if (c == '\n') c = ' ';
    }
    const std::size_t begin = random() % (text.size() + 2);
    const auto shown = snippet(text, begin, begin + random() % 40);
    CHECK(base::printable(shown.line) == shown.line);
    CHECK(shown.carets.find('^') != std::string::npos);
  }
}
