#include "verifier/obligations/routes/reached.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "verifier/obligations/routes/rules.hpp"
#include "verifier/obligations/routes/witness.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::HostEntry;
using ir::l7::PathMatch;
using ir::l7::Request;
using ir::l7::Route;
using ir::l7::Router;

// What became of a rule in all host entries that have a route of it.
struct Fate {
  bool reached = false;
  bool open = false;  // nobody knows
  const Route* route = nullptr;
  // A request that it was meant for, who takes it, and what that gets; no taker: there is no such request.
  const Route* taker = nullptr;
  bool taken = false;
  Request request;
  ir::l7::Decision decision;
};

bool always_answers(const ir::l7::Steps& steps) {
  return std::ranges::any_of(steps, [](const ir::l7::Step& step) { return step.when.empty(); });
}

bool same_answers(const Router& router, const Route& a, const Route& b) {
  return std::ranges::equal(
      router.treatments.at(a.treatment), router.treatments.at(b.treatment),
      [](const ir::l7::Step& x, const ir::l7::Step& y) { return x.when == y.when && x.answer == y.answer; });
}

class Finder {
 public:
  Finder(const Subject& subject, const Regions& regions, Audit& audit)
      : subject_(subject), router_(subject.router()), regions_(regions), audit_(audit) {}

  void run() {
    for (const HostGroup& group : regions_.hosts()) {
      if (group.places[0].entry != nullptr && group.hosts.front()->sendable) look_at(group);
    }
    // Entries without a name that anybody can send: not to be told from a name that was not found.
    for (const HostEntry& entry : router_.hosts) {
      if (seen_.contains(&entry)) continue;
      for (const Route& route : entry.routes)
        if (is_written(route)) fate(route).open = true;
    }
    tell();
  }

 private:
  Fate& fate(const Route& route) {
    Fate& found = fates_[place_of(route)];
    if (found.route == nullptr) found.route = &route;
    return found;
  }

  void look_at(const HostGroup& group) {
    const HostEntry& entry = *group.places[0].entry;
    if (!seen_.insert(&entry).second) return;
    const PathClasses paths = regions_.paths(group);
    if (!paths.open.empty()) open_.insert(fmt::format("{}: {}", group.hosts.front()->shown, paths.open));
    std::set<const Route*> reached;
    bool unknown = !paths.open.empty();
    std::vector<Class> classes;
    for (const PathClass& path : paths.classes) {
      const Place place = subject_.place(group.places[0], path.path);
      if (!place.unknown.empty()) {
        unknown = true;
        open_.insert(fmt::format("{}: {}", group.hosts.front()->shown, place.unknown));
        continue;
      }
      classes.push_back({path.path, place.route});
      if (place.route != nullptr) reached.insert(place.route);
    }
    if (always_answers(entry.steps)) reached.clear();
    for (const Route& route : entry.routes) {
      if (!is_written(route)) continue;
      Fate& found = fate(route);
      found.reached |= reached.contains(&route);
      found.open |= unknown;
      if (!reached.contains(&route) && !unknown && !found.taken) find_taker(group, classes, route, found);
    }
    if (!unknown) overlaps(group, entry, classes);
  }

  struct Class {
    std::string path;
    const Route* taker = nullptr;
  };

  void find_taker(const HostGroup& group, const std::vector<Class>& classes, const Route& route, Fate& found) {
    for (const Class& one : classes) {
      if (one.taker == &route || !matcher_.matches(route.match, one.path)) continue;
      const std::vector<Request> requests = requests_to(group, one.path);
      if (requests.empty()) continue;
      found.taken = true;
      found.taker = one.taker;
      found.request = requests.front();
      found.decision = subject_.server().serve(found.request);
      // What is taken by the same answers misses nothing.
      if (one.taker != nullptr && same_answers(router_, *one.taker, route)) found.reached = true;
      return;
    }
  }

  [[nodiscard]] std::vector<Request> requests_to(const HostGroup& group, const std::string& path) const {
    return client_requests(subject_, regions_, *group.hosts.front(), path);
  }

  // Patterns that meet without one being part of the other. Which of them answers is decided by their spelling.
  void overlaps(const HostGroup& group, const HostEntry& entry, const std::vector<Class>& classes) {
    const auto is_pattern = [](const Route& route) { return route.match.kind == PathMatch::Kind::regex; };
    if (std::ranges::none_of(entry.routes, is_pattern)) return;
    using Pair = std::pair<const Route*, const Route*>;
    std::map<Pair, const Class*> met;  // both match, the first one answers
    std::set<Pair> apart;              // the first matches and the second does not
    for (const Class& one : classes) {
      std::vector<const Route*> matching, others;
      for (const Route& route : entry.routes) {
        if (!is_written(route)) continue;
        (matcher_.matches(route.match, one.path) ? matching : others).push_back(&route);
      }
      for (const Route* a : matching) {
        for (const Route* b : others) apart.insert({a, b});
        if (a != one.taker) continue;
        for (const Route* b : matching)
          if (a->origin.object != b->origin.object && (is_pattern(*a) || is_pattern(*b))) met.emplace(Pair{a, b}, &one);
      }
    }
    for (const auto& [pair, one] : met) {
      const auto [winner, loser] = pair;
      if (!apart.contains({winner, loser}) || !apart.contains({loser, winner})) continue;
      if (!same_answers(router_, *winner, *loser)) tell_overlap(group, *winner, *loser, *one);
    }
  }

  void tell_overlap(const HostGroup& group, const Route& winner, const Route& loser, const Class& one) {
    if (!told_.insert({place_of(winner), place_of(loser)}).second) return;
    const std::vector<Request> requests = requests_to(group, one.path);
    if (requests.empty()) return;
    RouteFinding finding;
    finding.code = "PC3203";
    finding.severity = base::Severity::warning;
    finding.says = fmt::format(
        "`{}` of {} and `{}` of {} match the same requests of {}, and which of them answers is "
        "decided by how they are written",
        base::printable(winner.rule), winner.origin.object, base::printable(loser.rule), loser.origin.object,
        group.hosts.front()->shown);
    finding.request = requests.front();
    finding.decision = subject_.server().serve(finding.request);
    finding.at = loser.origin;
    finding.related.emplace_back("the rule that answers", winner.origin);
    audit_.findings.push_back(std::move(finding));
  }

  void tell() {
    std::size_t rules = 0, dead = 0;
    for (const auto& [place, found] : fates_) {
      ++rules;
      if (found.reached || found.open) continue;
      ++dead;
      tell_unreached(found);
    }
    if (dead != 0 || rules == 0) return;
    verdict::Proof proof;
    proof.name = "routes.reached";
    proof.statement = fmt::format("every rule of the router {} is reached by some request", router_.name);
    proof.standing = verdict::Standing::proved;
    proof.except.assign(open_.begin(), open_.end());
    const auto judged = std::ranges::count_if(fates_, [](const auto& one) { return !one.second.open; });
    proof.decided = fmt::format("{} of {} rules looked at", judged, rules);
    if (judged == 0) return;  // nothing was followed, so that nothing is said
    audit_.proofs.push_back(std::move(proof));
  }

  void tell_unreached(const Fate& found) {
    RouteFinding finding;
    finding.code = "PC3204";
    finding.at = found.route->origin;
    const std::string rule = base::printable(found.route->rule);
    if (!found.taken) {
      finding.says = fmt::format("no request reaches `{}` of {}: the router reads no target as such a path", rule,
                                 finding.at.object);
      finding.request.target.clear();
      audit_.findings.push_back(std::move(finding));
      return;
    }
    finding.request = found.request;
    finding.decision = found.decision;
    const std::string taker = found.taker != nullptr ? found.taker->origin.object : std::string("the host itself");
    finding.says = fmt::format("no request reaches `{}` of {}: {} takes them all", rule, finding.at.object,
                               taker.empty() ? std::string("the controller") : taker);
    if (found.taker != nullptr && found.taker->origin.span.known())
      finding.related.emplace_back(fmt::format("answered by `{}`", base::printable(found.taker->rule)),
                                   found.taker->origin);
    audit_.findings.push_back(std::move(finding));
  }

  const Subject& subject_;
  const Router& router_;
  const Regions& regions_;
  Audit& audit_;
  Matcher matcher_;
  std::map<RulePlace, Fate> fates_;
  std::set<std::pair<RulePlace, RulePlace>> told_;
  std::set<const HostEntry*> seen_;
  std::set<std::string> open_;
};

}  // namespace

void find_unreached(const Subject& subject, const Regions& regions, Audit& audit) {
  Finder(subject, regions, audit).run();
}

}  // namespace portcullis::routes
