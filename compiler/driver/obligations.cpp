#include "compiler/driver/obligations.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "verifier/obligations/conflicts.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;
using verdict::Standing;

// One question of a policy after the other; each overload fills in what became of it.
class Sentences {
 public:
  explicit Sentences(std::span<const Proof> built_in) : built_in_(built_in) {}

  Proof prove(const policy::Obligation& obligation) {
    proof_ = {};
    proof_.name = obligation.name();
    proof_.statement = obligation.sentence->text;
    if (obligation.sentence->several) proof_.statement += " [" + obligation.about + "]";
    proof_.span = obligation.sentence->span;
    std::visit([&](const auto& question) { answer(question); }, obligation.question);
    return std::move(proof_);
  }

 private:
  void answer(const policy::ReachableQuestion& /*question*/) { leave_open("`reachable`"); }
  void answer(const policy::UnreachableQuestion& /*question*/) { leave_open("`unreachable`"); }
  void answer(const policy::OnlyQuestion& /*question*/) { leave_open("`only … reaches`"); }
  void answer(const policy::PreservesSourceQuestion& /*question*/) { leave_open("`preserves source`"); }
  void answer(const policy::SameFateQuestion& /*question*/) { leave_open("`same fate`"); }

  void answer(const policy::ForbiddenQuestion& question) {
    proof_.decided = "every object was looked up";
    if (question.offenders.empty()) {
      proof_.standing = Standing::proved;
      return;
    }
    proof_.standing = Standing::refuted;
    std::vector<std::string> offenders;
    for (const policy::ForbiddenQuestion::Offender& offender : question.offenders) {
      offenders.push_back(fmt::format("{} has {}", offender.object.text(), offender.what));
      proof_.related.push_back({offenders.back(), offender.span});
    }
    proof_.reason = fmt::format("{}", fmt::join(offenders, ", "));
  }

  // The same as what is proved without being asked.
  void answer(const policy::NoConflictsQuestion& /*question*/) {
    proof_.standing = Standing::proved;
    std::vector<std::string> names;
    for (const Proof& part : built_in_) {
      if (!part.name.starts_with("no-conflicts.")) continue;
      if (std::ranges::find(names, part.name) == names.end()) names.push_back(part.name);
      if (part.standing == Standing::refuted && proof_.standing != Standing::refuted) {
        proof_.standing = Standing::refuted;
        proof_.reason = part.reason;
        proof_.witness = part.witness;
        proof_.node = part.node;
        proof_.placement = part.placement;
        proof_.related = part.related;
      } else if (part.standing == Standing::unknown && proof_.standing == Standing::proved) {
        proof_.standing = Standing::unknown;
        proof_.reason = part.reason;
      }
    }
    proof_.decided = "see " + base::list_text(names);
  }

  void answer(const policy::SettledQuestion& question) {
    proof_.standing = Standing::proved;
    proof_.decided = question.reason;
  }

  void answer(const policy::UnsupportedQuestion& question) {
    proof_.standing = Standing::unknown;
    proof_.reason = question.reason;
  }

  void leave_open(std::string_view what) {
    proof_.standing = Standing::unknown;
    proof_.reason = fmt::format("this version reads {} and cannot decide it", what);
  }

  std::span<const Proof> built_in_;
  Proof proof_;
};

}  // namespace

std::vector<Proof> prove_built_in(const cluster::Cluster& cluster, smt::Session& session,
                                  base::Diagnostics& diagnostics) {
  return obligations::prove_no_conflicts(cluster, session, diagnostics);
}

std::vector<Proof> prove_sentences(const policy::Bound& bound, const cluster::Cluster& /*cluster*/,
                                   smt::Session& /*session*/, std::span<const Proof> built_in) {
  Sentences sentences(built_in);
  std::vector<Proof> proofs;
  proofs.reserve(bound.obligations.size());
  for (const policy::Obligation& obligation : bound.obligations) proofs.push_back(sentences.prove(obligation));
  return proofs;
}

}  // namespace portcullis::driver
