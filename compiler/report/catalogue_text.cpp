#include "compiler/report/catalogue_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/style.hpp"

namespace portcullis::report {

namespace {

constexpr std::size_t columns = 100;

std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (const std::string_view word : base::split(text, ' ')) {
    if (column > 0 && column + 1 + word.size() > columns) {
      out += '\n';
      column = 0;
    }
    if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + "\n";
}

std::string indented(std::string_view text) {
  std::string out;
  for (const std::string_view line : base::split(base::trim(text), '\n')) out += fmt::format("    {}\n", line);
  return out;
}

std::string fenced(std::string_view text, std::string_view language) {
  return fmt::format("```{}\n{}\n```\n\n", language, base::trim(text));
}

}  // namespace

std::string explain(const base::Rule& rule, bool colour) {
  const Style style(colour);
  std::string out = style.severity(rule.severity, fmt::format("{}[{}]", base::to_string(rule.severity), rule.code));
  out += " " + style.strong(rule.name) + "\n\n" + wrapped(rule.explanation);
  if (!rule.reported) out += "\nThis version does not report it yet; the code is kept for it.\n";
  for (const std::string_view text : {rule.example, rule.policy}) {
    if (!text.empty()) out += "\n" + style.strong("Reported:") + "\n\n" + indented(text);
  }
  for (const std::string_view text : {rule.fixed, rule.policy_fixed}) {
    if (!text.empty()) out += "\n" + style.strong("Right:") + "\n\n" + indented(text);
  }
  if (!rule.fix.empty()) out += "\n" + style.strong("What to do:") + " " + wrapped(rule.fix);
  return out;
}

std::string findings_page() {
  std::string out =
      "# Findings\n\nGenerated from `compiler/base/catalogue_*.hpp`; a test holds the two together. `portcullis "
      "explain CODE` prints the\n"
      "same for one code.\n\n"
      "An *error* is refused by the API server, or its traffic certainly fails; a *warning* is very probably a mistake "
      "or an exposure\n"
      "that somebody should decide; an *info* is advice and is shown with `-v` and in the formats for machines.\n";
  std::string kept;
  for (const base::Rule& rule : base::catalogue()) {
    if (!rule.reported) {
      kept += fmt::format("| {} | {} | {} | {} |\n", rule.code, rule.name, base::to_string(rule.severity),
                          rule.explanation);
      continue;
    }
    out += fmt::format("\n## {} {}\n\n*{}* — {}\n\n", rule.code, rule.name, base::to_string(rule.severity),
                       rule.explanation);
    if (!rule.example.empty()) out += "Reported:\n\n" + fenced(rule.example, "yaml");
    if (!rule.policy.empty()) out += "Reported:\n\n" + fenced(rule.policy, "text");
    if (!rule.fixed.empty()) out += "Right:\n\n" + fenced(rule.fixed, "yaml");
    if (!rule.policy_fixed.empty()) out += "Right:\n\n" + fenced(rule.policy_fixed, "text");
    out += rule.fix;
    out += "\n";
  }
  if (!kept.empty()) {
    out +=
        "\n## Codes that this version does not report\n\nThey are fixed so that a code never changes its meaning.\n\n"
        "| code | name | severity | meaning |\n|---|---|---|---|\n" +
        kept;
  }
  return out;
}

}  // namespace portcullis::report
