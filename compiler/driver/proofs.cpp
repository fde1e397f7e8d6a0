#include "compiler/driver/proofs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;
using verdict::Standing;

smt::Limits limits(const ProofOptions& options) {
  smt::Limits out;
  if (options.limit) out.steps = *options.limit;
  return out;
}

std::string proof_text(const Proof& proof, bool explain) {
  std::string out = fmt::format("{}: {}\n", verdict::to_string(proof.standing), proof.statement);
  if (!proof.reason.empty()) out += fmt::format("  {}\n", proof.reason);
  for (const auto& [what, node] : proof.placement) out += fmt::format("  placed: {} on {}\n", what, node);
  if (!explain) return out;
  out += fmt::format("  decided by {}; {} queries, {} steps\n", proof.decided, proof.queries, proof.steps);
  for (const std::string& a : proof.assumptions) out += fmt::format("  assumed: {}\n", a);
  for (const std::string& e : proof.except) out += fmt::format("  except: {}\n", e);
  return out;
}

}  // namespace

Solver::Solver(const ProofOptions& options, const std::string& name) : session(limits(options)) {
  if (!options.dump) return;
  const std::string directory = *options.dump + "/" + name;
  if (make_directory(directory)) session.dump_to(directory);
}

obligations::Method method(const ProofOptions& options) {
  return options.each ? obligations::Method::each : obligations::Method::shapes;
}

std::string proofs_text(std::span<const Proof> proofs, bool explain) {
  std::string out;
  for (const Proof& proof : proofs) out += proof_text(proof, explain);
  return out;
}

int status_of(std::span<const Proof> proofs) {
  const auto any = [&](Standing standing) {
    return std::ranges::find(proofs, standing, &Proof::standing) != proofs.end();
  };
  if (any(Standing::refuted)) return exit_findings;
  if (any(Standing::unknown)) return exit_unknown;
  return any(Standing::vacuous) ? exit_findings : exit_done;
}

}  // namespace portcullis::driver
