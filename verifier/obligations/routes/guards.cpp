#include "verifier/obligations/routes/guards.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "verifier/obligations/routes/models.hpp"
#include "verifier/obligations/routes/request_terms.hpp"
#include "verifier/obligations/routes/rules.hpp"
#include "verifier/obligations/routes/spelling.hpp"
#include "verifier/obligations/routes/witness.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Decision;
using ir::l7::Request;
using ir::l7::Route;

// A region that somebody guards.
struct Guarded {
  const HostGroup* group = nullptr;
  std::string path;
  const Route* route = nullptr;
  TreatmentId treatment = 0;
};

class Finder {
 public:
  Finder(const Subject& subject, const Regions& regions, smt::Session& session, Audit& audit)
      : subject_(subject), regions_(regions), session_(session), audit_(audit), treatments_({false, false, false}) {}

  void run() {
    for (const HostGroup& group : regions_.hosts())
      if (group.places[0].entry != nullptr && group.hosts.front()->sendable) look_at(group);
    if (guarded_.empty()) return;
    std::set<AtomId> atoms;
    for (const Guarded& one : guarded_) add_atoms(treatments_.treatment(one.treatment), atoms);
    const RequestTerms terms(session_, treatments_, atoms);
    for (const Guarded& one : guarded_) {
      const std::vector<Request>& refused = refused_by(one.treatment, terms);
      for (const Request& filled : refused) {
        other_spelling(one, filled);
        other_host(one, filled);
      }
    }
  }

 private:
  void look_at(const HostGroup& group) {
    for (const PathClass& path : regions_.paths(group).classes) {
      const Place place = subject_.place(group.places[0], path.path);
      const Facts facts{group.hosts.front()->name.text, path.path};
      const TreatmentId id = treatment_of(treatments_, subject_, place, facts);
      bool refuses = false;
      for (const Case& one : treatments_.treatment(id).cases) {
        for (const LeafId leaf : {one.plain, one.encrypted}) {
          refuses |= treatments_.leaf(leaf).kind == Leaf::Kind::refuse;
          for (const std::string& service : treatments_.leaf(leaf).services) {
            std::vector<const HostGroup*>& groups = by_service_[service];
            if (groups.empty() || groups.back() != &group) groups.push_back(&group);
          }
        }
      }
      if (refuses && place.route != nullptr && is_written(*place.route) && path.path.starts_with('/'))
        guarded_.push_back({&group, path.path, place.route, id});
    }
  }

  [[nodiscard]] std::set<std::string> services_of(TreatmentId id) const {
    std::set<std::string> out;
    for (const Case& one : treatments_.treatment(id).cases)
      for (const LeafId leaf : {one.plain, one.encrypted})
        if (!treatments_.leaf(leaf).rewritten)
          out.insert(treatments_.leaf(leaf).services.begin(), treatments_.leaf(leaf).services.end());
    return out;
  }

  // One request for each way to refuse.
  const std::vector<Request>& refused_by(TreatmentId id, const RequestTerms& terms) {
    const auto [at, fresh] = refused_.try_emplace(id);
    if (!fresh) return at->second;
    const smt::Session::Scope scope(session_);
    for (const WayToDiffer& way : answers(session_, terms, treatments_.treatment(id), {}).models)
      if (treatments_.leaf(way.before).kind == Leaf::Kind::refuse) at->second.push_back(way.request);
    return at->second;
  }

  [[nodiscard]] std::optional<Request> request_at(const HostGroup& group, const std::string& path,
                                                  const Request& filled) const {
    Request rest = filled;
    const HostClass& host = *group.hosts.front();
    if (rest.https && host.name.present && !host.name.text.empty()) rest.sni = host.name.text;
    const std::vector<Request> requests = spellings(regions_, host, path, rest);
    return requests.empty() ? std::nullopt : std::optional(requests.front());
  }

  // The request gets to one of the services as it was sent, by another rule.
  [[nodiscard]] std::optional<Decision> gets_through(const Request& request, const Guarded& guarded,
                                                     const Route*& by) const {
    ir::l7::Trail trail;
    Decision decision = subject_.server().serve(request, &trail);
    if (decision.kind != Decision::Kind::forward || decision.target != request.target) return std::nullopt;
    if (trail.route != nullptr && place_of(*trail.route) == place_of(*guarded.route)) return std::nullopt;
    const std::set<std::string> services = services_of(guarded.treatment);
    const bool there = std::ranges::any_of(
        decision.shares, [&](const Decision::Share& share) { return services.contains(share.service); });
    by = trail.route;
    return there ? std::optional(std::move(decision)) : std::nullopt;
  }

  // The request itself is refused.
  [[nodiscard]] bool is_refused(const Request& request) const {
    return subject_.server().serve(request).kind == Decision::Kind::refuse;
  }

  void other_spelling(const Guarded& guarded, const Request& filled) {
    const std::optional<Request> plain = request_at(*guarded.group, guarded.path, filled);
    if (!plain || plain->target != guarded.path || !is_refused(*plain)) return;
    const std::pair key{place_of(*guarded.route), std::string("spelling")};
    if (told_.contains(key)) return;
    for (const Spelling& spelling : other_spellings(guarded.path)) {
      Request request = *plain;
      request.target = spelling.target;
      const Route* by = nullptr;
      auto decision = gets_through(request, guarded, by);
      if (!decision) continue;
      told_.insert(key);
      RouteFinding finding = made(guarded, std::move(request), *std::move(decision), by);
      finding.code = "PC6011";
      finding.says =
          fmt::format("`{}` of {} refuses {}, and the same Service gets it with {}",
                      base::printable(guarded.route->rule), guarded.route->origin.object, who(*plain), spelling.how);
      if (!spelling.usual) finding.severity = base::Severity::info;
      audit_.findings.push_back(std::move(finding));
      return;
    }
  }

  void other_host(const Guarded& guarded, const Request& filled) {
    const std::optional<Request> plain = request_at(*guarded.group, guarded.path, filled);
    if (!plain || !is_refused(*plain)) return;
    for (const std::string& service : services_of(guarded.treatment)) {
      for (const HostGroup* group : by_service_[service]) {
        if (group == guarded.group) continue;
        const std::pair key{place_of(*guarded.route), group->hosts.front()->shown};
        if (told_.contains(key)) continue;
        const std::optional<Request> request = request_at(*group, guarded.path, filled);
        const Route* by = nullptr;
        auto decision = request ? gets_through(*request, guarded, by) : std::nullopt;
        if (!decision) continue;
        told_.insert(key);
        RouteFinding finding = made(guarded, *request, *std::move(decision), by);
        finding.code = "PC6012";
        finding.says = fmt::format("`{}` of {} refuses {}, and the same Service gets it at {}",
                                   base::printable(guarded.route->rule), guarded.route->origin.object, who(*plain),
                                   group->hosts.front()->shown);
        audit_.findings.push_back(std::move(finding));
      }
    }
  }

  [[nodiscard]] std::string who(const Request& refused) const {
    const Decision decision = subject_.server().serve(refused);
    if (decision.status == 401) return "requests without credentials";
    return refused.source ? fmt::format("requests from {}", refused.source->text()) : "a request";
  }

  static RouteFinding made(const Guarded& guarded, Request request, Decision decision, const Route* by) {
    RouteFinding finding;
    finding.request = std::move(request);
    finding.decision = std::move(decision);
    finding.at = guarded.route->origin;
    if (by != nullptr && by->origin.span.known())
      finding.related.emplace_back(fmt::format("`{}` lets it through", base::printable(by->rule)), by->origin);
    return finding;
  }

  const Subject& subject_;
  const Regions& regions_;
  smt::Session& session_;
  Audit& audit_;
  Treatments treatments_;
  std::vector<Guarded> guarded_;
  std::map<std::string, std::vector<const HostGroup*>> by_service_;
  std::map<TreatmentId, std::vector<Request>> refused_;
  std::set<std::pair<RulePlace, std::string>> told_;
};

}  // namespace

void find_gaps(const Subject& subject, const Regions& regions, smt::Session& session, Audit& audit) {
  Finder(subject, regions, session, audit).run();
}

}  // namespace portcullis::routes
