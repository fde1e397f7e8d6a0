// JUnit XML as CI servers read it: one test a file and rule that has something to say, one passing test for each other
// file.
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

std::string finding_line(const base::Diagnostic& d, Locator& locator) {
  std::string place;
  if (d.span.known()) {
    const base::Position at = locator.begin(d.span);
    place = fmt::format("{}:{}:{}: ", locator.sources().name(d.span.file), at.line, at.column);
  }
  const std::string hint = d.hint.empty() ? "" : " (" + d.hint + ")";
  return xml(fmt::format("{}{}: {}{}", place, base::to_string(d.severity), d.message, hint));
}

struct Test {
  std::vector<const base::Diagnostic*> findings;
};

}  // namespace

std::string print_junit(const Findings& findings, const PrintOptions& options) {
  Locator locator(*findings.sources);
  std::map<std::pair<base::FileId, std::string>, Test> tests;
  for (base::FileId file = 1; file <= findings.sources->size(); ++file) tests[{file, ""}];
  for (const base::Diagnostic& d : findings.findings) {
    tests[{d.span.file, d.code}].findings.push_back(&d);
    tests.erase({d.span.file, ""});
  }
  std::size_t failures = 0;
  std::string cases;
  for (const auto& [key, test] : tests) {
    const auto& [file, code] = key;
    const base::Rule* rule = base::find_rule(code);
    const std::string_view place = file == 0 ? std::string_view{"input"} : findings.sources->name(file);
    const std::string name = code.empty() ? "findings" : fmt::format("{} {}", code, rule == nullptr ? "" : rule->name);
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(place), xml(name));
    std::string lines;
    const base::Diagnostic* worst = nullptr;
    for (const base::Diagnostic* d : test.findings) {
      lines += finding_line(*d, locator) + "\n";
      if (worst == nullptr || d->severity > worst->severity) worst = d;
    }
    if (worst == nullptr) {
      cases += "/>\n";
    } else if (reaches(*worst, options.fail_on)) {
      ++failures;
      cases += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">\n{}      </failure>\n    </testcase>\n",
                           base::to_string(worst->severity), xml(worst->message), lines);
    } else {
      cases += fmt::format(">\n      <system-out>\n{}      </system-out>\n    </testcase>\n", lines);
    }
  }
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\"", tests.size(), failures);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n  <testsuite name=\"portcullis\" {}>\n{}  "
      "</testsuite>\n</testsuites>\n",
      counts, counts, cases);
}

}  // namespace portcullis::report
