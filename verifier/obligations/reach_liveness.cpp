// What has to hold of every Service, without a sentence that asks for it.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/policy/destinations.hpp"
#include "verifier/obligations/likely.hpp"
#include "verifier/obligations/reach.hpp"
#include "verifier/obligations/reach_delivery.hpp"
#include "verifier/obligations/reach_fates.hpp"
#include "verifier/obligations/reach_replay.hpp"

namespace portcullis::obligations {

namespace {

using verdict::Proof;
using verdict::Standing;

// More failures of one kind are not told one by one.
constexpr std::size_t most_failures = 100;

bool usable(const cluster::Endpoint& e) {
  return e.ready || (e.serving && e.terminating);
}

std::string text(const policy::Frontend& f) {
  const std::string name = service_port_name(*f.service, *f.service_port);
  return f.address ? fmt::format("{} {} of {}", to_string(f.kind), net::endpoint_text(*f.address, f.port), name)
                   : fmt::format("node port {} of {}", f.port, name);
}

class Liveness {
 public:
  Liveness(const cluster::Cluster& cluster, smt::Session& session, Method method)
      : session_(session),
        method_(method),
        network_(cluster),
        delivery_(network_, session, method),
        fates_(network_, delivery_.targets(), session, method) {
    reached_.whole.name = "liveness.frontends";
    reached_.whole.statement = "every frontend of a Service has a way to an endpoint";
    alike_.whole.name = "liveness.same-fate";
    alike_.whole.statement = "the frontends of a Service with traffic policies Cluster have the same fate";
    for (Family* f : {&reached_, &alike_})
      f->whole.assumptions = {"what is said of a first packet holds for its flow: conntrack treats the rest alike"};
  }

  std::vector<Proof> run() {
    for (const cluster::Service& service : network_.cluster().services) {
      if (!service.programmed()) continue;
      for (const cluster::ServicePort& port : service.ports) one_port(service, port);
    }
    std::vector<Proof> out;
    finish(reached_, "frontends", out);
    finish(alike_, "pairs of frontends", out);
    return out;
  }

 private:
  struct Family {
    Proof whole;
    std::vector<Proof> refuted;
    std::size_t asked = 0, failed = 0;
  };

  void one_port(const cluster::Service& service, const cluster::ServicePort& port) {
    const std::vector<policy::Frontend> frontends = policy::frontends_of(service, port);
    for (const net::Family family : net::all_families) {
      if (service.cluster_ip(family) == nullptr) continue;
      const bool any = std::ranges::any_of(
          port.endpoints, [&](const cluster::Endpoint& e) { return e.address.family() == family && usable(e); });
      if (!any) {
        reached_.whole.except.push_back(
            fmt::format("{} has no {} endpoint to use", service_port_name(service, port), net::to_string(family)));
        continue;
      }
      for (const policy::Frontend& f : frontends) {
        if (!f.address || f.address->family() == family) ask_reached(f, family);
      }
    }
    const bool everywhere = service.external_policy == cluster::TrafficPolicy::cluster &&
                            service.internal_policy == cluster::TrafficPolicy::cluster;
    if (!everywhere) return;
    for (std::size_t i = 1; i < frontends.size(); ++i) {
      // Somebody who restricts a balancer's addresses does not want them to be like the others.
      if (service.has_source_ranges && frontends[i].kind == policy::FrontendKind::load_balancer) {
        alike_.whole.except.push_back(text(frontends[i]) + " takes only its source ranges");
      } else {
        ask_alike(frontends.front(), frontends[i]);
      }
    }
  }

  // Unsatisfiable iff nobody reaches an endpoint by the frontend; so this one is proved by a packet, the solver's only
  // if the next best does not arrive.
  void ask_reached(const policy::Frontend& frontend, net::Family family) {
    std::vector<Key> keys;
    delivery_.targets().add_keys(frontend, family, keys);
    if (keys.empty()) return;
    ++reached_.asked;
    // One packet that gets there is all that is asked for: from where the Service takes them, or from anywhere.
    net::Packet sample = packet_to(keys.front());
    sample.sport = client_port;
    Played played;
    for (const net::Address& source : askers(frontend, family)) {
      sample.src = source;
      played = play(network_, sample, policy::Origin::outside, nullptr, Goal::delivery);
      if (played.perhaps && method_ == Method::shapes) return;
    }
    Proof proof = begin(reached_);
    if (delivery_.anybody_reaches(keys, family, proof)) return;
    if (!proof.reason.empty()) return leave_open(reached_, proof);
    proof.standing = Standing::refuted;
    proof.reason = fmt::format("nobody reaches the {}: {}: {}", text(frontend), sample.text(), played.failure);
    proof.witness = sample;
    proof.node = played.node;
    proof.related.push_back({text(frontend), frontend.span});
    fail(reached_, std::move(proof));
  }

  static std::vector<net::Address> askers(const policy::Frontend& frontend, net::Family family) {
    std::vector<net::Address> out;
    if (frontend.kind == policy::FrontendKind::load_balancer) {
      for (const auto& range : frontend.service->source_ranges) {
        if (range.value.family() == family) out.push_back(range.value.address());
      }
    }
    out.push_back(somebody_outside(family));
    return out;
  }

  void ask_alike(const policy::Frontend& first, const policy::Frontend& second) {
    if (fates_.same_everywhere(first, second)) {
      ++alike_.asked;
      return;
    }
    Proof proof = begin(alike_);
    fates_.same({{first}, {second}, false}, proof, false);
    if (proof.standing == Standing::vacuous) return;
    ++alike_.asked;
    if (proof.standing == Standing::unknown) return leave_open(alike_, proof);
    if (proof.standing != Standing::refuted) return;
    proof.related = {{text(first), first.span}, {text(second), second.span}};
    fail(alike_, std::move(proof));
  }

  static Proof begin(const Family& family) {
    Proof proof;
    proof.name = family.whole.name;
    proof.statement = family.whole.statement;
    proof.assumptions = family.whole.assumptions;
    return proof;
  }
  static void leave_open(Family& family, const Proof& proof) {
    if (family.whole.reason.empty()) family.whole.reason = proof.reason;
  }
  static void fail(Family& family, Proof proof) {
    ++family.failed;
    if (family.refuted.size() < most_failures) family.refuted.push_back(std::move(proof));
  }

  void finish(Family& family, const char* what, std::vector<Proof>& out) const {
    if (family.asked == 0 && family.whole.except.empty()) return;
    const std::string decided = fmt::format("{} {} asked, {} refuted", family.asked, what, family.failed);
    Proof& whole = family.whole;
    whole.standing = family.asked == 0      ? Standing::vacuous
                     : whole.reason.empty() ? Standing::proved
                                            : Standing::unknown;
    if (family.asked == 0) whole.reason = "no Service has an endpoint to use";
    whole.decided = decided;
    whole.queries = session_.queries();
    whole.steps = session_.steps();
    for (Proof& proof : family.refuted) proof.decided = decided;
    if (family.refuted.empty() || whole.standing == Standing::unknown) out.push_back(whole);
    for (Proof& proof : family.refuted) out.push_back(std::move(proof));
  }

  smt::Session& session_;
  Method method_;
  Network network_;
  Delivery delivery_;
  Fates fates_;
  Family reached_, alike_;
};

}  // namespace

std::vector<Proof> prove_liveness(const cluster::Cluster& cluster, smt::Session& session, Method method) {
  return Liveness(cluster, session, method).run();
}

}  // namespace portcullis::obligations
