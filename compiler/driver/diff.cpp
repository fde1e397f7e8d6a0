// `diff`: what traffic changes between two versions of the manifests, or between two dialects.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/nodes.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/result_output.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/report/diff_output.hpp"
#include "verifier/obligations/difference.hpp"

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
  report::Diff out{std::move(before), std::move(after), {}, std::move(differences.unknown)};
  for (obligations::Group& g : differences.groups) {
    out.groups.push_back({std::string(obligations::to_string(g.change)), std::move(g.about), std::move(g.nodes),
                          g.destinations, std::move(g.witness), std::move(g.before), std::move(g.after),
                          lines(g.before_lines), lines(g.after_lines)});
  }
  return out;
}

int answer(const DiffCommand& command, const ResultOutputs& outputs, Session& session, const cluster::Cluster& before,
           const cluster::Cluster& after, std::string before_name, std::string after_name) {
  if (command.node && before.node(*command.node) == nullptr && choose_node(after, command.node) == nullptr)
    return exit_usage;
  session.progress.stage("compare");
  Solver solver(command.proof, "diff");
  const auto old_programs = programs_of(before, command.node), new_programs = programs_of(after, command.node);
  const report::Diff diff = report_of(obligations::differences(*old_programs, *new_programs, solver.session),
                                      std::move(before_name), std::move(after_name));
  session.progress.done();
  for (const ResultOutput& output : outputs.results) {
    const std::string text =
        output.form == "json" ? report::diff_json(diff, session.sources) : report::diff_text(diff, session.sources);
    if (!write_result(output, text)) return exit_input;
  }
  if (!diff.unknown.empty()) return exit_unknown;
  return command.exit_code && !diff.groups.empty() ? exit_findings : exit_done;
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
  return answer(command, outputs, session, before, after, "dialect " + command.dialects->substr(0, comma),
                "dialect " + command.dialects->substr(comma + 1));
}

int diff_versions(const DiffCommand& command, const ResultOutputs& outputs, Session& session,
                  const std::vector<std::string>& paths) {
  const Loaded before = load(session, {"", {paths[0]}}, false), after = load(session, {"", {paths[1]}}, false);
  if (session.unreadable || any_stops(session.diagnostics)) return exit_input;
  return answer(command, outputs, session, before.resolved.cluster, after.resolved.cluster, paths[0], paths[1]);
}

}  // namespace

int run(const DiffCommand& command) {
  const std::optional<ResultOutputs> outputs = parse_result_outputs(command.common.outputs, forms);
  if (!outputs) return exit_usage;
  const std::vector<std::string>& paths = command.common.paths;
  if (!command.common.clusters.empty()) return usage("diff compares two paths; --cluster is for lint and check");
  if (!command.dialects && paths.size() != 2) return usage("diff takes two paths: portcullis diff BASE HEAD");
  Session session(command.common);
  int status = exit_usage;
  if (command.dialects) {
    const std::optional<Unit> unit = single_unit(command.common);
    if (unit) status = diff_dialects(command, *outputs, session, *unit);
  } else {
    status = diff_versions(command, *outputs, session, paths);
  }
  session.progress.done();
  session.diagnostics.sort();
  print_findings_to_stderr(session);
  if (!write_findings(session, outputs->findings) && status == exit_done) status = exit_input;
  if (session.common.verbose) print_timings(session);
  return status;
}

}  // namespace portcullis::driver
