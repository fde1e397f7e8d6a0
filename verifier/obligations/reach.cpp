#include "verifier/obligations/reach.hpp"

#include <memory>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "verifier/obligations/reach_delivery.hpp"
#include "verifier/obligations/reach_fates.hpp"
#include "verifier/obligations/reach_ingress.hpp"

namespace portcullis::obligations {

namespace {

using verdict::Proof;
using verdict::Standing;

const char* const first_packets = "what is said of a first packet holds for its flow: conntrack treats the rest alike";
const char* const static_route =
    "packets from outside to a cluster IP or an external IP are routed to some node: the input names none";
const char* const requests_arrive =
    "a request that is forwarded to a Service with an endpoint gets there; proxies do as docs/ingress.md says";
const char* const compiled_anew =
    "when nodes are lost the rules are compiled anew without their endpoints, and balancers notice";

class Prover {
 public:
  Prover(const cluster::Cluster& cluster, smt::Session& session, Method method)
      : session_(session),
        method_(method),
        network_(cluster),
        delivery_(network_, session, method),
        fates_(network_, delivery_.targets(), session, method) {}

  Proof prove(const policy::Obligation& obligation) {
    Proof proof;
    proof.name = obligation.name();
    proof.statement = obligation.sentence->text;
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    std::visit([&](const auto& question) { answer(question, proof); }, obligation.question);
    proof.queries = session_.queries() - queries;
    proof.steps = session_.steps() - steps;
    if (proof.standing == Standing::proved) proof.reason.clear();
    return proof;
  }

 private:
  void answer(const policy::ReachableQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets, static_route};
    if (q.surviving > 0) proof.assumptions.emplace_back(compiled_anew);
    delivery_.reachable(q, proof);
    name_frontends(q.to, proof);
  }
  void answer(const policy::UnreachableQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets};
    delivery_.unreachable(*q.from, q.to, proof);
    name_frontends(q.to, proof);
  }
  void answer(const policy::OnlyQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets};
    delivery_.unreachable(*q.others, q.to, proof);
    name_frontends(q.to, proof);
  }
  void answer(const policy::PreservesSourceQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets};
    delivery_.preserves_source(q, proof);
    name_frontends(q.to, proof);
  }
  void answer(const policy::RequestReachableQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets, requests_arrive, static_route};
    if (q.surviving > 0) proof.assumptions.emplace_back(compiled_anew);
    ingresses().reachable(q, proof);
  }
  void answer(const policy::RequestUnreachableQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets, requests_arrive};
    ingresses().unreachable(q, proof);
  }
  void answer(const policy::SameFateQuestion& q, Proof& proof) {
    proof.assumptions = {first_packets};
    fates_.same(q, proof);
    for (const auto* side : {&q.first, &q.second}) {
      for (const policy::Frontend& f : *side) name_frontend(f, proof);
    }
  }
  static void answer(const policy::ForbiddenQuestion& q, Proof& proof) {
    proof.decided = "looked up";
    if (q.offenders.empty()) {
      proof.standing = Standing::proved;
      return;
    }
    proof.standing = Standing::refuted;
    const policy::ForbiddenQuestion::Offender& first = q.offenders.front();
    proof.reason = fmt::format("{} has {}", first.object.text(), first.what);
    if (q.offenders.size() > 1) proof.reason += fmt::format(", and {} others", q.offenders.size() - 1);
    for (const auto& o : q.offenders)
      proof.related.push_back({fmt::format("{} has {}", o.object.text(), o.what), o.span});
  }
  static void answer(const policy::NoConflictsQuestion& q, Proof& proof) {
    proof.decided = "looked up";
    if (q.conflicts.empty()) {
      proof.standing = Standing::proved;
      return;
    }
    proof.standing = Standing::refuted;
    const cluster::Claim& first = *q.conflicts.front();
    proof.reason = fmt::format("{} {} has {} owners", to_string(first.kind), first.key, first.owners.size());
    if (q.conflicts.size() > 1) proof.reason += fmt::format(", and {} other keys too", q.conflicts.size() - 1);
    for (const cluster::Claim* claim : q.conflicts) {
      for (const cluster::ClaimOwner& owner : claim->owners)
        proof.related.push_back({fmt::format("{} claims {}", owner.name, claim->key), owner.span});
    }
  }
  static void answer(const policy::SettledQuestion& q, Proof& proof) {
    proof.standing = Standing::proved;
    proof.decided = q.reason;
  }
  static void answer(const policy::UnsupportedQuestion& q, Proof& proof) {
    proof.standing = Standing::unknown;
    proof.reason = q.reason;
  }

  // Routers are built only for those who ask.
  Ingresses& ingresses() {
    if (ingresses_ == nullptr) ingresses_ = std::make_unique<Ingresses>(network_.cluster(), session_, method_);
    return *ingresses_;
  }

  static void name_frontends(const policy::Destination& destination, Proof& proof) {
    if (proof.standing != Standing::refuted) return;
    if (const auto* service = std::get_if<policy::ServiceDestination>(&destination)) {
      for (const policy::Frontend& f : service->frontends) name_frontend(f, proof);
    } else if (const auto* at = std::get_if<policy::AddressDestination>(&destination)) {
      for (const policy::Frontend& f : at->frontends) name_frontend(f, proof);
    } else if (const auto* pods = std::get_if<policy::PodDestination>(&destination)) {
      for (const cluster::Pod* pod : pods->pods)
        proof.related.push_back({fmt::format("Pod {}/{}", pod->ns, pod->name), pod->span});
    }
  }
  static void name_frontend(const policy::Frontend& f, Proof& proof) {
    if (proof.standing != Standing::refuted) return;
    const std::string place = f.address ? net::endpoint_text(*f.address, f.port) : std::to_string(f.port);
    proof.related.push_back({fmt::format("{} {}", to_string(f.kind), place), f.span});
  }

  smt::Session& session_;
  Method method_;
  Network network_;
  Delivery delivery_;
  Fates fates_;
  std::unique_ptr<Ingresses> ingresses_;
};

}  // namespace

std::vector<Proof> prove(const policy::Bound& bound, const cluster::Cluster& cluster, smt::Session& session,
                         Method method) {
  Prover prover(cluster, session, method);
  std::vector<Proof> out;
  out.reserve(bound.obligations.size());
  for (const policy::Obligation& obligation : bound.obligations) out.push_back(prover.prove(obligation));
  return out;
}

}  // namespace portcullis::obligations
