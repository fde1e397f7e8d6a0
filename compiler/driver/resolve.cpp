// `resolve`: the cluster with all that defaults and planning fill in.
#include <array>

#include "compiler/base/error.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/result_output.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/report/cluster_json.hpp"

namespace portcullis::driver {

namespace {

constexpr std::array<std::string_view, 3> forms{"table", "yaml", "json"};

std::string print(const std::string& form, const cluster::Cluster& cluster) {
  if (form == "table") return report::cluster_table(cluster);
  if (form == "yaml") return report::cluster_yaml(cluster);
  if (form == "json") return report::cluster_json(cluster);
  throw base::InternalError("no such form");
}

}  // namespace

int run(const ResolveCommand& command) {
  const std::optional<Unit> unit = single_unit(command.common);
  const std::optional<ResultOutputs> outputs = parse_result_outputs(command.common.outputs, forms);
  if (!unit || !outputs) return exit_usage;
  Session session(command.common);
  const Loaded loaded = load(session, *unit, command.write_lock);
  session.progress.done();
  session.diagnostics.sort();
  const bool refused = session.unreadable || any_stops(session.diagnostics);
  bool written = true;
  for (const ResultOutput& output : outputs->results)
    written &= write_result(output, print(output.form, loaded.resolved.cluster));
  print_findings_to_stderr(session);
  written &= write_findings(session, outputs->findings);
  if (command.write_lock && !refused) written &= write_lock_file(session, loaded.resolved.lock);
  if (session.common.verbose) print_timings(session);
  return refused || !written ? exit_input : exit_done;
}

}  // namespace portcullis::driver
