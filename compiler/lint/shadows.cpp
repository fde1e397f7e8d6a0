// PC3204 on routers: rules that no request reaches, because others come first in the order of their controller, or
// because the controller makes no route of them.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

using ir::l7::HostEntry;
using ir::l7::PathMatch;
using ir::l7::Route;
using ir::l7::Router;
using ir::l7::Steps;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool has_letter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

bool same_treatment(const Router& router, const Route& a, const Route& b) {
  const Steps &left = router.treatments[a.treatment], &right = router.treatments[b.treatment];
  return std::ranges::equal(left, right, [](const ir::l7::Step& x, const ir::l7::Step& y) {
    return x.when == y.when && x.answer == y.answer;
  });
}

// The routes of a host entry so far, and which of them takes all paths of another one. Regular expressions are neither
// asked nor answered for: that takes a proof.
class Before {
 public:
  void add(const Route& route) {
    if (route.match.kind == PathMatch::Kind::regex) return;
    Texts& texts = route.match.fold ? folded_ : as_written_;
    const std::string text = route.match.fold ? lower(route.match.text) : route.match.text;
    (route.match.kind == PathMatch::Kind::exact ? texts.exact : texts.prefix).try_emplace(text, &route);
  }

  [[nodiscard]] const Route* taker(const Route& route) const {
    if (route.match.kind == PathMatch::Kind::regex) return nullptr;
    const bool exact = route.match.kind == PathMatch::Kind::exact;
    if (const Route* found = find(folded_, lower(route.match.text), exact)) return found;
    // What ignores case matches more than one spelling of a letter.
    if (route.match.fold && has_letter(route.match.text)) return nullptr;
    return find(as_written_, route.match.text, exact);
  }

 private:
  struct Texts {
    std::unordered_map<std::string, const Route*> exact, prefix;
  };

  static const Route* find(const Texts& texts, const std::string& path, bool exact) {
    if (exact) {
      if (const auto found = texts.exact.find(path); found != texts.exact.end()) return found->second;
    }
    if (texts.prefix.empty()) return nullptr;
    for (std::size_t length = 0; length <= path.size(); ++length) {
      if (const auto found = texts.prefix.find(path.substr(0, length)); found != texts.prefix.end())
        return found->second;
    }
    return nullptr;
  }

  Texts as_written_, folded_;
};

// What became of a rule in all host entries that hold it.
struct Fate {
  const Route* taker = nullptr;
  bool alive = false;
};
using Place = std::pair<std::string, std::string>;  // object, field
using Fates = std::map<Place, Fate>;

Place place_of(const Route& route) {
  return {route.origin.object, route.origin.field};
}

void look_at(const Router& router, const HostEntry& entry, Fates& fates) {
  Before before;
  for (const Route& route : entry.routes) {
    if (is_written(route)) {
      Fate& fate = fates[place_of(route)];
      const Route* taker = before.taker(route);
      // A route that is taken by one with the same treatment misses nothing; what is open, nobody takes for certain.
      if (taker == nullptr || is_open(router, *taker) || same_treatment(router, *taker, route)) {
        fate.alive = true;
      } else if (fate.taker == nullptr) {
        fate.taker = taker;
      }
    }
    before.add(route);
  }
}

// What a backend leads to is there, as far as the input goes: what is missing is a finding of its own, or elsewhere.
bool has_backend(const Scene& scene, const PathRule& rule) {
  const manifest::IngressBackend& backend = rule.entry->backend;
  if (!backend.service_name) return true;
  const cluster::Service* service = scene.cluster.service(rule.ingress->ns, backend.service_name->value);
  const cluster::ServicePort* port = service == nullptr ? nullptr : service_port(*service, backend.port);
  return port != nullptr && (scene.options.complete || !port->endpoints.empty());
}

// The route that takes the requests of a rule of which the controller made none. What the API leaves open, it has no
// route for, either: only a backend that is no Service is certain there.
const Route* taker_of_routeless(const Scene& scene, const PathRule& rule) {
  const Router* router = scene.routed.router(*rule.ingress);
  if (router == nullptr || scene.routed.has_route(rule) || shares_on_purpose(*rule.ingress)) return nullptr;
  if (router->flavour == ir::l7::Flavour::api && !rule.entry->backend.has_resource) return nullptr;
  if (!has_backend(scene, rule)) return nullptr;
  const Route* taker = scene.routed.answering(rule);
  return taker != nullptr && is_written(*taker) && !is_open(*router, *taker) ? taker : nullptr;
}

// Why there is no route of a rule, where that is no matter of order.
std::string reason(const Scene& scene, const PathRule& rule) {
  if (rule.entry->backend.has_resource) return "its controller serves Services only, no other kind of backend";
  const Router* router = scene.routed.router(*rule.ingress);
  if (router->flavour == ir::l7::Flavour::gce) return "of several rules for one host the last one counts";
  if (router->flavour == ir::l7::Flavour::traefik)
    return "its controller makes no route to a Service without endpoints";
  return {};
}

void report(const PathRule& rule, const Route& taker, std::string hint, Diagnostics& diagnostics) {
  base::Diagnostic& finding =
      diagnostics.add("PC3204",
                      fmt::format("no request reaches {} of {}: {} takes them all", in_quotes(rule.request()),
                                  rule.ingress->reference().text(), taker.origin.object),
                      rule.span());
  finding.object = rule.ingress->reference();
  finding.field = rule.field + ".path";
  finding.hint = std::move(hint);
  if (taker.origin.span.known())
    finding.related.push_back(
        {fmt::format("{} is answered by this rule", in_quotes(rule.witness())), taker.origin.span});
}

}  // namespace

void lint_shadows(const Scene& scene, Diagnostics& diagnostics) {
  Fates fates;
  for (const Router& router : scene.routers) {
    if (!router.rejected.empty()) continue;
    for (const HostEntry& entry : router.hosts) look_at(router, entry, fates);
  }
  std::set<Place> said;
  for (const base::Diagnostic& finding : diagnostics.all()) {
    if (finding.code == "PC3203" || finding.code == "PC3204") said.emplace(finding.object.text(), finding.field);
  }
  for (const PathRule& rule : scene.rules) {
    const std::string object = rule.ingress->reference().text();
    if (said.contains({object, rule.field + ".path"})) continue;
    const auto fate = fates.find({object, rule.field});
    if (fate == fates.end()) {
      if (const Route* taker = taker_of_routeless(scene, rule)) report(rule, *taker, reason(scene, rule), diagnostics);
    } else if (!fate->second.alive && fate->second.taker != nullptr) {
      report(rule, *fate->second.taker, {}, diagnostics);
    }
  }
}

}  // namespace portcullis::lint
