// What the rules look at, and the questions that several of them ask.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/lint/path_rule.hpp"
#include "compiler/lint/routed.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::lint {

using base::Diagnostics;

// A Service that an Ingress sends requests to.
struct BackendUse {
  const Ingress* ingress = nullptr;
  const manifest::IngressBackend* backend = nullptr;
  std::string field;    // of the backend
  std::string request;  // as PathRule; empty: the default backend

  [[nodiscard]] const std::string& service() const { return backend->service_name->value; }
  [[nodiscard]] base::SourceSpan name_span() const { return backend->service_name->span; }
};

struct Scene {
  Scene(const manifest::Input& given, const cluster::Cluster& resolved, const std::vector<ir::l7::Router>& built,
        const Options& how);

  const manifest::Input& input;
  const cluster::Cluster& cluster;
  const std::vector<ir::l7::Router>& routers;
  Options options;
  cluster::Inventory inventory;
  Routed routed;
  std::vector<PathRule> rules;     // of all Ingresses, in their order
  std::vector<BackendUse> uses;    // likewise; Service backends only
  std::vector<std::string> meets;  // of each Ingress its router_key

  // What is not in the input may be where it could not be read.
  [[nodiscard]] bool may_be_lost(std::string_view kind, std::string_view ns) const;
  [[nodiscard]] const manifest::Service* service(std::string_view ns, std::string_view name) const;
  // As router_key.
  [[nodiscard]] const std::string& router_of(const Ingress& ingress) const;
};

// spec.ingressClassName, given or by default, else the annotation; empty: none.
[[nodiscard]] std::string_view effective_class(const Ingress& ingress);
// `spec.controller` of its class, as far as the input or the profile tells; empty: unknown. A flavour of the profile is
// told by its own name.
[[nodiscard]] std::string controller_of(const cluster::Cluster& cluster, const Ingress& ingress);
// Ingresses with equal keys meet in one router. Those of a class do, except where each has a balancer of its own (GCE;
// AWS without a group).
[[nodiscard]] std::string router_key(const cluster::Cluster& cluster, const Ingress& ingress);
// The value of an option that the profile gives for the controller of this Ingress; empty: none.
[[nodiscard]] std::string_view option(const cluster::Cluster& cluster, const Ingress& ingress, std::string_view name);

[[nodiscard]] std::string_view annotation(const Ingress& ingress, std::string_view key);
// A boolean as controllers written in Go read it: `1`, `t`, `T`, `true`, `TRUE`, `True`.
[[nodiscard]] bool is_true(std::string_view text);
// Made to share paths with other Ingresses: canaries, masters and minions, ordered rules of a group.
[[nodiscard]] bool shares_on_purpose(const Ingress& ingress);
// The Service port that a backend names; nullptr: it has none such.
[[nodiscard]] const cluster::ServicePort* service_port(const cluster::Service& service,
                                                       const manifest::ServiceBackendPort& asked);
// cert-manager's solver, which makes an Ingress and a Service for the time of a challenge.
[[nodiscard]] bool is_acme_solver(std::string_view service);

// Whether a host is the pattern, or one label in place of its star.
[[nodiscard]] bool covers(std::string_view pattern, std::string_view host);

// Of two Ingresses the one that a controller takes for the older: by creation, else by place in the input.
[[nodiscard]] bool older(const Ingress& a, const Ingress& b);

// "`text`" with nothing in it that a terminal minds.
[[nodiscard]] std::string in_quotes(std::string_view text);
// Of many the first ones, and how many more there are.
[[nodiscard]] std::string quoted_list(const std::vector<std::string_view>& texts);
[[nodiscard]] std::string quoted_list(const std::set<std::string, std::less<>>& texts);

}  // namespace portcullis::lint
