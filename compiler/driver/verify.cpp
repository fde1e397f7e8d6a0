// `verify`: does the ruleset of a live node do what the manifests say.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backends/netfilter/evaluate.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/dead_rules.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/excerpt.hpp"
#include "compiler/driver/findings_output.hpp"
#include "compiler/driver/nodes.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/ruleset_files.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/trace/trace.hpp"
#include "verifier/obligations/translation.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;

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

// The lines of the manifests that decide what becomes of the witness.
void name_lines(const cluster::Cluster& cluster, const cluster::Node& node, Proof& proof) {
  if (!proof.witness) return;
  cluster::Cluster seen = cluster;
  *std::ranges::find(seen.nodes, node.name, &cluster::Node::name) = node;
  proof.node = node.name;
  trace::Tracer tracer(seen);
  for (const trace::Hop& hop : tracer.trace(*proof.witness, node.name).hops) {
    if (!hop.because || !hop.because->span.known()) continue;
    const std::string field = hop.because->field.empty() ? "" : ", " + hop.because->field;
    proof.related.push_back({hop.because->object + field, hop.because->span});
  }
}

// The rules of the dump that decide it, as they stand there.
void name_rules(const base::SourceMap& sources, const obligations::TranslationPlaces& places, Proof& proof) {
  const auto add = [&](std::string_view what, base::SourceSpan span) {
    if (span.known()) proof.related.push_back({fmt::format("{} `{}`", what, excerpt(sources.text(span))), span});
  };
  for (const base::SourceSpan span : places.opaque) add("a match that is not known in", span);
  if (!places.decides) return;
  add("rule", places.decides->rule);
  add("element", places.decides->element);
  add("masquerade by", places.decides->masquerade);
  for (const base::SourceSpan span : places.decides->way) add("by way of", span);
}

bool is_ours(const netfilter::Chain& chain) {
  return chain.table.ends_with(" portcullis") || chain.name.starts_with("PCL-");
}

// Beside our own rules, one of somebody else's that decides is a finding of its own.
void report_foreign(const netfilter::Model& model, const obligations::TranslationPlaces& places, const Proof& proof,
                    Session& session) {
  if (proof.standing != verdict::Standing::refuted || !proof.witness || !places.decides) return;
  const base::SourceSpan span = places.decides->rule;
  if (!span.known() || std::ranges::none_of(model.chains, is_ours)) return;
  const auto holds = [&](const netfilter::Chain& chain) {
    return std::ranges::find(chain.rules, span, &netfilter::Rule::span) != chain.rules.end();
  };
  const auto chain = std::ranges::find_if(model.chains, holds);
  if (chain == model.chains.end() || is_ours(*chain)) return;
  session.diagnostics.add("PC6005",
                          fmt::format("{} is decided by foreign rule `{}` of {} {}", proof.witness->text(),
                                      excerpt(session.sources.text(span)), chain->table, chain->name),
                          span);
}

std::vector<Proof> prove(const VerifyCommand& command, const cluster::Cluster& cluster, const cluster::Node& node,
                         const std::vector<ir::Program>& programs, const netfilter::Model& model, Session& session) {
  Solver solver(command.proof, "verify");
  std::vector<Proof> proofs;
  for (const ir::Program& program : programs) {
    obligations::TranslationPlaces places;
    Proof& proof = proofs.emplace_back(obligations::prove_translation(
        fmt::format("ruleset.{}", net::to_string(program.family)), program, model, netfilter::facts(program),
        solver.session, method(command.proof), nullptr, &places));
    proof.code = "PC6004";
    name_lines(cluster, node, proof);
    name_rules(session.sources, places, proof);
    report_foreign(model, places, proof, session);
  }
  if (command.proof.explain && !proofs.empty()) proofs.back().dead = dead_rules(programs, model, session.sources);
  return proofs;
}

// 0, with the proofs in the session, if all could be read.
int verify_loaded(const VerifyCommand& command, Session& session, const cluster::Cluster& cluster) {
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
  session.proofs = session.timed("prove", [&] { return prove(command, cluster, node, all, *model, session); });
  return exit_done;
}

}  // namespace

int run(const VerifyCommand& command) {
  const std::optional<Unit> unit = single_unit(command.common);
  const std::optional<std::vector<FindingsOutput>> outputs = findings_outputs_of(command.common);
  if (!unit || !outputs) return exit_usage;
  Session session(command.common);
  session.proofs.emplace();
  const Loaded loaded = load(session, *unit, false);
  int status = exit_input;
  if (!session.unreadable && !any_stops_verify(session, loaded.input))
    status = verify_loaded(command, session, loaded.resolved.cluster);
  if (status == exit_done) status = status_of(*session.proofs);
  session.progress.done();
  session.diagnostics.sort();
  print_findings_to_stderr(session);
  if (!write_verdicts(session, *outputs, command.proof.explain)) status = exit_input;
  if (session.common.verbose) print_timings(session);
  return status;
}

}  // namespace portcullis::driver
