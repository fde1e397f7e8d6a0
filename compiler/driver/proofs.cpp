#include "compiler/driver/proofs.hpp"

#include <algorithm>

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

}  // namespace

Solver::Solver(const ProofOptions& options, const std::string& name) : session(limits(options)) {
  if (options.cache && make_directory(*options.cache)) session.keep_theorems_in(*options.cache);
  if (!options.dump) return;
  const std::string directory = *options.dump + "/" + name;
  if (make_directory(directory)) session.dump_to(directory);
}

obligations::Method method(const ProofOptions& options) {
  switch (options.by) {
    case ProveBy::shapes:
      return obligations::Method::shapes;
    case ProveBy::each:
      return obligations::Method::each;
    case ProveBy::plain:
      return obligations::Method::plain;
  }
  return obligations::Method::shapes;
}

int status_of(std::span<const Proof> proofs) {
  const auto any = [&](Standing standing) {
    return std::ranges::any_of(proofs, [&](const Proof& p) { return p.standing == standing && p.waived.empty(); });
  };
  if (any(Standing::refuted)) return exit_findings;
  if (any(Standing::unknown)) return exit_unknown;
  return any(Standing::vacuous) ? exit_findings : exit_done;
}

}  // namespace portcullis::driver
