#include "verifier/obligations/routes/orphans.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "verifier/obligations/routes/rules.hpp"
#include "verifier/obligations/routes/witness.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Backend;
using ir::l7::Decision;
using ir::l7::Forward;
using ir::l7::Route;
using ir::l7::Router;

// One that is in the input and has nobody behind it.
bool is_orphan(const Backend& backend) {
  return backend.dead() && backend.origin.object.starts_with("Service ");
}

const Backend* orphan_of(const Router& router, const Forward& forward) {
  for (const ir::l7::Choice& choice : forward.choices) {
    if (is_orphan(router.backends.at(choice.backend))) return &router.backends[choice.backend];
  }
  return nullptr;
}

bool may_lead_nowhere(const Router& router, const Route& route) {
  return std::ranges::any_of(router.treatments.at(route.treatment), [&](const ir::l7::Step& step) {
    const auto* forward = std::get_if<Forward>(&step.answer);
    return forward != nullptr && orphan_of(router, *forward) != nullptr;
  });
}

class Finder {
 public:
  Finder(const Subject& subject, const Regions& regions, Audit& audit)
      : subject_(subject), router_(subject.router()), regions_(regions), audit_(audit) {}

  void run() {
    for (const HostGroup& group : regions_.hosts()) {
      const ir::l7::HostEntry* entry = group.places[0].entry;
      if (entry == nullptr || !group.hosts.front()->sendable || !seen_.insert(entry).second) continue;
      const bool any = std::ranges::any_of(
          entry->routes, [&](const Route& route) { return is_written(route) && may_lead_nowhere(router_, route); });
      if (any) look_at(group);
    }
  }

 private:
  void look_at(const HostGroup& group) {
    for (const PathClass& path : regions_.paths(group).classes) {
      const Place place = subject_.place(group.places[0], path.path);
      if (!place.unknown.empty() || place.route == nullptr) continue;
      if (!is_written(*place.route) || !may_lead_nowhere(router_, *place.route)) continue;
      if (told_.contains(place_of(*place.route))) continue;
      for (const ir::l7::Request& request : client_requests(subject_, regions_, *group.hosts.front(), path.path)) {
        if (tell(*place.route, request)) break;
      }
    }
  }

  bool tell(const Route& route, const ir::l7::Request& request) {
    ir::l7::Trail trail;
    const Decision decision = subject_.server().serve(request, &trail);
    const auto* forward = trail.step == nullptr ? nullptr : std::get_if<Forward>(&trail.step->answer);
    const Backend* backend = forward == nullptr ? nullptr : orphan_of(router_, *forward);
    if (backend == nullptr) return false;
    told_.insert(place_of(route));
    RouteFinding finding;
    finding.code = "PC6013";
    const bool all = decision.kind != Decision::Kind::forward;
    if (!all) finding.severity = base::Severity::warning;
    finding.says =
        fmt::format("`{}` of {} sends {} to {}, which has no endpoint", base::printable(route.rule),
                    route.origin.object, all ? "requests" : "a share of its requests", backend->origin.object);
    finding.request = request;
    finding.decision = decision;
    finding.at = route.origin;
    finding.related.emplace_back(backend->origin.object, backend->origin);
    audit_.findings.push_back(std::move(finding));
    return true;
  }

  const Subject& subject_;
  const Router& router_;
  const Regions& regions_;
  Audit& audit_;
  std::set<const ir::l7::HostEntry*> seen_;
  std::set<RulePlace> told_;
};

}  // namespace

void find_orphans(const Subject& subject, const Regions& regions, Audit& audit) {
  Finder(subject, regions, audit).run();
}

}  // namespace portcullis::routes
