// Servers, locations and upstreams of ingress-nginx in the making.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/l7/build/controllers.hpp"
#include "compiler/ir/l7/build/maker.hpp"
#include "compiler/ir/l7/build/nginx_annotations.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// What a location forwards to.
struct NginxUpstream {
  enum class Kind : std::uint8_t {
    controller,  // the controller's own default backend, or its 404
    service,     // `target`
    missing,     // no such Service or port: 503
  };
  Kind kind = Kind::controller;
  std::optional<Target> target;
  bool operator==(const NginxUpstream&) const = default;
};

struct NginxLocation {
  std::string path;
  bool exact = false;
  NginxUpstream upstream;
  // Whose annotations apply; nullptr: nobody's (the root of the catch-all).
  const NginxAnnotations* annotations = nullptr;
  bool implicit = false;      // the root that every server has, until a Prefix `/` takes its place
  bool no_redirects = false;  // redirect and rewrite annotations do not apply (reference B7)
  std::string rule;
  Origin origin;
};

struct NginxServer {
  std::string host;  // `_`: the catch-all
  std::vector<NginxLocation> locations;
  std::map<std::string, std::size_t> first_of;  // the first location of each path
  std::vector<std::string> aliases;
  std::vector<std::string> owners;
  Origin origin;
  bool regex = false;
  const NginxAnnotations* client_certificate = nullptr;  // the first object that asks for one
  const NginxAnnotations* passthrough = nullptr;
  bool tls = false;  // TLS-enabled (reference T2)
  std::uint32_t certificate = 0;
  Origin tls_origin;
};

// The alternative of a Service port (reference 10.5).
struct NginxCanary {
  Target target;
  const NginxAnnotations* annotations = nullptr;
};

struct NginxModel {
  std::vector<NginxAnnotations> annotations;    // one an Ingress, in the order of age; never grows after reading
  std::map<std::string, NginxServer> servers;   // by host
  std::map<std::string, NginxCanary> canaries;  // by the primary's Service port, as Target::text
  std::map<std::string, std::string> www;       // hosts that only redirect, and to which host (from-to-www-redirect)
};

// Ingresses → servers, canaries, names.
[[nodiscard]] NginxModel make_nginx_model(const Controller& controller, Maker& maker, base::Diagnostics& diagnostics);

// The routes of a server in the order in which nginx tries them. A configuration that nginx refuses sets
// Router::rejected.
[[nodiscard]] std::vector<Route> nginx_routes(const NginxServer& server, const NginxModel& model,
                                              const Controller& controller, Maker& maker,
                                              base::Diagnostics& diagnostics);

// What a location answers, in the order of reference 11 from stage 5 on.
[[nodiscard]] Steps nginx_steps(const NginxLocation& location, const NginxModel& model, const Controller& controller,
                                Maker& maker);
// The host's own stage (3).
[[nodiscard]] Steps nginx_host_steps(const NginxServer& server);

// `permanent-redirect` and the like take the place of the path's rewriting and matching (reference W1, R1).
[[nodiscard]] bool rewrites(const NginxLocation& location);
[[nodiscard]] bool wants_regex(const NginxLocation& location);

}  // namespace portcullis::ir::l7
