#include "compiler/report/proofs.hpp"

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/packet.hpp"
#include "compiler/report/request.hpp"

namespace portcullis::report {

namespace {

using verdict::Proof;
using verdict::Standing;

void line(std::string& out, std::string_view what, std::string_view text) {
  out += fmt::format("  {}{}\n", what, base::printable(text));
}

std::string proof_text(const Proof& proof, bool explain) {
  std::string out = fmt::format("{}: {}\n", verdict::to_string(proof.standing), base::printable(proof.statement));
  if (!proof.reason.empty()) line(out, "", proof.reason);
  if (!proof.waived.empty()) line(out, "waived ", proof.waived);
  for (const std::string& text : placement_texts(proof)) line(out, "placed: ", text);
  if (!explain) return out;
  if (const std::string text = witness_text(proof); !text.empty()) line(out, "witness: ", text);
  line(out, "decided: ",
       fmt::format("{}{}{} {}, {} steps", proof.decided, proof.decided.empty() ? "" : "; ", proof.queries,
                   proof.queries == 1 ? "query" : "queries", proof.steps));
  for (const std::string& text : proof.assumptions) line(out, "assumed: ", text);
  for (const std::string& text : proof.except) line(out, "except: ", text);
  for (const std::string& text : proof.dead) line(out, "dead: ", text);
  return out;
}

}  // namespace

ProofCounts count_proofs(std::span<const Proof> proofs) {
  ProofCounts counts;
  for (const Proof& proof : proofs) {
    switch (proof.standing) {
      case Standing::proved:
        ++counts.proved;
        break;
      case Standing::refuted:
        ++(proof.waived.empty() ? counts.refuted : counts.waived);
        break;
      case Standing::unknown:
        ++counts.unknown;
        break;
      case Standing::vacuous:
        ++counts.vacuous;
        break;
    }
  }
  return counts;
}

std::string proofs_summary(std::span<const Proof> proofs) {
  const ProofCounts counts = count_proofs(proofs);
  std::string out = fmt::format("{} proved, {} refuted, {} unknown", counts.proved, counts.refuted, counts.unknown);
  if (counts.vacuous > 0) out += fmt::format(", {} vacuous", counts.vacuous);
  if (counts.waived > 0) out += fmt::format(", {} refuted and waived", counts.waived);
  return out;
}

std::string witness_text(const Proof& proof) {
  if (proof.request) return request_line(*proof.request);
  if (!proof.witness) return {};
  return packet_line(*proof.witness) + (proof.node.empty() ? "" : ", on " + proof.node);
}

std::vector<std::string> placement_texts(const Proof& proof) {
  std::vector<std::string> out;
  for (const auto& [what, node] : proof.placement)
    out.push_back(what == "lost" ? "without " + node : fmt::format("{} on {}", what, node));
  return out;
}

std::string proofs_text(std::span<const Proof> proofs, bool explain) {
  std::string out;
  for (const Proof& proof : proofs) out += proof_text(proof, explain);
  return out;
}

}  // namespace portcullis::report
