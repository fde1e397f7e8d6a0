#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/catalogue.hpp"
#include "compiler/trace/trace.hpp"
#include "tests/engines/engines.hpp"
#include "tests/golden/case.hpp"

namespace {

using namespace portcullis;
namespace fs = std::filesystem;

const fs::path root = PORTCULLIS_GOLDEN;

bool updating() {
  const char* word = std::getenv("PORTCULLIS_UPDATE_GOLDEN");
  return word != nullptr && std::string_view(word) == "1";
}

std::set<std::string> expected_names(const golden::Case& golden) {
  std::set<std::string> names;
  const fs::path directory = golden.directory / "expected";
  if (!fs::exists(directory)) return names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory))
    names.insert(entry.path().filename().string());
  return names;
}

void check_files(const golden::Case& golden, const golden::Outcome& outcome) {
  std::set<std::string> produced;
  for (const auto& [name, text] : outcome.files) produced.insert(name);
  CHECK(expected_names(golden) == produced);
  for (const auto& [name, text] : outcome.files) {
    const fs::path path = golden.directory / "expected" / name;
    if (!fs::exists(path)) continue;  // the names differ: that has failed above
    INFO(name);
    CHECK(golden::read_text(path) == text);
  }
}

// Each packet is asked of the interpreter, then of every ruleset of its family.
void check_packets(const golden::Case& golden, const golden::Outcome& outcome) {
  if (golden.packets.empty()) return;
  REQUIRE_FALSE(outcome.programs.empty());
  const trace::Tracer tracer(outcome.cluster);
  for (const ir::Program& program : outcome.programs) {
    const std::vector<engines::Engine> engines = engines::engines(program);
    for (const golden::PacketRow& row : golden.packets) {
      const net::Packet packet = driver::complete(row.request, outcome.cluster.profile, tracer, golden.arguments.node);
      if (packet.family() != program.family) continue;
      INFO(row.line);
      const ir::Fate fate = engines.front().fate(packet, {});
      CHECK(ir::text(fate) == row.fate);
      for (const engines::Engine& engine : engines) {
        INFO(engine.name);
        const ir::Fate own = engine.fate(packet, {});
        INFO(ir::text(own));
        CHECK(engines::agrees(engine, fate, own, packet));
      }
    }
  }
}

}  // namespace

TEST_CASE("cases give what they gave") {
  const std::vector<golden::Case> cases = golden::find_cases(root);
  REQUIRE(cases.size() > 50);
  for (const golden::Case& golden : cases) {
    DYNAMIC_SECTION(golden.name) {
      const golden::Outcome outcome = golden::run(golden);
      if (updating()) golden::update(golden, outcome);
      check_files(golden, outcome);
      check_packets(golden, outcome);
    }
  }
}

TEST_CASE("every code that can be reported is reported by a case") {
  // Of rulesets that `verify` reads; a mistake of ours; what `check` says with -v alone. Their own tests show them.
  constexpr std::array<std::string_view, 6> elsewhere{"PC5010", "PC5012", "PC5014", "PC5015", "PC6008", "PC6011"};
  std::string all;
  for (const golden::Case& golden : golden::find_cases(root)) {
    all += golden::read_text(golden.directory / "expected" / "diagnostics.txt");
    if (golden.arguments.diff) all += golden::read_text(golden.directory / "expected" / "diff.txt");
    if (!golden.arguments.rulesets.empty()) all += golden::read_text(golden.directory / "expected" / "verify.json");
    if (golden.arguments.check) all += golden::read_text(golden.directory / "expected" / "check.txt");
  }
  for (const base::Rule& rule : base::catalogue()) {
    if (!rule.reported || std::ranges::find(elsewhere, rule.code) != elsewhere.end()) continue;
    INFO(rule.code << ' ' << rule.name);
    const auto said = [&](std::string_view before, std::string_view behind) {
      return all.find(fmt::format("{}{}{}", before, rule.code, behind)) != std::string::npos;
    };
    CHECK((said("[", "]") || said("title=", " ") || said("\"code\": \"", "\"")));
  }
}
