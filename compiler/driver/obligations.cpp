#include "compiler/driver/obligations.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "verifier/obligations/conflicts.hpp"
#include "verifier/obligations/contradictions.hpp"
#include "verifier/obligations/reach.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;
using verdict::Standing;

// The sentence `no conflicts` says what is proved without being asked, placements and listeners of nodes included. Its
// proof is the conjunction of those.
void take_from(std::span<const Proof> built_in, Proof& proof) {
  proof.standing = Standing::proved;
  proof.reason.clear();
  proof.related.clear();
  std::vector<std::string> names;
  for (const Proof& part : built_in) {
    if (!part.name.starts_with("no-conflicts.")) continue;
    if (std::ranges::find(names, part.name) == names.end()) names.push_back(part.name);
    if (part.standing == Standing::refuted && proof.standing != Standing::refuted) {
      proof.standing = Standing::refuted;
      proof.reason = part.reason;
      proof.witness = part.witness;
      proof.node = part.node;
      proof.placement = part.placement;
      proof.related = part.related;
    } else if (part.standing == Standing::unknown && proof.standing == Standing::proved) {
      proof.standing = Standing::unknown;
      proof.reason = part.reason;
    }
  }
  proof.decided = names.empty() ? "nobody has a port" : "see " + base::list_text(names);
}

}  // namespace

std::vector<Proof> prove_built_in(const cluster::Cluster& cluster, smt::Session& session, obligations::Method method,
                                  base::Diagnostics& diagnostics) {
  std::vector<Proof> proofs = obligations::prove_no_conflicts(cluster, session, diagnostics);
  std::vector<Proof> liveness = obligations::prove_liveness(cluster, session, method);
  // Nobody has claimed that there is anything to reach.
  std::erase_if(liveness, [](const Proof& proof) { return proof.standing == Standing::vacuous; });
  std::ranges::move(liveness, std::back_inserter(proofs));
  return proofs;
}

void report_contradictions(const policy::Bound& bound, const cluster::Cluster& cluster,
                           base::Diagnostics& diagnostics) {
  for (const obligations::Contradiction& c : obligations::contradictions(bound, cluster)) {
    const policy::Statement &demands = *bound.obligations[c.demands].sentence,
                            &forbids = *bound.obligations[c.forbids].sentence;
    base::Diagnostic& d = diagnostics.add(
        "PC4008", fmt::format("{} demands what {} forbids: {}", demands.place, forbids.place, c.packet.text()),
        demands.span);
    d.related.push_back({"forbidden by", forbids.span});
  }
}

std::vector<Proof> prove_sentences(const policy::Bound& bound, const cluster::Cluster& cluster, smt::Session& session,
                                   obligations::Method method, std::span<const Proof> built_in) {
  std::vector<Proof> proofs = obligations::prove(bound, cluster, session, method);
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    const policy::Obligation& obligation = bound.obligations.at(i);
    if (std::holds_alternative<policy::NoConflictsQuestion>(obligation.question)) take_from(built_in, proofs[i]);
    if (obligation.sentence->several) proofs[i].statement += " [" + obligation.about + "]";
    proofs[i].span = obligation.sentence->span;
    const bool lost = std::ranges::any_of(proofs[i].placement, [](const auto& p) { return p.first == "lost"; });
    if (lost) proofs[i].code = "PC6006";
  }
  return proofs;
}

}  // namespace portcullis::driver
