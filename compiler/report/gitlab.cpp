// GitLab's Code Quality report (a subset of Code Climate's): a JSON list that merge requests show. It has no room for a
// schema name.
#include "compiler/report/findings.hpp"
#include "compiler/report/fingerprint.hpp"
#include "compiler/report/json.hpp"
#include "compiler/report/locator.hpp"

namespace portcullis::report {

namespace {

std::string_view severity(base::Severity severity) {
  switch (severity) {
    case base::Severity::error:
      return "major";
    case base::Severity::warning:
      return "minor";
    case base::Severity::info:
      return "info";
  }
  return {};
}

}  // namespace

std::string print_gitlab(const Findings& findings) {
  Locator locator(*findings.sources);
  Fingerprints fingerprints(*findings.sources);
  Json all = Json::array();
  for (std::size_t i = 0; i < findings.findings.size(); ++i) {
    const base::Diagnostic& d = findings.findings[i];
    // GitLab drops an entry without a path.
    const std::string path = d.span.known() ? findings.sources->name(d.span.file) : "input";
    const base::Position begin = d.span.known() ? locator.begin(d.span) : base::Position{1, 1};
    const base::Position end = d.span.known() ? locator.end(d.span) : base::Position{1, 1};
    all.push_back({{"description", one_text(findings, i)},
                   {"check_name", d.code},
                   {"fingerprint", fingerprints.of(d, proof_of(findings, i))},
                   {"severity", severity(d.severity)},
                   {"location", {{"path", path}, {"lines", {{"begin", begin.line}, {"end", end.line}}}}}});
  }
  return dump(all) + "\n";
}

}  // namespace portcullis::report
