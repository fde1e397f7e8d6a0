// Settings of an ingress controller that the profile gives (docs/ingress.md lists them).
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

struct ServiceName {
  std::string ns, name;
};

struct ControllerOptions {
  // traefik
  bool strict_prefix_matching = false;
  bool allow_empty_services = false;
  // nginx, traefik, haproxy: which Ingresses are taken
  std::string class_annotation;  // value of kubernetes.io/ingress.class that is meant; empty: the flavour's default
  bool without_class = false;    // Ingresses without a class, too
  std::optional<ServiceName> default_backend;  // controller level (reference B1)
  // nginx
  bool allow_snippets = false;
  bool ssl_passthrough = false;
  bool ssl_redirect = true;
  bool strict_sni = false;    // ssl-reject-handshake
  std::string source_ranges;  // of objects without a list of their own
  std::string body_size = "1m";
  // haproxy-ingress
  bool strict_host = false;
  // haproxy
  std::uint16_t ssl_redirect_port = 8443;
  // any: for lint, which does not ask for TLS where a default certificate serves, nor for hosts where none are meant
  bool tls_by_default = false;
  bool allow_catch_all = false;
};

// Options that the flavour does not have, and values that make no sense, are findings (PC2110).
[[nodiscard]] ControllerOptions read_options(const cluster::IngressController& given, Flavour flavour,
                                             base::Diagnostics& diagnostics);

// Go's strconv.ParseBool.
[[nodiscard]] std::optional<bool> parse_bool(std::string_view text);

}  // namespace portcullis::ir::l7
