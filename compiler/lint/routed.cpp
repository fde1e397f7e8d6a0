#include "compiler/lint/routed.hpp"

#include <algorithm>
#include <variant>

namespace portcullis::lint {

namespace {

using ir::l7::HostPattern;
using ir::l7::Route;
using ir::l7::Router;

bool is_of(const HostPattern& pattern, std::string_view host) {
  if (host.empty()) return pattern.kind == HostPattern::Kind::any;
  if (!host.starts_with("*.")) return pattern.kind == HostPattern::Kind::exact && pattern.text == host;
  const bool wild = pattern.kind == HostPattern::Kind::one_label || pattern.kind == HostPattern::Kind::many_labels;
  return wild && pattern.text == host.substr(2);
}

}  // namespace

bool is_written(const Route& route) {
  return route.rule.starts_with("Exact ") || route.rule.starts_with("Prefix ") ||
         route.rule.starts_with("ImplementationSpecific ");
}

bool is_open(const Router& router, const Route& route) {
  const ir::l7::Steps& steps = router.treatments[route.treatment];
  return std::ranges::any_of(
      steps, [](const ir::l7::Step& step) { return std::holds_alternative<ir::l7::Unknown>(step.answer); });
}

bool comes_of(const Route& route, const PathRule& rule) {
  return is_written(route) && route.origin.field == rule.field &&
         route.origin.object == rule.ingress->reference().text();
}

Routed::Routed(const std::vector<Router>& routers) {
  for (const Router& router : routers) {
    if (!router.rejected.empty()) continue;
    for (const ir::l7::HostEntry& host : router.hosts) {
      for (const std::string& owner : host.owners) by_owner_.try_emplace(owner, all_.size());
    }
    Known& known = all_.emplace_back();
    known.router = &router;
    for (const ir::l7::HostEntry& host : router.hosts) {
      for (const Route& route : host.routes) {
        if (is_written(route)) known.places.emplace(route.origin.object, route.origin.field);
      }
    }
  }
}

const Routed::Known* Routed::known(const Ingress& ingress) const {
  const auto found = by_owner_.find(ingress.id());
  return found == by_owner_.end() ? nullptr : &all_[found->second];
}

const Router* Routed::router(const Ingress& ingress) const {
  const Known* of = known(ingress);
  return of == nullptr ? nullptr : of->router;
}

bool Routed::has_route(const PathRule& rule) const {
  const Known* of = known(*rule.ingress);
  return of != nullptr && of->places.contains({rule.ingress->reference().text(), rule.field});
}

const Route* Routed::answering(const PathRule& rule) const {
  const Known* of = known(*rule.ingress);
  if (of == nullptr) return nullptr;
  if (of->server == nullptr) of->server = std::make_unique<ir::l7::Server>(*of->router);
  ir::l7::Request request;
  request.target = std::string(rule.path());
  request.headers.push_back({"Host", rule.witness_host()});
  ir::l7::Trail trail;
  static_cast<void>(of->server->serve(request, &trail));
  // Another, more specific entry may have the name that stands for a wildcard.
  return trail.pattern != nullptr && is_of(*trail.pattern, rule.host()) ? trail.route : nullptr;
}

}  // namespace portcullis::lint
