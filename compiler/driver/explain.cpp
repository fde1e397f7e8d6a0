// `explain`: the rule behind a finding.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/catalogue.hpp"
#include "compiler/base/text.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/report/catalogue_text.hpp"

namespace portcullis::driver {

namespace {

std::string list() {
  std::string out;
  for (const base::Rule& rule : base::catalogue()) {
    if (rule.reported) out += fmt::format("{}  {:<8} {}\n", rule.code, base::to_string(rule.severity), rule.name);
  }
  return out;
}

int unknown(const std::string& code) {
  std::vector<std::string_view> names;
  for (const base::Rule& rule : base::catalogue()) {
    names.push_back(rule.code);
    names.push_back(rule.name);
  }
  const std::string_view near = base::nearest(code, names);
  return usage(near.empty() ? fmt::format("no finding has the code or name `{}`", code)
                            : fmt::format("no finding has the code or name `{}`; did you mean `{}`?", code, near));
}

}  // namespace

int run(const ExplainCommand& command) {
  if (!command.code) return write_stdout(list()) ? exit_done : exit_input;
  const base::Rule* rule = base::find_rule(*command.code);
  if (rule == nullptr) return unknown(*command.code);
  return write_stdout(report::explain(*rule, coloured(command.color, Stream::out))) ? exit_done : exit_input;
}

}  // namespace portcullis::driver
