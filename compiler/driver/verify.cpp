// `verify`: does the ruleset of a live node do what the manifests say.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "backends/netfilter/evaluate.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/nodes.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/result_output.hpp"
#include "compiler/driver/ruleset_files.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/report/proofs.hpp"
#include "verifier/obligations/translation.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;

constexpr std::array<std::string_view, 1> forms{"text"};

// A server has taken an object that carries a uid, whatever this version of the API would say of it; it is there, and
// the node's ruleset is about it.
bool any_stops_verify(const Session& session, const manifest::Input& input) {
  std::set<base::ObjectRef> observed;
  for (const manifest::Object& object : input.objects) {
    const manifest::Metadata* metadata = manifest::metadata(object);
    if (metadata != nullptr && metadata->uid) observed.insert(manifest::reference(object));
  }
  return std::ranges::any_of(session.diagnostics.all(), [&](const base::Diagnostic& d) {
    const bool refused = d.reason != base::Reason::none && !d.code.starts_with("PC1");
    return stops(d) && !(refused && observed.contains(d.object));
  });
}

int verify_loaded(const VerifyCommand& command, const ResultOutputs& outputs, Session& session,
                  const cluster::Cluster& cluster) {
  const cluster::Node* chosen = choose_node(cluster, command.node);
  if (chosen == nullptr) return exit_usage;
  cluster::Node node = *chosen;
  if (command.addresses) {
    const auto addresses = read_addresses(*command.addresses, session.sources, session.diagnostics);
    if (!addresses) return exit_input;
    node.addresses = *addresses;
  }
  const std::vector<ir::Program> all = programs(cluster, node, {});
  const auto model = read_rulesets(command.rulesets, all, session.sources, session.diagnostics);
  if (!model) return exit_input;
  session.progress.stage("prove");
  Solver solver(command.proof, "verify");
  std::vector<Proof> proofs;
  for (const ir::Program& program : all) {
    const netfilter::NodeFacts facts = netfilter::facts(program);
    proofs.push_back(obligations::prove_translation(fmt::format("ruleset.{}", net::to_string(program.family)), program,
                                                    *model, facts, solver.session, method(command.proof)));
  }
  session.progress.done();
  const std::string text = report::proofs_text(proofs, command.proof.explain);
  for (const ResultOutput& output : outputs.results) {
    if (!write_result(output, text)) return exit_input;
  }
  return status_of(proofs);
}

}  // namespace

int run(const VerifyCommand& command) {
  const std::optional<Unit> unit = single_unit(command.common);
  const std::optional<ResultOutputs> outputs = parse_result_outputs(command.common.outputs, forms);
  if (!unit || !outputs) return exit_usage;
  Session session(command.common);
  const Loaded loaded = load(session, *unit, false);
  int status = exit_input;
  if (!session.unreadable && !any_stops_verify(session, loaded.input))
    status = verify_loaded(command, *outputs, session, loaded.resolved.cluster);
  session.progress.done();
  session.diagnostics.sort();
  print_findings_to_stderr(session);
  if (!write_findings(session, outputs->findings) && status == exit_done) status = exit_input;
  if (session.common.verbose) print_timings(session);
  return status;
}

}  // namespace portcullis::driver
