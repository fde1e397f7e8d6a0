// kube-proxy's own rulesets: read, evaluated, and held against what the reference says their packets meet, and against
// our interpreter of the same objects.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/netfilter/surroundings.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/cases/cases.hpp"
#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

namespace {

namespace fs = std::filesystem;

const fs::path reference = fs::path(PORTCULLIS_SHARED) / "reference";

bool reference_is_here() {
  if (fs::exists(reference / "kube-proxy-dumps")) return true;
  WARN("SKIPPED: no reference data at " << reference.string());
  return false;
}

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Dump {
  std::string name;
  std::map<net::Family, Ruleset> rulesets;
};

std::vector<Dump> dumps() {
  std::vector<Dump> out;
  for (const auto& entry : fs::directory_iterator(reference / "kube-proxy-dumps")) {
    if (!entry.is_directory()) continue;
    Dump dump{entry.path().filename().string(), {}};
    for (const net::Family family : net::all_families) {
      const fs::path path = entry.path() / (family == net::Family::ipv4 ? "iptables.save" : "ip6tables.save");
      const Read r = read_text(text_of(path), path.string());
      INFO(path.string());
      CHECK(r.findings == std::vector<std::string>{});
      REQUIRE(r.ruleset);
      CHECK(r.ruleset->family == family);
      dump.rulesets.emplace(family, *r.ruleset);
    }
    out.push_back(std::move(dump));
  }
  return out;
}

// The case that a dump is of, by its README (`case F3 of service-cases.yaml`).
std::string case_of(const std::string& dump) {
  const std::string readme = text_of(reference / "kube-proxy-dumps" / dump / "README.md");
  const std::size_t at = readme.find("| case | case ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + std::string_view("| case | case ").size();
  return readme.substr(begin, readme.find(' ', begin) - begin);
}

// kube-proxy's rules and the node of a case.
class DumpEngine {
 public:
  DumpEngine(const Ruleset& ruleset, const std::vector<net::Address>& addresses)
      : model_(model(ruleset)), evaluator_(model_) {
    node_.local_addresses = addresses;
    std::ranges::sort(node_.local_addresses);
  }
  netfilter::Evaluation evaluate(const net::Packet& p) const { return evaluator_.evaluate(node_, p); }

 private:
  netfilter::Model model_;
  netfilter::NodeFacts node_;
  netfilter::Evaluator evaluator_;
};

std::string spelled(const cases::Expectation& e) {
  std::string out(to_string(e.kind));
  for (const cases::Target& t : e.to) out += ' ' + net::endpoint_text(t.address, t.port) + (t.masquerade ? "*" : "");
  return out;
}

// As the case says it: the decision of masquerade, whether or not it shows.
std::string spelled(const ir::Fate& fate) {
  std::vector<cases::Target> targets;
  for (const ir::Target& t : fate.targets) targets.push_back({t.address, t.port, t.masquerade});
  std::ranges::sort(targets);
  return spelled(cases::Expectation{fate.kind, targets});
}

}  // namespace

TEST_CASE("every rule of kube-proxy's dumps is read and has a meaning") {
  if (!reference_is_here()) return;
  std::size_t rules = 0;
  for (const Dump& d : dumps()) {
    for (const auto& [family, ruleset] : d.rulesets) {
      rules += ruleset.rules();
      const netfilter::Model m = model(ruleset);
      CHECK(m.rules() == ruleset.rules());
      for (const netfilter::Chain& c : m.chains) {
        for (const netfilter::Rule& r : c.rules) {
          for (const netfilter::Statement& s : r.statements)
            CHECK_FALSE(std::holds_alternative<netfilter::Unmodelled>(s));
        }
      }
    }
  }
  CHECK(rules > 1000);
}

TEST_CASE("kube-proxy's dumps give the fates of the cases they are of") {
  if (!reference_is_here()) return;
  const cases::CaseFile file = cases::read((reference / "service-cases.yaml").string());
  std::size_t rows = 0, dumps_of_cases = 0;
  for (const Dump& d : dumps()) {
    const std::string id = case_of(d.name);
    const cases::Case* c = id.empty() ? nullptr : file.find(id);
    if (c == nullptr) continue;
    ++dumps_of_cases;
    for (const cases::Row& row : c->rows) {
      if (!row.iptables) continue;
      const DumpEngine engine(d.rulesets.at(row.packet.family()), c->environment.addresses);
      const netfilter::Evaluation e = engine.evaluate(row.packet);
      INFO(d.name << ", case " << id << ": " << row.packet.text() << ' ' << e.not_modelled);
      CHECK(e.not_modelled.empty());
      CHECK(spelled(e.fate) == spelled(*row.iptables));
      ++rows;
    }
  }
  CHECK(dumps_of_cases >= 10);
  CHECK(rows >= 25);
}

TEST_CASE("kube-proxy's dumps and our interpreter agree on boundary packets of the same objects") {
  if (!reference_is_here()) return;
  const cases::CaseFile file = cases::read((reference / "service-cases.yaml").string());
  std::size_t packets = 0;
  for (const Dump& d : dumps()) {
    const fs::path folder = reference / "kube-proxy-dumps" / d.name;
    const std::string id = case_of(d.name);
    const cases::Case* c = file.find(id.empty() ? "A1" : id);
    REQUIRE(c != nullptr);
    std::string manifests = text_of(folder / "objects.yaml");
    manifests +=
        "\n---\n" + text_of(folder / "node.yaml") + "\n---\n" + text_of(folder / "kube-proxy-config.iptables.yaml");
    manifests +=
        "\n---\napiVersion: portcullis.dev/v1\nkind: ClusterProfile\nmetadata: {name: dump}\nspec:\n  nodes:\n  - "
        "{name: n1, zone: za, addresses: [";
    for (const net::Address& a : c->environment.addresses) manifests += "'" + a.text() + "', ";
    manifests += "], primary: [192.168.50.10, 'fd50::10']}\n";
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    const auto input = manifest::read_text(d.name, manifests, false, {}, sources, diagnostics);
    REQUIRE_FALSE(input.unreadable);
    const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
    const cluster::Node* node = cluster.node("n1");
    REQUIRE(node != nullptr);
    for (const net::Family family : net::all_families) {
      const ir::Program program = ir::build(cluster, *node, family);
      const ir::Interpreter interpreter(program);
      const DumpEngine engine(d.rulesets.at(family), c->environment.addresses);
      std::size_t wrong = 0;
      std::string first;
      for (const net::Packet& p : agreement::boundary_packets(cluster, program)) {
        ir::Fate meaning = interpreter.fate(p);
        if (meaning.kind == ir::Fate::Kind::conflict) continue;
        netfilter::Evaluation e = engine.evaluate(p);
        // The labels of kube-proxy's lists are names of its chains.
        for (ir::Target& t : meaning.targets) t.label.clear();
        for (ir::Target& t : e.fate.targets) t.label.clear();
        ++packets;
        if (e.not_modelled.empty() && ir::equal(meaning, e.fate, p)) continue;
        if (wrong++ == 0)
          first = fmt::format("{} ({}): {} | {} {}", p.text(), to_string(p.from), ir::text(meaning), ir::text(e.fate),
                              e.not_modelled);
      }
      INFO(d.name << ' ' << to_string(family) << ": " << first);
      CHECK(wrong == 0);
    }
  }
  CHECK(packets > 5000);
}

}  // namespace portcullis::iptables
