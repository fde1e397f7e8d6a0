// Rules of Ingresses in the routers that were built of them: what became of a rule, and who answers its requests.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/l7/router.hpp"
#include "compiler/ir/l7/serve.hpp"
#include "compiler/lint/path_rule.hpp"

namespace portcullis::lint {

// A route that somebody wrote; the others are the controller's own.
[[nodiscard]] bool is_written(const ir::l7::Route& route);
// What the route answers is not known.
[[nodiscard]] bool is_open(const ir::l7::Router& router, const ir::l7::Route& route);
// The route comes of this rule.
[[nodiscard]] bool comes_of(const ir::l7::Route& route, const PathRule& rule);

class Routed {
 public:
  // The routers outlive this.
  explicit Routed(const std::vector<ir::l7::Router>& routers);

  // The router that serves a host of this Ingress; nullptr: none is known, or what it does is not (it refuses its
  // configuration).
  [[nodiscard]] const ir::l7::Router* router(const Ingress& ingress) const;
  // A route of that router comes of this rule.
  [[nodiscard]] bool has_route(const PathRule& rule) const;
  // The route that takes the request for just this host and path; nullptr: none, or nobody knows.
  [[nodiscard]] const ir::l7::Route* answering(const PathRule& rule) const;

 private:
  using Place = std::pair<std::string, std::string>;  // object, field
  struct Known {
    const ir::l7::Router* router = nullptr;
    std::set<Place> places;                          // of its routes
    mutable std::unique_ptr<ir::l7::Server> server;  // made when first asked
  };
  [[nodiscard]] const Known* known(const Ingress& ingress) const;

  std::vector<Known> all_;
  std::map<std::string, std::size_t, std::less<>> by_owner_;  // `ns/name` of an Ingress → index of `all_`
};

}  // namespace portcullis::lint
