// What a set of Ingresses means for requests: one Router per ingress controller (flavour gce: per Ingress). `serve`
// (serve.hpp) is the definition of its meaning; the haproxy backend emits it, the prover and the tests hold
// configurations against it.
//
// The flavours of ingress controllers differ in how they merge objects, order routes and read annotations. `build`
// turns all of that into data, so that a Router is read in one way only:
//
//   1. form    the request's target and Host become a path and a name, or the request is refused (HostForm, PathForm)
//   2. host    the most specific pattern that matches the name gives the host entry; none: `unmatched`
//   3. entry   steps of the entry: the first whose conditions hold answers
//   4. route   the first route of the entry that matches the path gives the treatment; none: the entry's `otherwise`
//   5. answer  the first step of the treatment whose conditions hold answers
//
// Path types are gone: Prefix `/p` is the two routes `exact /p` and `prefix /p/`, where that is what it means.
// Precedence is gone: routes stand in the order in which they are tried. Fall-through between host entries is gone: an
// entry holds every route that its names can reach.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::ir::l7 {

// reference 0.2. What a Router was built for; `serve` does not look at it.
enum class Flavour : std::uint8_t { api, nginx, haproxy, haproxy_ingress, traefik, gce };
[[nodiscard]] std::string_view to_string(Flavour flavour);  // `haproxy-ingress`
[[nodiscard]] std::optional<Flavour> parse_flavour(std::string_view text);

// Where something comes from.
struct Origin {
  std::string object;  // `Ingress default/shop`, `controller nginx`
  std::string field;   // `spec.rules[0].http.paths[1]`, `metadata.annotations[nginx.ingress.kubernetes.io/app-root]`
  base::SourceSpan span;
};

// How the target of a request becomes the path that routes are matched against (reference 3.2).
enum class PathForm : std::uint8_t {
  as_sent,  // up to `?`. Refused (400): a fragment, and what is not printable ASCII, anywhere in the target
  nginx,    // decoded once, slashes merged, dots resolved; broken encodings, %00 and `..` above the root are refused
  traefik,  // decoded except reserved characters and %25, slashes merged, dots resolved
};
// How Host and target become a name (reference 3.4), and what a one-label wildcard takes for a label (M7).
enum class HostForm : std::uint8_t { plain, nginx, haproxy, traefik };
[[nodiscard]] std::string_view to_string(PathForm form);
[[nodiscard]] std::string_view to_string(HostForm form);

// ---- hosts

struct HostPattern {
  // In order of precedence: an exact name; the longest `many_labels`; then `one_label` and `regex` in the order of the
  // router's entries; then `any`.
  enum class Kind : std::uint8_t {
    exact,        // `text` is the name, in lower case
    many_labels,  // one or more labels, a dot, and `text`
    one_label,    // one label, a dot, and `text`
    regex,        // `text` is found in the name, letter case ignored (server-alias `~…`)
    any,          // `text` is empty
  };
  Kind kind = Kind::exact;
  std::string text;
  auto operator<=>(const HostPattern&) const = default;
  // `shop.example.com`, `*.example.com`, `**.example.com` (many labels), `~^shop`, `_`.
  [[nodiscard]] std::string print() const;
};

// ---- conditions of a step

using RangesId = std::uint32_t;  // index into Router::ranges
struct Ranges {                  // a named set of source prefixes
  std::string name;
  net::PrefixSet sources;
  bool operator==(const Ranges&) const = default;
};

struct Condition {
  enum class Kind : std::uint8_t {
    path_is,         // the path (step 1) equals values[0]
    method_is,       // the method equals values[0]
    plain_http,      // the request came without TLS
    tls_name,        // the name (or `*.` and what follows its first label) is one of Router::tls_names
    source_in,       // the source is in ranges[`number`]
    header_is,       // a header `name` has the value values[0], byte for byte
    header_matches,  // a header `name` has a value in which the regular expression values[0] is found
    header_ends,     // a header `name` has a value that ends, letter case ignored, in one of `values`; a `*` in a value
                     // stands for one label
    cookie_is,       // the cookie `name` has the value values[0]
    body_over,       // more than `number` bytes of body are declared
    authorised,      // Request::authorised
    over_rate,       // Request::over_rate: more than `number` of values[0] (`connections`, `rps`, `rpm`) by this client
  };
  Kind kind{};
  bool negated = false;
  std::string name;
  std::vector<std::string> values;
  std::uint64_t number = 0;
  bool operator==(const Condition&) const = default;
};

// ---- answers

using BackendId = std::uint32_t;  // index into Router::backends

struct Choice {
  BackendId backend = 0;
  std::uint32_t weight = 1;
  bool operator==(const Choice&) const = default;
};
// The whole path is replaced where `pattern` is found in it, letter case ignored (ingress-nginx rewrite-target,
// reference 10.2): `$1` … `$9` of `target` are the captures. The query stays; bytes that need it are percent-encoded.
struct Rewrite {
  std::string pattern;
  std::string target;
  bool operator==(const Rewrite&) const = default;
};
enum class Protocol : std::uint8_t { http, https, client, grpc, grpcs, fcgi };  // client: the client's scheme
[[nodiscard]] std::string_view to_string(Protocol protocol);                    // client: `auto`

struct Forward {
  // Not empty; weights above 0; each backend once. A backend without endpoints answers its `status`.
  std::vector<Choice> choices;
  std::optional<Rewrite> rewrite;
  std::string host;  // Host sent to the backend; empty: as the client sent it
  Protocol protocol = Protocol::http;
  // Answers of the backend with these codes are replaced by a page of `pages` (custom-http-errors); no decision
  // changes.
  std::vector<int> intercepted;
  std::optional<BackendId> pages;
  bool operator==(const Forward&) const = default;
};

// A piece of a Location.
struct Piece {
  enum class Kind : std::uint8_t {
    text,
    scheme,           // `http` or `https`, as the client came
    host,             // the value of Host without its port, as sent
    host_port,        // the value of Host as sent
    port,             // Request::port
    target,           // path and query as sent
    target_no_slash,  // the same without one slash at its end
    query,            // `?` and the query, or nothing
    target_escaped,   // path and query as sent, percent-encoded as a query value
  };
  Kind kind = Kind::text;
  std::string text;
  bool operator==(const Piece&) const = default;
};
struct Redirect {
  int status = 302;
  std::vector<Piece> location;
  bool operator==(const Redirect&) const = default;
};
// The router's own answer.
struct Reply {
  int status = 404;
  bool operator==(const Reply&) const = default;
};
// Because of who asks: 401, 403.
struct Refuse {
  int status = 403;
  bool operator==(const Refuse&) const = default;
};
// What happens cannot be said: a snippet, a regular expression outside the dialect.
struct Unknown {
  std::string why;
  bool operator==(const Unknown&) const = default;
};
using Answer = std::variant<Forward, Redirect, Reply, Refuse, Unknown>;

struct Step {
  std::vector<Condition> when;  // all of them; empty: always
  Answer answer;
  Origin origin;
};
// INVARIANT: the last step is unconditional, except in HostEntry::steps, which may let every request pass.
using Steps = std::vector<Step>;

// ---- routes

struct PathMatch {
  enum class Kind : std::uint8_t {
    exact,   // equals `text`
    prefix,  // starts with `text`, byte by byte
    regex,   // `text`, anchored at the start only: `^` and `text` (Regex)
  };
  Kind kind = Kind::prefix;
  std::string text;
  bool fold = false;  // letter case of ASCII ignored
  bool operator==(const PathMatch&) const = default;
};

struct Route {
  PathMatch match;
  std::uint32_t treatment = 0;  // index into Router::treatments
  // The rule as written: `Prefix /cart`, `Exact /`; or why it is there: `default backend`, `slash redirect`,
  // `controller`.
  std::string rule;
  Origin origin;
};

struct HostEntry {
  std::vector<HostPattern> names;   // not empty; the first is its own name, aliases follow
  Steps steps;                      // answered before any route is looked at
  std::vector<Route> routes;        // the first match decides
  std::uint32_t otherwise = 0;      // treatment of requests that no route matches
  Origin origin;                    // who mentioned the host first
  std::vector<std::string> owners;  // Ingresses that have a rule for it, `ns/name`, in the order of their merging
};

// ---- backends, TLS

// A Service port as a target of routes.
struct Backend {
  std::string service;  // `ns/name:80`: the port's number. Unique together with `via`
  enum class Via : std::uint8_t {
    endpoints,   // straight to the pods
    cluster_ip,  // to the Service's address; the packet rules of the node decide further
    external,    // an ExternalName: `external` is the name
  };
  Via via = Via::endpoints;
  std::vector<std::pair<net::Address, std::uint16_t>> targets;  // sorted by text; ready endpoints, or the cluster IP
  std::string external;
  std::uint16_t external_port = 0;
  int status = 503;             // answered without targets
  bool affinity = false;        // a cookie binds clients to an endpoint (which one, not which Service)
  std::string affinity_cookie;  // its name
  std::string balance;          // how an endpoint is chosen, in the controller's words; empty: in turn
  Origin origin;
  [[nodiscard]] bool dead() const { return targets.empty() && external.empty(); }
};

struct Certificate {
  std::string secret;              // `ns/name`; empty: the controller's own default certificate
  std::vector<std::string> names;  // DNS names it covers, lower case
  bool operator==(const Certificate&) const = default;
};
struct TlsName {
  HostPattern name;  // exact or one_label
  std::uint32_t certificate = 0;
  Origin origin;
};

// TLS that is not ended here: by server name to a backend, with whatever is inside (ingress-nginx ssl-passthrough).
struct Passthrough {
  HostPattern name;  // exact or one_label
  BackendId backend = 0;
  Origin origin;
};

// ---- how requests reach the router (reference 12)

struct Entry {
  enum class Kind : std::uint8_t {
    node,          // portcullis' own proxy on every node
    service,       // `service`: the controller's own Service (node ports, balancer addresses)
    host_port,     // `service` is `ns/name` of the workload, or empty
    host_network,  // the same
    node_ports,    // a balancer outside the cluster whose backends are the node ports of the routes' Services
  };
  Kind kind = Kind::node;
  std::string service;
  std::uint16_t http = 80, https = 443;  // what clients connect to
  Origin origin;
};

struct Router {
  std::string name;  // the IngressClass, or the controller; flavour gce: `ns/name` of the Ingress
  Flavour flavour = Flavour::api;
  HostForm host_form = HostForm::plain;
  PathForm path_form = PathForm::as_sent;
  // Nothing is served as described: the data plane refuses the whole configuration (reference X7, G7) and keeps what it
  // had. Every decision is unknown.
  std::string rejected;

  std::vector<HostEntry> hosts;  // at most one with a pattern of kind any
  std::uint32_t unmatched = 0;   // treatment of names that no entry has
  // Treatment of requests without a Host where the host form demands it (haproxy: H5).
  std::uint32_t without_host = 0;
  std::vector<Steps> treatments;
  std::vector<Backend> backends;          // sorted by service
  std::vector<Ranges> ranges;             // sorted by name
  std::vector<std::string> tls_names;     // sorted: names and `*.domain` that count as TLS-enabled (reference S1)
  std::vector<Certificate> certificates;  // [0] is the default
  std::vector<TlsName> tls;               // exact before one_label
  bool strict_sni = false;                // no certificate: the handshake is refused, instead of the default
  std::vector<Passthrough> passthrough;   // looked at before `tls`, for https requests; the decision has protocol `tls`
  std::vector<Entry> entries;
};

// The entry whose names the router would choose for this name (already in the router's form), with the pattern that
// matched; nullptr: none.
[[nodiscard]] const HostEntry* find_host(const Router& router, std::string_view name,
                                         const HostPattern** pattern = nullptr);

}  // namespace portcullis::ir::l7
