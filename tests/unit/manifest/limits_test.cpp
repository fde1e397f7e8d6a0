// Hostile input ends in a finding with a place, quickly.
#include <ctime>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using manifest::test::read_string;
using manifest::test::Reading;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("nesting has a limit") {
  CHECK(read_string(repeat("[", 100) + repeat("]", 100)).lines() ==
        Strings{"PC1006 1:1 `case` holds no Kubernetes object"});
  CHECK(read_string(repeat("[", 101) + repeat("]", 101)).lines() ==
        Strings{"PC1001 1:101 cannot read this as YAML: more than 100 lists and maps inside each other"});
  CHECK(read_string(repeat("- ", 101)).lines() ==
        Strings{"PC1001 1:201 cannot read this as YAML: more than 100 lists and maps inside each other"});
  CHECK(read_string(repeat("[", 101) + repeat("]", 101), true).lines() ==
        Strings{"PC1001 1:101 cannot read this as JSON: more than 100 lists and maps inside each other"});
  CHECK(read_string(repeat("{\"a\":", 100000), true).lines().size() == 1);
  CHECK(read_string(repeat("[", 1000000)).lines().size() == 1);
}

TEST_CASE("aliases have a budget") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += fmt::format("a{0}: &a{0} [", i);
    for (int k = 0; k < 10; ++k) laughs += fmt::format("*a{}, ", i - 1);
    laughs += "]\n";
  }
  const Reading reading = read_string(laughs);
  REQUIRE(reading.lines().size() == 1);
  CHECK(reading.lines()[0].find("aliases repeat more than 1000000 values in this document") != std::string::npos);

  // The same through merge keys.
  std::string merges = "a0: &a0 {k0: x}\n";
  for (int i = 1; i < 40; ++i) merges += fmt::format("a{0}: &a{0} {{<<: *a{1}, k{0}: [*a{1}, *a{1}]}}\n", i, i - 1);
  CHECK(read_string(merges).lines().size() == 1);

  manifest::ReadOptions options;
  options.limits.alias_nodes = 3;
  CHECK(read_string("a: &a [x, y]\nb: *a\n", false, options).lines()[0].find("PC1006") == 0);
  CHECK(read_string("a: &a [x, y]\nb: *a\nc: *a\n", false, options).lines() ==
        Strings{"PC1001 3:4 cannot read this as YAML: aliases repeat more than 3 values in this document"});
}

TEST_CASE("size has a limit") {
  manifest::ReadOptions options;
  options.limits.bytes = 10;
  CHECK(read_string("a: 34567890", false, options).lines() ==
        Strings{"PC1001 0:0 cannot read `case`: larger than 10 bytes"});
}

TEST_CASE("what is made to be slow is not") {
  const std::size_t n = 200000;
  std::string keys = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n", anchors;
  for (std::size_t i = 0; i < n / 4; ++i) keys += fmt::format("  k{}: v\n", i);
  for (std::size_t i = 0; i < n / 4; ++i) anchors += fmt::format("- &a{0} x\n- *a{0}\n", i);
  const std::string texts[] = {
      keys,
      keys + keys.substr(keys.find("  k")),  // every key twice
      anchors,
      repeat("---\n", n),
      repeat("%A\n---\n", n),
      repeat("--- [\n", n / 4),
      "%YAML 1.1\n" + repeat("--- [\n", n / 4),
      repeat("{{ ", n),
      repeat("{{ x }} ", n),
      "a: \"" + repeat("x", n * 5),
      "a: |\n" + repeat("  x\n", n),
      repeat("\"", n),
      repeat("a: ", n),
      repeat("? ", n),
      repeat("! ", n),
      repeat("&a ", n),
      repeat("#", n * 5),
      repeat("\xC3\xA9: ", n),
      "[" + repeat("a, ", n) + "]",
      "{" + repeat("a, ", n) + "}",
      repeat("\t\n", n),
      repeat("\n", n * 5),
  };
  for (const std::string& text : texts) {
    INFO(text.substr(0, 60));
    for (const bool json : {false, true}) {
      const std::clock_t start = std::clock();
      const Reading reading = read_string(text, json);
      CHECK(reading.diagnostics.all().size() <= n);
      // Linear work takes a fraction of a second of the processor; a quadratic loop takes minutes.
      CHECK((std::clock() - start) / CLOCKS_PER_SEC < 20);
    }
  }
}
