#include "compiler/driver/proof_findings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "compiler/policy/values.hpp"
#include "compiler/policy/waivers.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;
using verdict::Standing;

bool is_in(const Proof& proof, base::SourceSpan span) {
  return span.known() && std::ranges::find(proof.related, span, &base::Related::span) != proof.related.end();
}

// Findings of conflicts stand at one of those who take part, and name another one.
bool tells_of(const base::Diagnostic& finding, const Proof& proof) {
  constexpr std::array<std::string_view, 9> of_conflicts{"PC2037", "PC2038", "PC3102", "PC3103", "PC3503",
                                                         "PC3504", "PC3506", "PC3507", "PC6007"};
  if (proof.standing != Standing::refuted || !is_in(proof, finding.span)) return false;
  if (std::ranges::find(of_conflicts, finding.code) == of_conflicts.end()) return false;
  const auto known = [](const base::Related& r) { return r.span.known(); };
  return std::ranges::none_of(finding.related, known) ||
         std::ranges::any_of(finding.related, [&](const base::Related& r) { return is_in(proof, r.span); });
}

std::string code_of(const Proof& proof) {
  switch (proof.standing) {
    case Standing::refuted:
      return proof.code;
    case Standing::unknown:
      return "PC6002";
    case Standing::vacuous:
    case Standing::proved:
      break;
  }
  return "PC6003";
}

// At the line of the manifest that decides, where there is one; else at the sentence.
base::Diagnostic finding_of(const Proof& proof) {
  const auto decides = [](const base::Related& r) { return r.span.known() && r.message != "lost"; };
  const auto deciding = std::ranges::find_if(proof.related, decides);
  const bool at_manifest = proof.standing == Standing::refuted && deciding != proof.related.end();
  std::string message = fmt::format("{}: {}", verdict::to_string(proof.standing), proof.statement);
  if (!proof.reason.empty()) message += ": " + proof.reason;
  if (at_manifest && message.find(deciding->message) == std::string::npos)
    message += ", because of " + deciding->message;
  base::Diagnostics out;
  base::Diagnostic& finding = out.add(code_of(proof), std::move(message), at_manifest ? deciding->span : proof.span);
  if (at_manifest && proof.span.known()) finding.related.push_back({"the sentence", proof.span});
  for (const base::Related& r : proof.related) {
    if (!at_manifest || &r != &*deciding) finding.related.push_back(r);
  }
  return finding;
}

}  // namespace

Told tell(const base::Diagnostics& diagnostics, std::span<const Proof> proofs) {
  Told told{diagnostics.all(), {}};
  for (std::size_t p = 0; p < proofs.size(); ++p) {
    if (proofs[p].standing == Standing::proved) continue;
    bool is_told = !proofs[p].waived.empty();
    for (std::size_t f = 0; f < diagnostics.all().size(); ++f) {
      const base::Diagnostic& finding = diagnostics.all()[f];
      if (!tells_of(finding, proofs[p])) continue;
      told.shown_by.try_emplace(f, p);
      is_told |= finding.severity == base::Severity::error;
    }
    if (is_told) continue;
    told.shown_by.emplace(told.findings.size(), p);
    told.findings.push_back(finding_of(proofs[p]));
  }
  return told;
}

std::size_t waive(std::span<const policy::Waiver> waivers, base::Diagnostics& diagnostics, std::span<Proof> proofs) {
  policy::Waived result = policy::apply(waivers, diagnostics);
  for (Proof& proof : proofs) {
    const auto tells = [&](const base::Diagnostic& d) { return tells_of(d, proof); };
    if (std::ranges::any_of(result.remaining.all(), tells)) continue;
    const auto found = std::ranges::find_if(result.waived, tells, &policy::Waived::Finding::finding);
    if (found == result.waived.end()) continue;
    const policy::Waiver& waiver = waivers[found->waiver];
    proof.waived = fmt::format("until {}: {}", policy::date_text(waiver.until), waiver.reason);
  }
  diagnostics = std::move(result.remaining);
  policy::report_unused(waivers, result.matched, diagnostics);
  return result.waived.size();
}

}  // namespace portcullis::driver
