#include "verifier/obligations/routes/subject.hpp"

#include "compiler/ir/l7/conditions.hpp"
#include "verifier/obligations/routes/treatments.hpp"

namespace portcullis::routes {

using ir::l7::HostEntry;

namespace {

// Places that are no entries, numbered from behind.
constexpr std::uint32_t nobody = UINT32_MAX, no_host = UINT32_MAX - 1, all_unknown = UINT32_MAX - 2;

}  // namespace

Subject::Subject(const ir::l7::Router& router) : router_(&router), server_(router), hosts_(router, regexes_) {
  routes_.reserve(router.hosts.size());
  for (const HostEntry& entry : router.hosts) routes_.emplace_back(entry, regexes_);
}

HostPlace Subject::host(const ir::l7::Name& name) const {
  HostPlace place;
  place.tls_name = is_tls_name(*router_, name.text);
  if (!router_->rejected.empty()) {
    place.id = all_unknown;
    place.unknown = router_->rejected;
    return place;
  }
  if (!name.present) {
    place.id = no_host;
    place.without = &router_->treatments.at(router_->without_host);
    return place;
  }
  const ir::l7::HostIndex::Found found = hosts_.find(name.text);
  if (found.unsupported != nullptr) {
    place.id = all_unknown;
    place.unknown = ir::l7::unsupported(found.unsupported->text, regexes_.at(found.unsupported->text, true, false));
  } else if (found.pattern == nullptr) {
    place.id = nobody;
    place.without = &router_->treatments.at(router_->unmatched);
  } else {
    place.id = found.entry;
    place.entry = &router_->hosts[found.entry];
    place.entry_index = found.entry;
  }
  return place;
}

Place Subject::place(const HostPlace& host, std::string_view path) const {
  Place place;
  place.entry = host.entry;
  place.steps = host.without;
  place.unknown = host.unknown;
  if (host.entry == nullptr) return place;
  const ir::l7::RouteIndex::Found found = routes_[host.entry_index].find(path);
  if (found.unsupported != nullptr) {
    const ir::l7::PathMatch& match = found.unsupported->match;
    place.unknown = ir::l7::unsupported(match.text, regexes_.at(match.text, match.fold, true));
    return place;
  }
  place.route = found.route;
  place.steps = &router_->treatments.at(found.route != nullptr ? found.route->treatment : host.entry->otherwise);
  return place;
}

}  // namespace portcullis::routes
