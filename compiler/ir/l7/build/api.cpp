// Flavour `api`: what every conforming controller must do. Where the API's documentation leaves something open, the
// answer is `unknown`, never a guess.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

// What a route does, and who else claims it.
struct Claim {
  Row row;
  std::optional<Target> target;
  std::vector<std::string> rivals;  // Ingresses with another backend for the same host, path and type
};

using ClaimKey = std::tuple<std::string, std::string, PathType>;

ClaimKey key_of(const Row& row) {
  return {row.host, row.type == PathType::exact ? row.path : std::string(trimmed(row.path)), row.type};
}

std::string service_text(const manifest::IngressBackend& backend) {
  return backend.service_name ? backend.service_name->value : std::string{};
}

class ApiBuilder {
 public:
  ApiBuilder(const Controller& controller, Maker& maker) : controller_(controller), maker_(maker) {}

  void build() {
    gather();
    for (const auto& [key, claim] : claims_) add(claim);
    const std::uint32_t rest = maker_.treatment(default_answer());
    Router& router = maker_.router();
    router.unmatched = router.without_host = rest;
    for (auto& [host, entry] : hosts_.entries()) {
      sort_routes(entry.routes);
      keep_first(entry.routes);
      entry.otherwise = otherwise(host, rest);
    }
    for (auto& [host, entry] : hosts_.entries()) open_fall_through(host, entry);
    router.hosts = hosts_.take();
    certificates_by_name(controller_, maker_);
  }

 private:
  void gather() {
    for (const Row& row : rows_of(controller_.ingresses)) {
      if (row.backend->has_resource) continue;  // reference 8.4: the route does not exist
      const auto [at, fresh] = claims_.try_emplace(key_of(row));
      Claim& claim = at->second;
      if (fresh) {
        claim.row = row;
        claim.target = maker_.find(row.ingress->ns, *row.backend, PortRule::number_or_name);
      } else if (!same_backend(claim, row)) {
        claim.rivals.push_back(row.ingress->id());
      }
    }
  }

  [[nodiscard]] bool same_backend(const Claim& claim, const Row& row) const {
    const std::optional<Target> target = maker_.find(row.ingress->ns, *row.backend, PortRule::number_or_name);
    if (target || claim.target) return target == claim.target;
    return claim.row.ingress->ns == row.ingress->ns && service_text(*claim.row.backend) == service_text(*row.backend);
  }

  [[nodiscard]] Answer answer(const Claim& claim) {
    if (!claim.rivals.empty()) {
      return Unknown{fmt::format("{} and {} give `{}` of host `{}` different backends; the API does not say who wins",
                                 claim.row.ingress->id(), claim.rivals.front(), claim.row.path,
                                 claim.row.host.empty() ? "*" : claim.row.host)};
    }
    if (!claim.target) return Reply{503};  // any 4xx or 5xx is possible (reference 8.3); the lint rule is the point
    return to_one(maker_.backend(*claim.target));
  }

  void route(HostEntry& entry, PathMatch::Kind kind, std::string text, std::uint32_t treatment, const Row& row) {
    entry.routes.push_back({{kind, std::move(text), false}, treatment, row.rule, row.origin});
  }

  void add(const Claim& claim) {
    const Row& row = claim.row;
    HostEntry& entry = hosts_.at(row);
    const std::uint32_t treatment = maker_.treatment(answer(claim), row.origin);
    const std::string path(trimmed(row.path));
    using enum PathMatch::Kind;
    if (row.type == PathType::exact) {
      entry.routes.insert(entry.routes.begin(), {{exact, row.path, false}, treatment, row.rule, row.origin});
      return;
    }
    if (!path.empty()) route(entry, exact, path, treatment, row);
    route(entry, prefix, path + "/", treatment, row);
    if (row.type == PathType::implementation_specific && !path.empty()) {
      const Unknown open{
          fmt::format("`{}` is ImplementationSpecific: whether it is a prefix of elements or of "
                      "characters is the controller's",
                      row.path)};
      route(entry, prefix, path, maker_.treatment(open, row.origin), row);
    }
  }

  // Requests that no host or path matches: the one object without rules, or 404; open where several ask for it.
  [[nodiscard]] Steps default_answer() {
    const cluster::Ingress* found = nullptr;
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      if (!ingress->body.default_backend || !ingress->body.rules.empty()) continue;
      if (found != nullptr) {
        return always(Unknown{fmt::format("{} and {} are both default backends", found->id(), ingress->id())},
                      default_backend_origin(*ingress));
      }
      found = ingress;
    }
    if (found != nullptr) return always(default_of(*found), default_backend_origin(*found));
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      if (!ingress->body.default_backend) continue;
      return always(
          Unknown{fmt::format("{} has rules and a default backend; which hosts that covers is open", ingress->id())},
          default_backend_origin(*ingress));
    }
    return always(Reply{404}, {"controller " + controller_.name, "no default backend", controller_.span});
  }

  [[nodiscard]] Answer default_of(const cluster::Ingress& ingress) {
    const auto target = maker_.find(ingress.ns, *ingress.body.default_backend, PortRule::number_or_name);
    if (!target) return Reply{503};
    return to_one(maker_.backend(*target));
  }

  // Default backends of the objects with rules for this host, else the router's.
  [[nodiscard]] std::uint32_t otherwise(const std::string& host, std::uint32_t rest) {
    const cluster::Ingress* found = nullptr;
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      const auto names_host = [&](const manifest::IngressRule& rule) {
        return (rule.host ? rule.host->value : std::string{}) == host;
      };
      if (!ingress->body.default_backend || std::ranges::none_of(ingress->body.rules, names_host)) continue;
      if (found != nullptr) {
        return maker_.treatment(
            Unknown{fmt::format("{} and {} both have a default backend", found->id(), ingress->id())},
            default_backend_origin(*ingress));
      }
      found = ingress;
    }
    if (found == nullptr) return has_ruleless() ? rest : not_found();
    return maker_.treatment(default_of(*found), default_backend_origin(*found));
  }
  [[nodiscard]] bool has_ruleless() const {
    return std::ranges::any_of(controller_.ingresses, [](const cluster::Ingress* ingress) {
      return ingress->body.default_backend && ingress->body.rules.empty();
    });
  }
  [[nodiscard]] std::uint32_t not_found() {
    return maker_.treatment(Reply{404}, {"controller " + controller_.name, "no default backend", controller_.span});
  }

  // Reference M5: whether a path that a host entry does not have goes to a wider entry is open.
  void open_fall_through(const std::string& host, HostEntry& entry) {
    const std::vector<const HostEntry*> wider = hosts_.wider(host);
    if (wider.empty()) return;
    std::vector<Route> more;
    for (const HostEntry* other : wider) {
      for (const Route& route : other->routes) more.push_back(route);
    }
    for (Route& route : more) {
      if (std::holds_alternative<Unknown>(maker_.router().treatments[route.treatment].front().answer)) continue;
      const Unknown open{fmt::format("host `{}` has no such path; whether `{}` of a wider host is tried is open", host,
                                     route.match.text)};
      route.treatment = maker_.treatment(open, route.origin);
    }
    entry.routes.insert(entry.routes.end(), more.begin(), more.end());
  }

  const Controller& controller_;
  Maker& maker_;
  std::map<ClaimKey, Claim> claims_;
  HostDrafts hosts_{HostPattern::Kind::one_label};
};

}  // namespace

void build_api(const Controller& controller, Maker& maker) {
  maker.router().host_form = HostForm::plain;
  maker.router().path_form = PathForm::as_sent;
  ApiBuilder(controller, maker).build();
}

}  // namespace portcullis::ir::l7
