// What the routers of a cluster do with the requests that a policy asks about.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/ir/l7/serve.hpp"
#include "compiler/policy/bound.hpp"
#include "verifier/obligations/routes/possible.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::obligations {

// The Service port that a backend (`ns/name:80`) is; null: a name for somebody outside, or unknown.
[[nodiscard]] const cluster::ServicePort* service_port(const cluster::Cluster& cluster, const std::string& backend);
// Whether an endpoint gets requests of its Service.
[[nodiscard]] bool is_used(const cluster::Endpoint& endpoint);
// Whether the backend has such an endpoint. Somebody outside is taken to be there.
[[nodiscard]] bool lives(const cluster::Cluster& cluster, const std::string& backend);
// Whether all of it goes to backends that live.
[[nodiscard]] bool surely_forwards(const ir::l7::Decision& decision, const cluster::Cluster& cluster);

struct Forwarded {
  enum class Kind : std::uint8_t {
    none,  // no request is forwarded to somebody who lives
    some,  // `request` is
    open,  // nobody can tell: `why`
  };
  Kind kind = Kind::none;
  ir::l7::Request request;
  ir::l7::Decision decision;
  std::string rule;       // of the route that answers; empty: no route does
  ir::l7::Origin origin;  // of what decides
  std::string why;
};

class Routers {
 public:
  // Both must outlive this.
  Routers(const cluster::Cluster& cluster, smt::Session& session);

  [[nodiscard]] const std::vector<ir::l7::Router>& all() const { return routers_; }
  [[nodiscard]] const ir::l7::Server& server(std::size_t router);

  // Whether some request for the destination, from one of the sources as the router sees them, is forwarded. `sources`
  // is not empty.
  [[nodiscard]] Forwarded forwarded(std::size_t router, const policy::RequestDestination& to, bool https,
                                    const net::PrefixSet& sources);
  // Names of the destination's host, one of each kind that some router tells apart.
  [[nodiscard]] std::vector<std::string> names(const policy::RequestDestination& to);
  // Those of the sources that the router does not tell from this one, for requests for the destination.
  [[nodiscard]] net::PrefixSet alike(std::size_t router, const policy::RequestDestination& to, net::PrefixSet sources,
                                     const net::Address& one);
  // `GET` of the destination's very path, or of `/`.
  [[nodiscard]] ir::l7::Request plain_request(std::size_t router, const std::string& host,
                                              const policy::RequestDestination& to, bool https,
                                              const net::Address& source) const;

 private:
  using Key = std::tuple<std::size_t, std::string, std::string, std::vector<std::string>, bool, net::PrefixSet>;
  const std::set<ir::l7::RangesId>& ranges_for(std::size_t router, const policy::RequestDestination& to);

  const cluster::Cluster& cluster_;
  smt::Session& session_;
  base::Diagnostics unread_;  // of building routers: `lint` tells them
  std::vector<ir::l7::Router> routers_;
  std::vector<std::unique_ptr<ir::l7::Server>> servers_;
  std::map<Key, Forwarded> answers_;
  std::map<std::pair<std::size_t, std::string>, std::set<ir::l7::RangesId>> ranges_;
};

}  // namespace portcullis::obligations
