// `check`: everything that lint says, and proofs: that nobody fights for a port, that every pod finds a node, and that
// the sentences of the policies hold. What must pass before a change is merged.
#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/findings_output.hpp"
#include "compiler/driver/obligations.hpp"
#include "compiler/driver/policy_files.hpp"
#include "compiler/driver/proof_findings.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/router_proofs.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/policy/bind.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;

// What is wrong with a policy in two clusters is said once.
void add_once(const base::Diagnostics& more, base::Diagnostics& all) {
  const auto same = [](const base::Diagnostic& a, const base::Diagnostic& b) {
    return std::tie(a.code, a.message, a.span) == std::tie(b.code, b.message, b.span);
  };
  for (const base::Diagnostic& d : more.all()) {
    if (std::ranges::none_of(all.all(), [&](const base::Diagnostic& other) { return same(d, other); })) all.add(d);
  }
}

// A sentence that could not be bound is not proved, whatever counts as a failure.
bool any_unbound(const base::Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 5> codes{"PC4002", "PC4003", "PC4004", "PC4009", "PC4010"};
  return std::ranges::any_of(diagnostics.all(), [&](const base::Diagnostic& d) {
    return d.severity == base::Severity::error && std::ranges::find(codes, d.code) != codes.end();
  });
}

class Check {
 public:
  Check(const CheckCommand& command, Session& session, std::chrono::year_month_day today)
      : command_(command), session_(session), today_(today), trees_(read_policies(command.policies, session)) {
    session.proofs.emplace();
  }

  void unit(const Unit& unit) {
    const Loaded loaded = load(session_, unit, false);
    lint(session_, loaded);
    const cluster::Cluster& cluster = loaded.resolved.cluster;
    base::Diagnostics said;
    policy::Bound bound = policy::bind(trees_, loaded.input, cluster, session_.sources, today_, said);
    report_contradictions(bound, cluster, said);
    add_once(said, session_.diagnostics);
    std::vector<Proof> proofs = session_.timed("prove", [&] {
      Solver solver(command_.proof, unit.name.empty() ? "check" : "check-" + unit.name);
      std::vector<Proof> all = prove_built_in(cluster, solver.session, method(command_.proof), session_.diagnostics);
      std::ranges::move(prove_routers(loaded.routers, cluster, solver.session, session_.diagnostics),
                        std::back_inserter(all));
      std::ranges::move(prove_sentences(bound, cluster, solver.session, method(command_.proof), all),
                        std::back_inserter(all));
      return all;
    });
    for (Proof& proof : proofs) {
      if (!unit.name.empty()) {
        proof.name = unit.name + ": " + proof.name;
        proof.statement = unit.name + ": " + proof.statement;
      }
      session_.proofs->push_back(std::move(proof));
    }
    waivers_ = std::move(bound.waivers);  // the same in each cluster
  }

  void finish() {
    session_.waived = waive(waivers_, session_.diagnostics, *session_.proofs);
    session_.diagnostics.sort();
  }

 private:
  const CheckCommand& command_;
  Session& session_;
  std::chrono::year_month_day today_;
  std::vector<policy::SyntaxTree> trees_;
  std::vector<policy::Waiver> waivers_;
};

int exit_status(const Session& session) {
  const int of_proofs = status_of(*session.proofs);
  const bool fails = std::ranges::any_of(session.diagnostics.all(), [&](const base::Diagnostic& d) {
    return report::reaches(d, session.settings.fail_on);
  });
  if (fails || of_proofs == exit_findings) return exit_findings;
  return of_proofs == exit_done && any_unbound(session.diagnostics) ? exit_unknown : of_proofs;
}

}  // namespace

int run(const CheckCommand& command) {
  const std::optional<std::vector<Unit>> all = units(command.common);
  const std::optional<std::vector<FindingsOutput>> outputs = findings_outputs_of(command.common);
  const std::optional<std::chrono::year_month_day> today = day(command.now);
  if (!all || !outputs || !today) return exit_usage;
  Session session(command.common);
  if (command.fail_on && !parse_fail_on(*command.fail_on, session.settings.fail_on)) return exit_usage;
  Check check(command, session, *today);
  for (const Unit& unit : *all) check.unit(unit);
  check.finish();
  session.progress.done();
  const bool written = write_findings(session, *outputs, command.proof.explain);
  if (session.common.verbose) print_timings(session);
  return session.unreadable || !written ? exit_input : exit_status(session);
}

}  // namespace portcullis::driver
