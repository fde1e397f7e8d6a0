// The annotations of ingress-nginx of one Ingress (reference 10), read: defaults filled in, invalid values as 10.3
// says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/build/options.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

inline constexpr std::string_view nginx_prefix = "nginx.ingress.kubernetes.io/";

struct Canary {
  std::uint32_t weight = 0;
  std::uint32_t total = 100;
  std::string header, value, pattern, cookie;
};

// A limit of requests: `connections`, `rps`, `rpm`.
struct RateLimit {
  std::string unit;
  std::uint64_t number = 0;
};

struct NginxAnnotations {
  // The whole object is skipped, or all its routes answer 503; with the reason. Empty: neither.
  std::string skipped, denied;
  std::string unknown;  // a snippet that is allowed: what happens on its hosts cannot be said

  std::string rewrite_target;  // empty: none
  bool use_regex = false;
  bool ssl_redirect = true, force_ssl_redirect = false, preserve_trailing_slash = false;
  std::string app_root;
  std::optional<Redirect> redirect;  // permanent or temporal
  std::string redirect_key;
  bool ssl_passthrough = false;
  bool cors = false;
  std::vector<std::string> cors_origins;  // empty: every origin
  std::optional<net::PrefixSet> allow, deny;
  std::string allow_key, deny_key;
  std::uint64_t body_size = 1048576;  // bytes; 0: unlimited
  // basic or digest authentication, or an external service
  bool authentication = false;
  std::string auth_key;
  std::string auth_signin;
  bool satisfy_any = false;
  bool client_certificate = false;  // for the whole host
  bool client_certificate_broken = false;
  bool match_cn = false;
  std::vector<RateLimit> limits;
  std::optional<net::PrefixSet> limit_allow;
  bool affinity = false;
  std::string affinity_cookie = "INGRESSCOOKIE";
  std::string balance;
  Protocol protocol = Protocol::http;
  std::string upstream_vhost;
  std::vector<std::string> aliases;
  bool service_upstream = false;
  std::string default_backend;  // a Service of the namespace
  std::vector<int> intercepted;
  bool from_to_www = false;
  std::optional<Canary> canary;

  const cluster::Ingress* ingress = nullptr;
  // Where a key stands; the Ingress if it is not given.
  [[nodiscard]] Origin origin(std::string_view key) const;
};

// What is wrong with a value is a finding; nothing is reported twice.
[[nodiscard]] NginxAnnotations read_nginx_annotations(const cluster::Cluster& cluster, const cluster::Ingress& ingress,
                                                      const ControllerOptions& options, base::Diagnostics& diagnostics);

// Every key that read_nginx_annotations looks at, without the prefix; and those that are known and change no decision.
[[nodiscard]] bool nginx_reads(std::string_view key);
[[nodiscard]] bool nginx_ignores(std::string_view key);
[[nodiscard]] std::vector<std::string_view> nginx_keys();

}  // namespace portcullis::ir::l7
