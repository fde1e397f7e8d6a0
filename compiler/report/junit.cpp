// JUnit XML as CI servers read it: one test a file and rule that has something to say, one passing test for each other
// file, one for each proof.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/catalogue.hpp"
#include "compiler/base/text.hpp"
#include "compiler/report/findings.hpp"
#include "compiler/report/locator.hpp"

namespace portcullis::report {

namespace {

// XML 1.0 allows no control characters at all, not even escaped: they are made visible first.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : base::printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string finding_line(const base::Diagnostic& d, const std::string& text, Locator& locator) {
  std::string place;
  if (d.span.known()) {
    const base::Position at = locator.begin(d.span);
    place = fmt::format("{}:{}:{}: ", locator.sources().name(d.span.file), at.line, at.column);
  }
  return xml(fmt::format("{}{}: {}", place, base::to_string(d.severity), text));
}

// Test cases as they are written, and their number.
struct Cases {
  std::string text;
  std::size_t all = 0, failures = 0;

  void begin(std::string_view place, std::string_view name) {
    ++all;
    text += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(place), xml(name));
  }
  void pass() { text += "/>\n"; }
  void say(const std::string& lines) {
    text += fmt::format(">\n      <system-out>\n{}      </system-out>\n    </testcase>\n", lines);
  }
  void fail(std::string_view type, std::string_view message, const std::string& lines) {
    ++failures;
    text += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">\n{}      </failure>\n    </testcase>\n", type,
                        xml(message), lines);
  }
};

// One a file and rule.
void add_findings(const Findings& findings, const PrintOptions& options, Locator& locator, Cases& cases) {
  std::map<std::pair<base::FileId, std::string>, std::vector<std::size_t>> tests;
  for (base::FileId file = 1; file <= findings.sources->size(); ++file) tests[{file, ""}];
  for (std::size_t i = 0; i < findings.findings.size(); ++i) {
    const base::Diagnostic& d = findings.findings[i];
    // A proof that failed is a test of its own.
    if (d.code.starts_with("PC6") && proof_of(findings, i) != nullptr) continue;
    tests[{d.span.file, d.code}].push_back(i);
    tests.erase({d.span.file, ""});
  }
  for (const auto& [key, test] : tests) {
    const auto& [file, code] = key;
    const base::Rule* rule = base::find_rule(code);
    const std::string_view place = file == 0 ? std::string_view{"input"} : findings.sources->name(file);
    cases.begin(place, code.empty() ? "findings" : fmt::format("{} {}", code, rule == nullptr ? "" : rule->name));
    std::string lines;
    const base::Diagnostic* worst = nullptr;
    for (const std::size_t i : test) {
      const base::Diagnostic& d = findings.findings[i];
      lines += finding_line(d, one_text(findings, i), locator) + "\n";
      if (worst == nullptr || d.severity > worst->severity) worst = &d;
    }
    if (worst == nullptr) {
      cases.pass();
    } else if (reaches(*worst, options.fail_on)) {
      cases.fail(base::to_string(worst->severity), worst->message, lines);
    } else {
      cases.say(lines);
    }
  }
}

// The findings that tell of a proof.
std::string told_of(const Findings& findings, std::size_t proof, Locator& locator) {
  std::string lines;
  for (const auto& [finding, shown] : findings.shown_by) {
    if (shown == proof) lines += finding_line(findings.findings[finding], one_text(findings, finding), locator) + "\n";
  }
  return lines;
}

void add_proofs(const Findings& findings, Locator& locator, Cases& cases) {
  const std::span<const verdict::Proof> proofs = *findings.proofs;
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    const verdict::Proof& proof = proofs[i];
    const bool asked = proof.span.known();  // by a sentence, which is in the name
    cases.begin(asked ? std::string_view{findings.sources->name(proof.span.file)} : std::string_view{"portcullis"},
                asked ? proof.name : fmt::format("{}: {}", proof.name, proof.statement));
    if (proof.standing == verdict::Standing::proved) {
      cases.pass();
    } else if (!proof.waived.empty()) {
      cases.say(xml(fmt::format("{}: {}; waived {}", verdict::to_string(proof.standing), proof.reason, proof.waived)) +
                "\n");
    } else {
      cases.fail(verdict::to_string(proof.standing), proof.reason, told_of(findings, i, locator));
    }
  }
}

}  // namespace

std::string print_junit(const Findings& findings, const PrintOptions& options) {
  Locator locator(*findings.sources);
  Cases cases;
  add_findings(findings, options, locator, cases);
  if (findings.proofs) add_proofs(findings, locator, cases);
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\"", cases.all, cases.failures);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n  <testsuite name=\"portcullis\" {}>\n{}  "
      "</testsuite>\n</testsuites>\n",
      counts, counts, cases.text);
}

}  // namespace portcullis::report
