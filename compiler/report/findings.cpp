#include "compiler/report/findings.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/proofs.hpp"

namespace portcullis::report {

namespace {

constexpr std::array<std::pair<std::string_view, Format>, 6> formats{{{"text", Format::text},
                                                                      {"json", Format::json},
                                                                      {"sarif", Format::sarif},
                                                                      {"junit", Format::junit},
                                                                      {"github", Format::github},
                                                                      {"gitlab", Format::gitlab}}};

// Kubernetes kinds are English nouns: Ingress, IngressClass, NetworkPolicy, Endpoints.
std::string plural(const std::string& kind) {
  if (kind == "Endpoints") return kind;
  if (kind.ends_with("ss")) return kind + "es";
  if (kind.ends_with("cy")) return kind.substr(0, kind.size() - 1) + "ies";
  return kind + "s";
}

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  const auto found = std::ranges::find(formats, name, &std::pair<std::string_view, Format>::first);
  if (found == formats.end()) return std::nullopt;
  return found->second;
}

std::string format_names() {
  std::string out;
  for (const auto& [name, format] : formats) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

Counts count(std::span<const base::Diagnostic> findings) {
  Counts counts;
  for (const base::Diagnostic& finding : findings) {
    switch (finding.severity) {
      case base::Severity::error:
        ++counts.errors;
        break;
      case base::Severity::warning:
        ++counts.warnings;
        break;
      case base::Severity::info:
        ++counts.infos;
        break;
    }
  }
  return counts;
}

const verdict::Proof* proof_of(const Findings& findings, std::size_t index) {
  const auto found = findings.shown_by.find(index);
  return found == findings.shown_by.end() || !findings.proofs ? nullptr : &(*findings.proofs)[found->second];
}

std::string one_text(const Findings& findings, std::size_t index) {
  const base::Diagnostic& d = findings.findings[index];
  std::string out = d.message;
  const verdict::Proof* proof = proof_of(findings, index);
  const std::string witness = proof == nullptr ? std::string{} : witness_text(*proof);
  const std::string bare = proof == nullptr || !proof->witness ? witness : proof->witness->text();
  if (!witness.empty() && out.find(bare) == std::string::npos) out += "; for example " + witness;
  if (!d.hint.empty()) out += " (" + d.hint + ")";
  return out;
}

bool is_shown(const base::Diagnostic& finding, const PrintOptions& options) {
  switch (finding.severity) {
    case base::Severity::error:
      return true;
    case base::Severity::warning:
      return !options.quiet;
    case base::Severity::info:
      return options.verbose && !options.quiet;
  }
  return true;
}

bool reaches(const base::Diagnostic& finding, std::optional<base::Severity> fail_on) {
  return fail_on && finding.severity >= *fail_on;
}

std::string totals_text(const Totals& totals) {
  std::vector<std::string> parts;
  parts.reserve(totals.kinds.size() + 1);
  for (const auto& [kind, number] : totals.kinds) {
    parts.push_back(fmt::format("{} {}", number, number == 1 ? kind : plural(kind)));
  }
  if (totals.passed_over > 0) parts.push_back(fmt::format("{} of other kinds", totals.passed_over));
  return parts.empty() ? "no object" : base::printable(base::list_text(parts));
}

std::string print(Format format, const Findings& findings, const PrintOptions& options) {
  switch (format) {
    case Format::text:
      return print_text(findings, options);
    case Format::json:
      return print_json(findings);
    case Format::sarif:
      return print_sarif(findings);
    case Format::junit:
      return print_junit(findings, options);
    case Format::github:
      return print_github(findings, options);
    case Format::gitlab:
      return print_gitlab(findings);
  }
  return {};
}

}  // namespace portcullis::report
