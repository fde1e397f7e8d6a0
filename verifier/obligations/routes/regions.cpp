#include "verifier/obligations/routes/regions.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace portcullis::routes {

namespace {

using ir::l7::Condition;

std::vector<const Router*> routers_of(std::span<const Subject* const> subjects) {
  std::vector<const Router*> routers;
  for (const Subject* subject : subjects) routers.push_back(&subject->router());
  return routers;
}

std::set<PathForm> path_forms(std::span<const Subject* const> subjects) {
  std::set<PathForm> forms;
  for (const Subject* subject : subjects) forms.insert(subject->router().path_form);
  return forms;
}

// The texts that conditions of these steps compare paths with.
void add_texts(const ir::l7::Steps& steps, std::set<std::string>& texts) {
  for (const ir::l7::Step& step : steps)
    for (const Condition& condition : step.when)
      if (condition.kind == Condition::Kind::path_is) texts.insert(condition.values.at(0));
}

}  // namespace

Regions::Regions(std::span<const Subject* const> subjects) : subjects_(subjects), space_(path_forms(subjects)) {
  for (const Subject* subject : subjects) {
    const ir::l7::HostForm form = subject->router().host_form;
    if (std::ranges::find(host_forms_, form) == host_forms_.end()) host_forms_.push_back(form);
  }
  one_reading_ = host_forms_.size() == 1 && path_forms(subjects).size() == 1;
  classes_ = host_classes(routers_of(subjects), host_forms_);

  using Key = std::vector<std::tuple<std::uint32_t, std::string, bool>>;
  std::map<Key, std::size_t> known;
  for (const HostClass& host : classes_.classes) {
    std::vector<HostPlace> places;
    Key key;
    for (const Subject* subject : subjects) {
      places.push_back(subject->host(host.name));
      key.emplace_back(places.back().id, places.back().unknown, places.back().tls_name);
    }
    const auto [at, fresh] = known.emplace(std::move(key), groups_.size());
    if (fresh) groups_.push_back({{}, std::move(places)});
    std::vector<const HostClass*>& hosts = groups_[at->second].hosts;
    hosts.push_back(&host);
    if (host.sendable && !hosts.front()->sendable) std::swap(hosts.front(), hosts.back());
  }
}

Regions::Matchers Regions::matchers(const HostGroup& group) const {
  Matchers out;
  for (std::size_t i = 0; i < subjects_.size(); ++i) {
    const HostPlace& place = group.places[i];
    const ir::l7::Router& router = subjects_[i]->router();
    if (place.without != nullptr) add_texts(*place.without, out.texts);
    if (place.entry == nullptr) continue;
    add_texts(place.entry->steps, out.texts);
    add_texts(router.treatments.at(place.entry->otherwise), out.texts);
    for (const ir::l7::Route& route : place.entry->routes) {
      out.matches.push_back(&route.match);
      add_texts(router.treatments.at(route.treatment), out.texts);
    }
  }
  return out;
}

PathClasses Regions::paths(const HostGroup& group) const {
  const Matchers all = matchers(group);
  return path_classes(all.matches, all.texts, space_);
}

std::optional<PathCertificate> Regions::certificate(const HostGroup& group, const PathClasses& paths) const {
  const Matchers all = matchers(group);
  return path_certificate(all.matches, all.texts, space_, paths);
}

TreatmentId treatment_of(Treatments& treatments, const Subject& subject, const Place& place, const Facts& facts) {
  const ir::l7::Steps* before = place.entry != nullptr ? &place.entry->steps : nullptr;
  if (!place.unknown.empty()) return treatments.unknown(subject.router(), before, place.unknown, facts);
  return treatments.of(subject.router(), before, *place.steps, facts);
}

}  // namespace portcullis::routes
