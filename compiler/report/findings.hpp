// A list of findings in each of the formats that people and machines read.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::report {

enum class Format { text, json, sarif, junit, github, gitlab };
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);
// `text, json, sarif, junit, github, gitlab`.
[[nodiscard]] std::string format_names();

// What was read. A report that read nothing must not look like a clean one, so every format that has a place for it
// says this.
struct Totals {
  std::map<std::string, std::size_t> kinds;  // objects read, by kind
  std::size_t passed_over = 0;               // objects of kinds that portcullis does not read
};

struct Findings {
  const base::SourceMap* sources = nullptr;    // never null when printed
  std::span<const base::Diagnostic> findings;  // sorted
  Totals totals;
  // Of commands that prove; reports of the others have no word about proofs.
  std::optional<std::span<const verdict::Proof>> proofs{};
  // Findings that say what a proof found: by index, the proof's index. Every proof that failed has one.
  std::map<std::size_t, std::size_t> shown_by{};
  std::size_t waived = 0;  // findings that are left out because somebody lives with them
};

struct PrintOptions {
  bool colour = false;       // text
  bool verbose = false;      // text, github: findings of severity info too
  bool quiet = false;        // text, github: errors only
  bool summary = true;       // text: the closing lines
  bool explain = false;      // text: every proof, with what it assumes and how it was decided
  bool proofs_only = false;  // text: no finding but those of proofs, and a line for each that is proved
  // From which severity a finding counts as a failure (junit, and the text's last word); nothing: never.
  std::optional<base::Severity> fail_on = base::Severity::error;
};

struct Counts {
  std::size_t errors = 0, warnings = 0, infos = 0;
};
[[nodiscard]] Counts count(std::span<const base::Diagnostic> findings);

// The proof that a finding tells of, or nullptr.
[[nodiscard]] const verdict::Proof* proof_of(const Findings& findings, std::size_t index);
// The message of a finding, its hint and, if the message does not have it, the packet that shows it: for reports that
// have one text a finding.
[[nodiscard]] std::string one_text(const Findings& findings, std::size_t index);

// Whether it is shown where people read: without -v no advice, with -q errors only.
[[nodiscard]] bool is_shown(const base::Diagnostic& finding, const PrintOptions& options);

// Whether a finding reaches the severity.
[[nodiscard]] bool reaches(const base::Diagnostic& finding, std::optional<base::Severity> fail_on);

// The whole report; ends with a line break, or is empty. Bytes of the input that are no UTF-8 never reach the output as
// they are.
[[nodiscard]] std::string print(Format format, const Findings& findings, const PrintOptions& options);

// `4 Services, 2 Deployments`; `no object` for none.
[[nodiscard]] std::string totals_text(const Totals& totals);

// One format each.
[[nodiscard]] std::string print_text(const Findings& findings, const PrintOptions& options);
[[nodiscard]] std::string print_json(const Findings& findings);
[[nodiscard]] std::string print_sarif(const Findings& findings);
[[nodiscard]] std::string print_junit(const Findings& findings, const PrintOptions& options);
[[nodiscard]] std::string print_github(const Findings& findings, const PrintOptions& options);
[[nodiscard]] std::string print_gitlab(const Findings& findings);

}  // namespace portcullis::report
