#include "tests/golden/case.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>
#include <unistd.h>

#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/ir/l7/text.hpp"
#include "compiler/policy/bind.hpp"
#include "compiler/policy/parse.hpp"
#include "compiler/policy/text.hpp"
#include "compiler/policy/values.hpp"
#include "compiler/policy/waivers.hpp"
#include "compiler/report/findings.hpp"

namespace portcullis::golden {

namespace {

namespace fs = std::filesystem;

Arguments read_arguments(const fs::path& path) {
  Arguments out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t blank = line.find(' ');
    const std::string word = line.substr(0, blank);
    const std::string value = blank == std::string::npos ? "" : line.substr(blank + 1);
    if (word == "node" && !value.empty()) {
      out.node = value;
    } else if (word == "lock" && !value.empty()) {
      out.lock = value;
    } else if (line == "check") {
      out.check = true;
    } else if (line == "diff") {
      out.diff = true;
    } else if (line == "routers") {
      out.routers = true;
    } else if (line == "plain") {
      out.plain = true;
    } else if (line == "explain") {
      out.explain = true;
    } else if (word == "ruleset" && !value.empty()) {
      out.rulesets.push_back(value);
    } else if (word == "limit" && !value.empty()) {
      out.limit = std::stoull(value);
    } else if (!line.empty() && line.front() != '#') {
      throw std::runtime_error(path.string() + ": " + line);
    }
  }
  return out;
}

// The working directory for a while.
class Inside {
 public:
  explicit Inside(const fs::path& directory) : before_(fs::current_path()) { fs::current_path(directory); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { fs::current_path(before_); }

 private:
  fs::path before_;
};

void merge_once(base::Diagnostics& all, const base::Diagnostics& more) {
  for (const base::Diagnostic& d : more.all()) {
    const bool known = std::ranges::any_of(all.all(), [&](const base::Diagnostic& other) {
      return std::tie(d.code, d.message, d.span) == std::tie(other.code, other.message, other.span);
    });
    if (!known) all.add(d);
  }
}

// The day on which waivers are judged.
constexpr std::chrono::year_month_day today{std::chrono::year{2026}, std::chrono::November, std::chrono::day{24}};

std::vector<std::string> policies() {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator("input")) {
    if (entry.path().extension() == ".policy") paths.push_back(entry.path().generic_string());
  }
  std::ranges::sort(paths);
  return paths;
}

// Policies beside the manifests: what is wrong with them, what they ask, and what they waive.
void bind_policies(driver::Session& session, const driver::Loaded& loaded, Outcome& out) {
  const std::vector<std::string> paths = policies();
  if (paths.empty()) return;
  std::vector<policy::SyntaxTree> trees;
  for (const std::string& path : paths)
    trees.push_back(policy::parse(session.sources.add(path, read_text(path)), session.sources, session.diagnostics));
  const policy::Bound bound =
      policy::bind(trees, loaded.input, loaded.resolved.cluster, session.sources, today, session.diagnostics);
  for (const policy::Obligation& obligation : bound.obligations)
    out.files["obligations.txt"] += policy::text(obligation);
  policy::Waived waived = policy::apply(bound.waivers, session.diagnostics);
  session.diagnostics = std::move(waived.remaining);
  policy::report_unused(bound.waivers, waived.matched, session.diagnostics);
}

fs::path temporary(std::string_view name) {
  return fs::temp_directory_path() / fmt::format("portcullis-golden-{}-{}.txt", name, ::getpid());
}

std::string take(const fs::path& file) {
  std::string text = read_text(file);
  fs::remove(file);
  return text;
}

// What `diff` says of `base` and `input`, its findings in the form of a pipeline, and its exit status.
std::string diff(const Case& golden) {
  const fs::path changes = temporary("changes"), findings = temporary("findings");
  driver::DiffCommand command;
  command.common.paths = {"base", "input"};
  command.common.lock = golden.arguments.lock;
  command.common.jobs = 1;
  command.common.outputs = {"text=" + changes.string(), "github=" + findings.string()};
  command.policies = policies();
  command.exit_code = true;
  command.proof.limit = golden.arguments.limit;
  const int status = driver::run(command);
  const std::string text = take(changes);
  return text + take(findings) + fmt::format("exit status {}\n", status);
}

// What a command that proves says, and its exit status.
template <class Command>
std::string said(const Case& golden, Command command, const std::string& form) {
  const fs::path file = temporary("said");
  command.common.paths = {"input"};
  command.common.lock = golden.arguments.lock;
  command.common.jobs = 1;
  command.common.outputs = {form + "=" + file.string()};
  command.proof.limit = golden.arguments.limit;
  const int status = driver::run(command);
  return take(file) + (form == "text" ? fmt::format("exit status {}\n", status) : "");
}

std::string check(const Case& golden) {
  driver::CheckCommand command;
  command.policies = policies();
  command.now = policy::date_text(today);
  return said(golden, std::move(command), "text");
}

std::string verify(const Case& golden, const std::string& form) {
  driver::VerifyCommand command;
  command.rulesets = golden.arguments.rulesets;
  if (golden.arguments.plain) command.proof.by = driver::ProveBy::plain;
  command.proof.explain = golden.arguments.explain;
  return said(golden, std::move(command), form);
}

void keep(Outcome& out, const netfilter::Artefact& artefact, bool conntrack) {
  for (const netfilter::File& file : artefact.files) {
    const bool kept =
        file.name.ends_with(".rules") || file.name.ends_with(".nft") || (conntrack && file.name == "conntrack.sh");
    if (kept) out.files[file.name] = file.text;
  }
}

// The digest of the program changes with every change of it.
void keep_tables(Outcome& out, const netfilter::Artefact& artefact) {
  for (const netfilter::File& file : artefact.files) {
    if (file.name == "companion.nft") out.files["ebpf-companion.nft"] = file.text;
    if (file.name != "node.pcl") continue;
    std::string text = file.text;
    const std::size_t digest = text.find("\nprogram ") + 9;
    text.replace(digest, text.find('\n', digest) - digest, "(its digest)");
    out.files[file.name] = text;
  }
}

void compile(const Case& golden, driver::Session& session, Outcome& out) {
  const cluster::Node* node = out.cluster.node(golden.arguments.node);
  if (node == nullptr) throw std::runtime_error(golden.name + ": no node " + golden.arguments.node);
  std::vector<ir::Program> programs = driver::programs(out.cluster, *node, std::nullopt);
  const bool cleans = std::ranges::any_of(programs, [](const ir::Program& p) { return !p.udp_cleanup.empty(); });
  base::Diagnostics nftables;
  base::Diagnostics iptables;
  const netfilter::Artefact nft = driver::emit(driver::Target::nftables, programs, nftables);
  const netfilter::Artefact ipt = driver::emit(driver::Target::iptables, programs, iptables);
  if (!nftables.has_errors()) keep(out, nft, cleans);
  if (!iptables.has_errors()) keep(out, ipt, false);
  base::Diagnostics ebpf;
  const netfilter::Artefact tables = driver::emit(driver::Target::ebpf, programs, ebpf);
  if (!ebpf.has_errors()) keep_tables(out, tables);
  out.files["ir.txt"] = driver::main_text(driver::Target::ir, driver::emit(driver::Target::ir, programs, nftables));
  if (!nftables.has_errors() && !iptables.has_errors()) out.programs = std::move(programs);
  merge_once(session.diagnostics, nftables);
  merge_once(session.diagnostics, iptables);
}

void build_routers(driver::Session& session, Outcome& out) {
  const auto routers = ir::l7::build_routers(out.cluster, session.diagnostics);
  std::string text = driver::routers_text(routers, session.sources);
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto again = ir::l7::read(sources.add("routers.ir", text), sources, diagnostics);
  if (!again || ir::l7::print(*again, ir::l7::places_in(sources)) != text)
    throw std::runtime_error("routers are not read back as they were printed:\n" + text);
  out.files["routers.txt"] = std::move(text);
}

}  // namespace

std::string read_text(const fs::path& path) {
  std::string text;
  if (const base::FileError error = base::read_file(path.string(), text)) {
    throw std::runtime_error(path.string() + ": " + *error);
  }
  return text;
}

std::vector<Case> find_cases(const fs::path& root) {
  std::vector<Case> cases;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_directory() || entry.path().filename() != "input") continue;
    Case golden;
    golden.directory = entry.path().parent_path();
    golden.name = fs::relative(golden.directory, root).generic_string();
    golden.arguments = read_arguments(golden.directory / "args");
    if (fs::exists(golden.directory / "packets.txt")) golden.packets = read_packets(golden.directory / "packets.txt");
    cases.push_back(std::move(golden));
  }
  std::ranges::sort(cases, {}, &Case::name);
  return cases;
}

Outcome run(const Case& golden) {
  const Inside inside(golden.directory);
  driver::Common common;
  common.paths = {"input"};
  common.lock = golden.arguments.lock;
  common.jobs = 1;
  driver::Session session(common);
  Outcome out;
  const driver::Loaded loaded = driver::load(session, {"", common.paths}, false);
  driver::lint(session, loaded);
  bind_policies(session, loaded, out);
  out.cluster = loaded.resolved.cluster;
  const bool refused = session.unreadable || driver::any_stops(session.diagnostics);
  if (!refused && !golden.arguments.node.empty()) compile(golden, session, out);
  if (!refused && golden.arguments.routers) build_routers(session, out);
  session.diagnostics.sort();
  if (golden.arguments.check) out.files["check.txt"] = check(golden);
  if (golden.arguments.diff) out.files["diff.txt"] = diff(golden);
  if (!golden.arguments.rulesets.empty()) {
    out.files["verify.txt"] = verify(golden, "text");
    out.files["verify.json"] = verify(golden, "json");
  }
  report::PrintOptions options;
  options.verbose = true;
  out.files["diagnostics.txt"] =
      report::print_text({&session.sources, session.diagnostics.all(), session.totals}, options);
  return out;
}

void update(const Case& golden, const Outcome& outcome) {
  const fs::path expected = golden.directory / "expected";
  fs::remove_all(expected);
  fs::create_directories(expected);
  for (const auto& [name, text] : outcome.files) {
    if (const base::FileError error = base::write_file((expected / name).string(), text))
      throw std::runtime_error(*error);
  }
}

}  // namespace portcullis::golden
