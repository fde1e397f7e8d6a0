#include "compiler/driver/findings_output.hpp"

#include <algorithm>
#include <cstdio>

#include "compiler/driver/output.hpp"
#include "compiler/driver/proof_findings.hpp"

namespace portcullis::driver {

std::optional<FindingsOutput> parse_findings_output(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::optional<report::Format> format = report::parse_format(text.substr(0, equals));
  if (!format) return std::nullopt;
  if (equals == std::string_view::npos) return FindingsOutput{*format, std::nullopt};
  if (equals + 1 == text.size()) return std::nullopt;
  return FindingsOutput{*format, std::string(text.substr(equals + 1))};
}

std::optional<std::vector<FindingsOutput>> findings_outputs_of(const Common& common) {
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

namespace {

bool write(const Session& session, const std::vector<FindingsOutput>& outputs, report::PrintOptions options) {
  report::Findings findings{&session.sources, session.diagnostics.all(), session.totals};
  Told told;
  if (session.proofs) {
    told = tell(session.diagnostics, *session.proofs);
    findings.findings = told.findings;
    findings.proofs = *session.proofs;
    findings.shown_by = told.shown_by;
    findings.waived = session.waived;
  }
  options.verbose = session.common.verbose;
  options.quiet = session.common.quiet;
  options.fail_on = session.settings.fail_on;
  bool written = true;
  for (const FindingsOutput& output : outputs) {
    options.colour = !output.file && coloured(session.common.color, Stream::out);
    const std::string text = report::print(output.format, findings, options);
    written &= output.file ? write_path(*output.file, text) : write_stdout(text);
  }
  return written;
}

}  // namespace

bool write_findings(const Session& session, const std::vector<FindingsOutput>& outputs, bool explain) {
  report::PrintOptions options;
  options.explain = explain;
  return write(session, outputs, options);
}

bool write_verdicts(const Session& session, const std::vector<FindingsOutput>& outputs, bool explain) {
  report::PrintOptions options;
  options.explain = explain;
  options.proofs_only = true;
  return write(session, outputs, options);
}

void print_findings_to_stderr(const Session& session) {
  std::vector<base::Diagnostic> shown;
  std::ranges::copy_if(session.diagnostics.all(), std::back_inserter(shown), [&](const base::Diagnostic& d) {
    if (d.severity == base::Severity::error) return true;
    if (session.common.quiet) return false;
    // What the result lacks: limits of a backend, objects that are served and not read; who else decides.
    const bool of_result = d.code.starts_with("PC5") || d.code == "PC1014" || d.code == "PC6005";
    return session.common.verbose || (of_result && d.severity == base::Severity::warning);
  });
  if (shown.empty()) return;
  report::PrintOptions options;
  options.colour = coloured(session.common.color, Stream::err);
  options.verbose = session.common.verbose;
  options.summary = false;
  const std::string text = report::print(report::Format::text, {&session.sources, shown, session.totals}, options);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace portcullis::driver
