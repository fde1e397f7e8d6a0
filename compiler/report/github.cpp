// GitHub workflow commands: `::error file=…,line=…::message`, one line a finding, shown by Actions at the line of a
// pull request.
#include <fmt/format.h>

#include "compiler/base/catalogue.hpp"
#include "compiler/base/text.hpp"
#include "compiler/report/findings.hpp"
#include "compiler/report/locator.hpp"

namespace portcullis::report {

namespace {

// The runner unescapes exactly these; in a property `:` and `,` would end it. Everything that could start a new command
// is a line break, and base::printable has made those visible.
std::string escape(std::string_view text, bool property) {
  std::string out;
  for (const char c : base::printable(text)) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view command(base::Severity severity) {
  switch (severity) {
    case base::Severity::error:
      return "error";
    case base::Severity::warning:
      return "warning";
    case base::Severity::info:
      return "notice";
  }
  return {};
}

}  // namespace

std::string print_github(const Findings& findings, const PrintOptions& options) {
  Locator locator(*findings.sources);
  std::string out;
  for (std::size_t i = 0; i < findings.findings.size(); ++i) {
    const base::Diagnostic& d = findings.findings[i];
    if (!is_shown(d, options)) continue;
    out += fmt::format("::{} ", command(d.severity));
    if (d.span.known()) {
      const base::Position begin = locator.begin(d.span);
      const base::Position end = locator.end(d.span);
      out += fmt::format("file={},line={},endLine={},", escape(locator.sources().name(d.span.file), true), begin.line,
                         end.line);
      // Columns are taken only for a place within one line.
      if (begin.line == end.line) out += fmt::format("col={},endColumn={},", begin.column, end.column);
    }
    const base::Rule* rule = base::find_rule(d.code);
    out += "title=" + escape(fmt::format("{} {}", d.code, rule == nullptr ? "" : rule->name), true);
    out += "::" + escape(one_text(findings, i), false) + "\n";
  }
  return out;
}

}  // namespace portcullis::report
