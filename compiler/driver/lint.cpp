// `lint`: everything that is wrong with the manifests, without a look at any node.
#include <algorithm>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/findings_output.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/session.hpp"

namespace portcullis::driver {

int run(const LintCommand& command) {
  const std::optional<std::vector<Unit>> all = units(command.common);
  const std::optional<std::vector<FindingsOutput>> outputs = findings_outputs_of(command.common);
  if (!all || !outputs) return exit_usage;
  Session session(command.common);
  if (command.fail_on && !parse_fail_on(*command.fail_on, session.settings.fail_on)) return exit_usage;
  for (const Unit& unit : *all) lint(session, load(session, unit, false));
  session.diagnostics.sort();
  session.progress.done();
  const bool written = write_findings(session, *outputs);
  if (session.common.verbose) print_timings(session);
  if (session.unreadable || !written) return exit_input;
  const bool fails = std::ranges::any_of(session.diagnostics.all(), [&](const base::Diagnostic& d) {
    return report::reaches(d, session.settings.fail_on);
  });
  return fails ? exit_findings : exit_done;
}

}  // namespace portcullis::driver
