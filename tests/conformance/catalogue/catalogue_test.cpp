// The page of rules, read as it is written: headings of the long form, rows of its tables, examples.
#include "compiler/base/catalogue.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"
#include "verifier/obligations/conflicts.hpp"

namespace portcullis {

namespace {

struct Entry {
  std::string name, severity;
};
struct Example {
  std::string code, fails, ok;
};
struct Page {
  std::map<std::string, Entry> entries;  // by code
  std::vector<Example> examples;
};

bool is_code(std::string_view word) {
  return word.size() == 6 && word.starts_with("PC") &&
         word.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

std::vector<std::string> cells(std::string_view row) {
  std::vector<std::string> out;
  for (const std::string_view cell : base::split(row, '|')) out.emplace_back(base::trim(cell));
  return out;
}

// `#### PC1004 unknown-field — error (pod template: warning), tier A`
void take_heading(std::string_view line, Page& page) {
  constexpr std::string_view dash = " — ";
  const std::string_view rest = line.substr(5);
  const std::size_t at = rest.find(dash);
  REQUIRE(at != std::string_view::npos);
  const std::string_view severity = rest.substr(at + dash.size());
  page.entries[std::string(rest.substr(0, 6))] = {std::string(base::trim(rest.substr(7, at - 7))),
                                                  std::string(severity.substr(0, severity.find_first_of(" ,")))};
}

// A row of a table of rules; those of 1.2 are all errors and have a field where others have a severity.
void take_row(std::string_view line, Page& page) {
  const std::vector<std::string> row = cells(line);
  if (row.size() < 4 || !is_code(row[1])) return;
  std::string severity = row[3].substr(0, row[3].find(' '));
  if (severity == "internal" || row[3].starts_with('`')) severity = "error";
  page.entries.try_emplace(row[1], Entry{row[2], severity});
}

// A block of YAML: documents that fail, then those that are right, each half behind its comment.
void take_block(const std::string& code, const std::vector<std::string>& lines, Page& page) {
  Example example{code, {}, {}};
  std::string* half = nullptr;
  const auto end = [&] {
    if (!example.fails.empty() && !example.ok.empty()) page.examples.push_back(example);
    example.fails.clear();
    example.ok.clear();
  };
  for (const std::string& line : lines) {
    if (line == "# fails") {
      half = &example.fails;
    } else if (line == "# ok") {
      half = &example.ok;
    } else if (half != nullptr) {
      *half += line + "\n";
    }
  }
  end();
}

// `# PC2007 fails / ok`: two documents.
void take_pairs(const std::vector<std::string>& lines, Page& page) {
  Example example;
  const auto end = [&] {
    if (!example.code.empty()) page.examples.push_back(example);
    example = {};
  };
  bool second = false;
  for (const std::string& line : lines) {
    if (line.starts_with("# PC") && line.ends_with("fails / ok")) {
      end();
      example.code = line.substr(2, 6);
      second = false;
    } else if (line == "---") {
      second = true;
    } else if (!example.code.empty() && !line.empty()) {
      std::string& half = second ? example.ok : example.fails;
      if (half.empty()) half = line + "\n";
    }
  }
  end();
}

std::optional<Page> read_page() {
  std::string text;
  if (base::read_file(std::string(PORTCULLIS_SHARED) + "/reference/lint-rules.md", text)) {
    WARN("no reference data in " << PORTCULLIS_SHARED << ": skipped");
    return std::nullopt;
  }
  Page page;
  std::string code;
  std::vector<std::string> block;
  bool in_catalogue = false, in_block = false;
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.starts_with("## ")) in_catalogue = line.starts_with("## 1.");
    if (!in_catalogue) continue;
    if (line.starts_with("```")) {
      if (in_block) code.empty() ? take_pairs(block, page) : take_block(code, block, page);
      in_block = !in_block;
      block.clear();
    } else if (in_block) {
      block.emplace_back(line);
    } else if (line.starts_with("#### PC")) {
      take_heading(line, page);
      code = line.substr(5, 6);
    } else if (line.starts_with("### ")) {
      code.clear();
    } else if (line.starts_with("| PC")) {
      take_row(line, page);
    }
  }
  return page;
}

std::vector<std::string> codes(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto input = manifest::read_text("example.yaml", text, false, {}, sources, diagnostics);
  const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  lint::lint(input, cluster, ir::l7::build_routers(cluster, diagnostics), {}, diagnostics);
  smt::Session session;
  static_cast<void>(obligations::prove_no_conflicts(cluster, session, diagnostics));  // finds some of them
  std::vector<std::string> out;
  for (const base::Diagnostic& d : diagnostics.all()) out.push_back(d.code);
  return out;
}

}  // namespace

TEST_CASE("codes, names and severities are those of the page") {
  const std::optional<Page> page = read_page();
  if (!page) return;
  CHECK(page->entries.size() > 170);
  for (const auto& [code, entry] : page->entries) {
    INFO(code << ' ' << entry.name);
    const base::Rule* rule = base::find_rule(code);
    REQUIRE(rule != nullptr);
    CHECK(rule->name == entry.name);
    CHECK(base::to_string(rule->severity) == entry.severity);
  }
}

TEST_CASE("the page's examples of rules that this version reports are reported, their corrections are not") {
  // These need a profile that the page leaves to the reader: a full range of node ports, a cluster of one family,
  // nodes with addresses of their own. The sentences of PC4008 are about a cluster that it leaves to the reader, too
  // (tests/golden/findings has one).
  constexpr std::array<std::string_view, 4> of_a_profile{"PC2040", "PC2041", "PC3103", "PC4008"};
  const std::optional<Page> page = read_page();
  if (!page) return;
  std::size_t tried = 0;
  for (const Example& example : page->examples) {
    const base::Rule* rule = base::find_rule(example.code);
    REQUIRE(rule != nullptr);
    if (!rule->reported || std::ranges::find(of_a_profile, example.code) != of_a_profile.end()) continue;
    INFO(example.code << "\n" << example.fails << "# ok\n" << example.ok);
    CHECK(std::ranges::count(codes(example.fails), example.code) > 0);
    CHECK(std::ranges::count(codes(example.ok), example.code) == 0);
    ++tried;
  }
  CHECK(tried >= 27);
}

}  // namespace portcullis
