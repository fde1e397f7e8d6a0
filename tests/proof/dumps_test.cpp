// The rulesets of a real kube-proxy: proved equal to their objects, and edited in ten ways. An edit is refuted with a
// packet that is played through here once more, or changes no packet's fate: then it is proved, and every boundary
// packet agrees. There is no third answer. Other places:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_PLACES=50 ctest -R 'proof:.*dump' --output-on-failure
#include <cstdlib>
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/file.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/cases/cases.hpp"
#include "tests/proof/dump_edits.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;
using proof::Form;
using verdict::Standing;
namespace fs = std::filesystem;

const fs::path reference = fs::path(PORTCULLIS_SHARED) / "reference";

bool reference_is_here() {
  if (fs::exists(reference / "kube-proxy-dumps")) return true;
  WARN("SKIPPED: no reference data at " << reference.string());
  return false;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string text_of(const fs::path& path) {
  std::string text;
  if (const auto error = base::read_file(path.string(), text)) throw std::runtime_error(path.string() + ": " + *error);
  return text;
}

// By its README, `case F3 of service-cases.yaml`.
std::vector<net::Address> addresses(const cases::CaseFile& file, const fs::path& dump) {
  const std::string readme = text_of(dump / "README.md");
  constexpr std::string_view before = "| case | case ";
  const std::size_t at = readme.find(before);
  const std::size_t begin = at + before.size();
  const cases::Case* found =
      file.find(at == std::string::npos ? "A1" : readme.substr(begin, readme.find(' ', begin) - begin));
  if (found == nullptr) throw std::runtime_error(dump.string() + ": no such case");
  return found->environment.addresses;
}

// A dump of one mode beside the objects that it is of.
struct Subject {
  std::string name;
  Form form{};
  std::vector<std::string> files;  // texts
  cluster::Cluster cluster;
  std::vector<ir::Program> programs;
};

Subject subject(const fs::path& dump, Form form, const cases::CaseFile& file) {
  const bool iptables = form == Form::iptables;
  Subject out{dump.filename().string(), form, {}, {}, {}};
  for (const char* name : {"iptables.save", "ip6tables.save"}) {
    if (iptables) out.files.push_back(text_of(dump / name));
  }
  if (!iptables) out.files.push_back(text_of(dump / "nftables.nft"));
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const fs::path config = dump / (iptables ? "kube-proxy-config.iptables.yaml" : "kube-proxy-config.nftables.yaml");
  const auto input = manifest::read({(dump / "objects.yaml").string(), (dump / "node.yaml").string(), config.string()},
                                    {}, sources, diagnostics);
  out.cluster = cluster::resolve(input, {}, diagnostics).cluster;
  cluster::Node& node = out.cluster.nodes.at(0);
  node.addresses = addresses(file, dump);
  for (const net::Family family : net::all_families) out.programs.push_back(ir::build(out.cluster, node, family));
  return out;
}

// Nothing: a text cannot be read.
std::optional<netfilter::Model> model_of(const Subject& s, const std::vector<std::string>& files) {
  netfilter::Model all;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const base::FileId file = sources.add(i == 0 ? "iptables.save" : "ip6tables.save", files[i]);
    if (s.form == Form::nftables) {
      const auto ruleset = nftables::read(file, sources, diagnostics);
      if (!ruleset) return {};
      append(all, nftables::model(*ruleset, s.programs));
    } else {
      const auto ruleset = iptables::read(file, sources, diagnostics);
      if (!ruleset) return {};
      append(all, iptables::model(*ruleset, &s.programs[i]));
    }
  }
  return all;
}

// kube-proxy has names of its own for its memories.
ir::Fate without_labels(ir::Fate fate) {
  for (ir::Target& t : fate.targets) t.label.clear();
  return fate;
}

// Both answers to one packet with nothing remembered; empty: they agree.
std::string difference(const ir::Program& program, const netfilter::Evaluator& evaluator, const net::Packet& packet) {
  const ir::Fate meant = ir::Interpreter(program).fate(packet);
  const netfilter::Evaluation got = evaluator.evaluate(netfilter::facts(program), packet);
  if (!got.not_modelled.empty()) return packet.text() + ": " + got.not_modelled;
  if (ir::equal(without_labels(meant), without_labels(got.fate), packet)) return {};
  return packet.text() + ": " + ir::text(meant) + " against " + ir::text(got.fate);
}

std::string boundary_difference(const Subject& s, const ir::Program& program, const netfilter::Evaluator& evaluator) {
  for (net::Packet packet : agreement::boundary_packets(s.cluster, program)) {
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      packet.ct_state = state;
      if (const std::string found = difference(program, evaluator, packet); !found.empty()) return found;
    }
  }
  return {};
}

struct Cell {
  std::size_t refuted = 0, by_memory = 0, equivalent = 0, not_applicable = 0;
};

// What becomes of the rulesets; of one edit of one file, only the programs of its families.
void judge(const Subject& s, const std::vector<ir::Program>& programs, const netfilter::Model& model, Cell& cell) {
  const netfilter::Evaluator evaluator(model);
  bool refuted = false, by_memory = false;
  for (const ir::Program& program : programs) {
    smt::Session session;
    const verdict::Proof proof =
        obligations::prove_translation("dump", program, model, netfilter::facts(program), session);
    INFO(net::to_string(program.family) << ": " << proof.reason);
    if (proof.standing == Standing::proved) {
      CHECK(boundary_difference(s, program, evaluator).empty());
      continue;
    }
    REQUIRE(proof.standing == Standing::refuted);
    REQUIRE(proof.witness);
    const bool shows = !difference(program, evaluator, *proof.witness).empty();
    // Otherwise it is about what was remembered before: only Services with affinity do that.
    const ir::Fate meant = ir::Interpreter(program).fate(*proof.witness);
    const auto got = evaluator.evaluate(netfilter::facts(program), *proof.witness);
    CHECK((shows || meant.affinity_seconds || got.fate.affinity_seconds));
    refuted = true;
    by_memory = by_memory || !shows;
  }
  ++(refuted ? cell.refuted : cell.equivalent);
  if (by_memory) ++cell.by_memory;
}

// The line that was edited, for messages.
std::string place(const proof::Edit& edit, const std::vector<std::string>& lines) {
  std::string out = fmt::format("line {}: {}", edit.line + 1, lines[edit.line]);
  for (const std::string& line : edit.with) out += "\n  -> " + line;
  return out;
}

}  // namespace

TEST_CASE("dumps of a real kube-proxy are proved equal to their objects, and edits of them are found") {
  if (!reference_is_here()) return;
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1), most = from_environment("PORTCULLIS_PLACES", 2);
  const cases::CaseFile file = cases::read((reference / "service-cases.yaml").string());
  std::map<std::pair<std::string, Form>, Cell> table;
  std::size_t dumps = 0;
  for (const auto& entry : fs::directory_iterator(reference / "kube-proxy-dumps")) {
    if (!entry.is_directory()) continue;
    ++dumps;
    for (const Form form : {Form::iptables, Form::nftables}) {
      const Subject s = subject(entry.path(), form, file);
      INFO(s.name << (form == Form::iptables ? ", iptables" : ", nftables"));
      Cell unchanged;
      judge(s, s.programs, *model_of(s, s.files), unchanged);
      CHECK(unchanged.refuted == 0);
      for (const std::string_view kind : proof::edit_kinds) {
        std::mt19937_64 random(seed);
        Cell& cell = table[{std::string(kind), form}];
        bool applies = false;
        for (std::size_t f = 0; f < s.files.size(); ++f) {
          const std::vector<std::string> lines = proof::lines_of(s.files[f]);
          const auto programs = form == Form::iptables ? std::vector{s.programs[f]} : s.programs;
          std::vector<proof::Edit> places = proof::edits(form, kind, lines);
          std::ranges::shuffle(places, random);
          std::size_t made = 0;
          for (const proof::Edit& edit : places) {
            if (made == most) break;
            std::vector<std::string> files = s.files;
            files[f] = proof::edited(lines, edit);
            const auto model = model_of(s, files);
            if (!model) continue;  // no ruleset that a kernel would take
            INFO(kind << ", " << place(edit, lines));
            ++made;
            judge(s, programs, *model, cell);
          }
          applies = applies || made > 0;
        }
        if (!applies) ++cell.not_applicable;
      }
    }
  }
  CHECK(dumps == 11);
  fmt::print("seed {}, at most {} places a dump, file and kind\n{:24}{:>10}{:>10}{:>12}{:>12}{:>16}\n", seed, most,
             "kind", "mode", "refuted", "by memory", "equivalent", "not applicable");
  for (const auto& [key, cell] : table) {
    fmt::print("{:24}{:>10}{:>10}{:>12}{:>12}{:>16}\n", key.first,
               key.second == Form::iptables ? "iptables" : "nftables", cell.refuted, cell.by_memory, cell.equivalent,
               cell.not_applicable);
    // In nft's own text nothing that stands twice counts twice: marks are set, not added to, and the first choice is
    // final.
    const bool idle = key.first == "a line is doubled" && key.second == Form::nftables;
    INFO(key.first);
    CHECK((idle ? cell.equivalent : cell.refuted) > 0);
  }
  CHECK(table.size() == 2 * proof::edit_kinds.size());
}
