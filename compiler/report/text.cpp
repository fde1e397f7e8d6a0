// Findings for people, in the manner of compilers:
//
//   error[PC2007]: Service shop/web has 2 ports: each needs a name
//     --> web.yaml:7:5
//      |
//    7 |   - port: 443
//      |     ^^^^^^^^^
//      = help: name it `tcp-443`
#include "compiler/base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/report/findings.hpp"
#include "compiler/report/locator.hpp"
#include "compiler/report/proofs.hpp"
#include "compiler/report/snippet.hpp"
#include "compiler/report/style.hpp"

namespace portcullis::report {

namespace {

class Printer {
 public:
  Printer(const Findings& findings, bool colour) : locator_(*findings.sources), style_(colour) {}

  void finding(const base::Diagnostic& d, const verdict::Proof* proof) {
    out_ += style_.severity(d.severity, fmt::format("{}[{}]", base::to_string(d.severity), d.code));
    out_ += style_.strong(": " + base::printable(d.message)) + "\n";
    std::size_t margin = width(d.span);
    for (const base::Related& r : d.related) margin = std::max(margin, width(r.span));
    place(d.span, d.severity, margin);
    if (!d.span.known() && !d.object.kind.empty()) line(margin, "= in " + base::printable(d.object.text()));
    if (proof != nullptr) witness(*proof, margin);
    for (const base::Related& r : d.related) {
      line(margin, "= note: " + base::printable(r.message));
      place(r.span, base::Severity::info, margin);
    }
    if (!d.hint.empty()) line(margin, "= help: " + base::printable(d.hint));
    out_ += "\n";
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  // Columns of the line number.
  [[nodiscard]] std::size_t width(base::SourceSpan span) {
    return span.known() ? std::to_string(locator_.begin(span).line).size() : 1;
  }

  void line(std::size_t margin, const std::string& text) {
    out_ += std::string(margin + 1, ' ') + style_.frame(text.substr(0, 1)) + text.substr(1) + "\n";
  }

  void witness(const verdict::Proof& proof, std::size_t margin) {
    if (const std::string text = witness_text(proof); !text.empty())
      line(margin, "= witness: " + base::printable(text));
    for (const std::string& text : placement_texts(proof)) line(margin, "= placed: " + base::printable(text));
  }

  void place(base::SourceSpan span, base::Severity severity, std::size_t margin) {
    if (!span.known()) return;
    const base::Position at = locator_.begin(span);
    const std::string name = base::printable(locator_.sources().name(span.file));
    out_ += fmt::format("{}{} {}:{}:{}\n", std::string(margin, ' '), style_.frame("-->"), name, at.line, at.column);
    const Snippet shown = snippet(span, locator_);
    const std::string bar = style_.frame("|");
    out_ += fmt::format("{} {}\n", std::string(margin, ' '), bar);
    out_ += fmt::format("{} {} {}\n", style_.frame(fmt::format("{:>{}}", at.line, margin)), bar, shown.line);
    const std::size_t first = shown.carets.find('^');
    out_ += fmt::format("{} {} {}{}\n", std::string(margin, ' '), bar, shown.carets.substr(0, first),
                        style_.severity(severity, shown.carets.substr(first)));
  }

  Locator locator_;
  Style style_;
  std::string out_;
};

std::string number(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

// A line for each proof that holds, then how many do not.
std::string verdicts(std::span<const verdict::Proof> proofs, const PrintOptions& options) {
  std::string out;
  if (options.explain) {
    out += proofs_text(proofs, true);
  } else if (!options.quiet) {
    for (const verdict::Proof& proof : proofs) {
      if (proof.standing == verdict::Standing::proved) out += "proved: " + base::printable(proof.statement) + "\n";
    }
  }
  return options.quiet || !options.summary || proofs.empty() ? out : out + proofs_summary(proofs) + "\n";
}

}  // namespace

std::string print_text(const Findings& findings, const PrintOptions& options) {
  Printer printer(findings, options.colour);
  for (std::size_t i = 0; i < findings.findings.size(); ++i) {
    const verdict::Proof* proof = proof_of(findings, i);
    if (options.proofs_only && proof == nullptr) continue;
    if (is_shown(findings.findings[i], options)) printer.finding(findings.findings[i], proof);
  }
  std::string out = printer.take();
  if (options.proofs_only) return out + verdicts(findings.proofs.value_or(std::span<const verdict::Proof>{}), options);
  if (findings.proofs && options.explain) out += proofs_text(*findings.proofs, true) + "\n";
  if (options.quiet || !options.summary) return out;
  const Counts counts = count(findings.findings);
  const Style style(options.colour);
  if (counts.errors + counts.warnings == 0) {
    out += style.good("no errors, no warnings");
  } else {
    if (counts.errors > 0) out += style.severity(base::Severity::error, number(counts.errors, "error"));
    if (counts.errors > 0 && counts.warnings > 0) out += ", ";
    if (counts.warnings > 0) out += style.severity(base::Severity::warning, number(counts.warnings, "warning"));
  }
  if (counts.infos > 0) {
    out += ", " + number(counts.infos, "note");
    if (!options.verbose) out += " (shown with -v)";
  }
  if (findings.waived > 0) out += fmt::format(", {} waived", findings.waived);
  out += " in " + totals_text(findings.totals) + "\n";
  if (findings.proofs) out += proofs_summary(*findings.proofs) + "\n";
  return out;
}

}  // namespace portcullis::report
