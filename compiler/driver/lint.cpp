// `lint`: everything that is wrong with the manifests, without a look at any node.
#include <algorithm>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/findings_output.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/session.hpp"

namespace portcullis::driver {

namespace {

std::optional<std::vector<FindingsOutput>> outputs_of(const Common& common) {
  std::vector<FindingsOutput> outputs;
  for (const std::string& text : common.outputs) {
    const std::optional<FindingsOutput> output = parse_findings_output(text);
    if (!output) {
      complain("-o takes " + report::format_names() + ", or one of them with =FILE; this is `" + text + "`");
      return std::nullopt;
    }
    outputs.push_back(*output);
  }
  if (outputs.empty()) outputs.push_back({report::Format::text, std::nullopt});
  if (std::ranges::count_if(outputs, [](const FindingsOutput& o) { return !o.file; }) > 1) {
    complain("only one -o can go to standard output: add =FILE to the others");
    return std::nullopt;
  }
  return outputs;
}

}  // namespace

int run(const LintCommand& command) {
  const std::optional<std::vector<Unit>> all = units(command.common);
  const std::optional<std::vector<FindingsOutput>> outputs = outputs_of(command.common);
  if (!all || !outputs) return exit_usage;
  Session session(command.common);
  if (command.fail_on && !parse_fail_on(*command.fail_on, session.settings.fail_on)) return exit_usage;
  for (const Unit& unit : *all) static_cast<void>(load(session, unit, false));
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
