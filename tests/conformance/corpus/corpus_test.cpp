// Every file of the corpus is read to its end, and what is said first about each is what expected.txt says.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

// All that is said about one file. The rest of the test does not know which passes run.
base::Diagnostics findings_of(const std::string& path, base::SourceMap& sources) {
  base::Diagnostics out;
  const manifest::Input input = manifest::read({path}, {}, sources, out);
  const cluster::Cluster cluster = cluster::resolve(input, {}, out).cluster;
  lint::lint(input, cluster, ir::l7::build_routers(cluster, out), {}, out);
  out.sort();
  return out;
}

// Of the first error or warning; a file that has none: of the first note.
std::string first_code(const base::Diagnostics& findings) {
  const auto& all = findings.all();
  if (all.empty()) return "-";
  const auto serious =
      std::ranges::find_if(all, [](const base::Diagnostic& d) { return d.severity != base::Severity::info; });
  return serious == all.end() ? all.front().code : serious->code;
}

std::vector<std::string> corpus_files(const fs::path& root) {
  std::vector<std::string> out;
  if (!fs::exists(root)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file() || (extension != ".yaml" && extension != ".yml" && extension != ".json")) continue;
    out.push_back(fs::relative(entry.path(), root).string());
  }
  std::ranges::sort(out);
  return out;
}

std::map<std::string, std::string> read_expected() {
  std::map<std::string, std::string> out;
  std::ifstream file(CORPUS_EXPECTED);
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t space = line.rfind(' ');
    if (space != std::string::npos) out[line.substr(0, space)] = line.substr(space + 1);
  }
  return out;
}

}  // namespace

TEST_CASE("the first finding of each file of the corpus is the expected one") {
  const fs::path root = fs::path(PORTCULLIS_SHARED) / "corpus";
  const std::vector<std::string> files = corpus_files(root);
  if (files.empty()) {
    WARN("skipped: no corpus in " << root.string());
    return;
  }
  std::map<std::string, std::string> found;
  for (const std::string& file : files) {
    INFO(file);
    base::SourceMap sources;
    const base::Diagnostics findings = findings_of((root / file).string(), sources);
    found[file] = first_code(findings);
    for (const base::Diagnostic& finding : findings.all()) {
      if (!finding.span.known()) continue;  // about the whole input, such as nodes that had to be planned
      REQUIRE(finding.span.begin <= finding.span.end);
      REQUIRE(finding.span.end <= sources.text(finding.span.file).size());
    }
  }
  if (std::getenv("PORTCULLIS_UPDATE") != nullptr) {
    std::ofstream out(CORPUS_EXPECTED);
    for (const auto& [file, code] : found) out << file << ' ' << code << '\n';
    WARN("rewrote " << CORPUS_EXPECTED);
    return;
  }
  const std::map<std::string, std::string> expected = read_expected();
  CHECK(expected.size() == found.size());
  for (const auto& [file, code] : found) {
    const auto line = expected.find(file);
    INFO(file);
    CHECK(code == (line == expected.end() ? std::string("not in the list") : line->second));
  }
}
