// `diff`: what traffic changes between two versions of the manifests, or between two dialects.
#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/nodes.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/policy_files.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/result_output.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/driver/versions.hpp"
#include "compiler/policy/bind.hpp"
#include "compiler/report/diff_output.hpp"
#include "verifier/obligations/demanded.hpp"
#include "verifier/obligations/difference.hpp"
#include "verifier/obligations/routes/difference.hpp"

namespace portcullis::driver {

namespace {

constexpr std::array<std::string_view, 2> forms{"text", "json"};

// Nothing, with a complaint, if there is no such node.
std::optional<obligations::Programs> programs_of(const cluster::Cluster& cluster,
                                                 const std::optional<std::string>& only) {
  obligations::Programs out;
  for (const cluster::Node& node : cluster.nodes) {
    if (only && node.name != *only) continue;
    for (ir::Program& program : programs(cluster, node, {})) {
      const std::pair key(node.name, program.family);
      out.emplace(key, std::move(program));
    }
  }
  return out;
}

std::vector<report::DiffLine> lines(const std::vector<obligations::Because>& because) {
  std::vector<report::DiffLine> out;
  for (const obligations::Because& b : because) out.push_back({b.object, b.field, b.span});
  return out;
}

report::Diff report_of(obligations::Differences differences, std::string before, std::string after) {
  report::Diff out;
  out.before = std::move(before);
  out.after = std::move(after);
  out.unknown = std::move(differences.unknown);
  for (obligations::Group& g : differences.groups) {
    out.groups.push_back({std::string(obligations::to_string(g.change)), std::move(g.about), std::move(g.nodes),
                          g.destinations, std::move(g.witness), std::move(g.before), std::move(g.after),
                          lines(g.before_lines), lines(g.after_lines)});
  }
  return out;
}

std::vector<report::DiffLine> lines(const ir::l7::Origin& origin) {
  if (origin.object.empty()) return {};
  return {{origin.object, origin.field, origin.span}};
}

void add_requests(routes::RouterDifferences differences, report::Diff& out) {
  std::ranges::move(differences.unknown, std::back_inserter(out.unknown));
  for (routes::Group& g : differences.groups) {
    routes::Difference& witness = g.witness;
    out.requests.push_back({std::string(routes::to_string(g.change)), std::move(g.router), std::move(witness.where),
                            g.more, std::move(witness.request), std::move(witness.before), std::move(witness.after),
                            std::move(witness.beside_before), std::move(witness.beside_after),
                            lines(witness.origin_before), lines(witness.origin_after)});
  }
}

// PC6009 and PC6010: who reaches whom that did not, and the other way round.
base::Diagnostic finding(const obligations::Reach& reach) {
  const std::string who = net::to_string(reach.protocol) == "TCP"
                              ? fmt::format("{}:{}", reach.workload, reach.port)
                              : fmt::format("{}:{}/{}", reach.workload, reach.port, net::lower_name(reach.protocol));
  const std::string_view zone = obligations::to_string(reach.from);
  const base::SourceSpan span = reach.lines.empty() ? base::SourceSpan{} : reach.lines.front().span;
  base::Diagnostics out;
  base::Diagnostic& d =
      reach.gained
          ? out.add("PC6009", fmt::format("new: {} reaches {}, e.g. {}", zone, who, reach.witness.text()), span)
          : out.add("PC6010", fmt::format("gone: {} no longer reaches {}, e.g. {}", zone, who, reach.witness.text()),
                    span);
  if (reach.covered) d.severity = base::Severity::error;
  return d;
}

// What a policy demands of the first version: what only the second one has cannot be lost. What is wrong with it, and
// with its waivers, is for `check` to say.
policy::Bound bind(const DiffCommand& command, Session& session, const Loaded& before) {
  const std::vector<policy::SyntaxTree> trees = read_policies(command.policies, session);
  base::Diagnostics said;
  return policy::bind(trees, before.input, before.resolved.cluster, session.sources, *day({}), said);
}

// Both versions of the routers; of two dialects they are the same.
struct Routers {
  std::span<const ir::l7::Router> before, after;
};

int answer(const DiffCommand& command, const ResultOutputs& outputs, Session& session, const Loaded& old_version,
           const cluster::Cluster& before, const cluster::Cluster& after, const Routers& routers,
           std::string before_name, std::string after_name) {
  const obligations::Demanded demanded(bind(command, session, old_version), old_version.resolved.cluster);
  if (session.unreadable) return exit_input;
  if (command.node && before.node(*command.node) == nullptr && choose_node(after, command.node) == nullptr)
    return exit_usage;
  session.progress.stage("compare");
  Solver solver(command.proof, "diff");
  const auto old_programs = programs_of(before, command.node), new_programs = programs_of(after, command.node);
  const obligations::Setting setting{before, after, demanded.sources(),
                                     [&](const net::Packet& packet) { return demanded.holds(packet); }};
  obligations::Differences found =
      obligations::differences(*old_programs, *new_programs, solver.session, &setting, method(command.proof));
  for (const obligations::Reach& reach : found.reach) session.diagnostics.add(finding(reach));
  report::Diff diff = report_of(std::move(found), std::move(before_name), std::move(after_name));
  diff.has_routers = !routers.before.empty() || !routers.after.empty();
  if (!command.node) add_requests(routes::differences(routers.before, routers.after, solver.session), diff);
  session.progress.done();
  for (const ResultOutput& output : outputs.results) {
    const std::string text =
        output.form == "json" ? report::diff_json(diff, session.sources) : report::diff_text(diff, session.sources);
    if (!write_result(output, text)) return exit_input;
  }
  if (!diff.unknown.empty()) return exit_unknown;
  return command.exit_code && !(diff.groups.empty() && diff.requests.empty()) ? exit_findings : exit_done;
}

std::optional<std::array<ir::Dialect, 2>> dialects(const std::string& text) {
  const auto one = [](std::string_view word) -> std::optional<ir::Dialect> {
    if (word == "iptables") return ir::Dialect::iptables;
    if (word == "nftables") return ir::Dialect::nftables;
    return {};
  };
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) return {};
  const auto a = one(std::string_view(text).substr(0, comma)), b = one(std::string_view(text).substr(comma + 1));
  if (!a || !b) return {};
  return std::array{*a, *b};
}

int diff_dialects(const DiffCommand& command, const ResultOutputs& outputs, Session& session, const Unit& unit) {
  const auto both = dialects(*command.dialects);
  if (!both) return usage("--dialect takes two of iptables and nftables: --dialect iptables,nftables");
  const Loaded loaded = load(session, unit, false);
  if (session.unreadable || any_stops(session.diagnostics)) return exit_input;
  cluster::Cluster before = loaded.resolved.cluster, after = loaded.resolved.cluster;
  before.profile.dialect = (*both)[0];
  after.profile.dialect = (*both)[1];
  const std::size_t comma = command.dialects->find(',');
  return answer(command, outputs, session, loaded, before, after, {}, "dialect " + command.dialects->substr(0, comma),
                "dialect " + command.dialects->substr(comma + 1));
}

int diff_versions(const DiffCommand& command, const ResultOutputs& outputs, Session& session, Versions versions) {
  const BothLoaded loaded = load(session, versions);
  if (session.unreadable || any_stops(session.diagnostics)) return exit_input;
  return answer(command, outputs, session, loaded.before, loaded.before.resolved.cluster, loaded.after.resolved.cluster,
                {loaded.before.routers, loaded.after.routers}, versions.before.name, versions.after.name);
}

}  // namespace

int run(const DiffCommand& command) {
  const std::optional<ResultOutputs> outputs = parse_result_outputs(command.common.outputs, forms);
  if (!outputs) return exit_usage;
  if (!command.common.clusters.empty()) return usage("diff compares two versions; --cluster is for lint and check");
  std::optional<Versions> versions;
  if (!command.dialects) {
    versions = versions_of(command);
    if (!versions) return exit_usage;
  }
  Session session(command.common);
  int status = exit_usage;
  if (command.dialects) {
    Common common = command.common;
    if (command.below) common.paths.insert(common.paths.end(), command.below->begin(), command.below->end());
    const std::optional<Unit> unit = single_unit(common);
    if (unit) status = diff_dialects(command, *outputs, session, *unit);
  } else {
    status = diff_versions(command, *outputs, session, std::move(*versions));
  }
  session.progress.done();
  session.diagnostics.sort();
  print_findings_to_stderr(session);
  if (!write_findings(session, outputs->findings) && status == exit_done) status = exit_input;
  if (session.common.verbose) print_timings(session);
  return status;
}

}  // namespace portcullis::driver
