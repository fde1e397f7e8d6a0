// PC3014, PC3108, PC3112: Services that have an Ingress in front of them, or ask for what only an Ingress has.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/lint/rules.hpp"
#include "compiler/lint/workloads.hpp"

namespace portcullis::lint {

namespace {

base::ObjectRef reference(const cluster::Service& service) {
  return {"Service", service.ns, service.name};
}

base::SourceSpan span_or(const manifest::Field<std::string>& field, base::SourceSpan otherwise) {
  return field ? field->span : otherwise;
}

// ---- PC3014

// The controller passes the connection on, or tells the Service who the client is.
bool shows_the_client(const Ingress& ingress) {
  return std::ranges::any_of(ingress.body.metadata.annotations.entries, [](const manifest::KeyValue& entry) {
    const std::string& key = entry.key.value;
    return key.ends_with("ssl-passthrough") || key.find("proxy-protocol") != std::string::npos ||
           key.find("proxy_protocol") != std::string::npos;
  });
}

void check_affinity(const Scene& scene, const cluster::Service& service, const std::vector<const BackendUse*>& uses,
                    Diagnostics& diagnostics) {
  const auto use = std::ranges::find_if(uses, [](const BackendUse* u) { return !shows_the_client(*u->ingress); });
  const manifest::Service* given = scene.service(service.ns, service.name);
  if (!service.affinity_seconds || use == uses.end() || given == nullptr) return;
  base::Diagnostic& finding =
      diagnostics.add("PC3014",
                      fmt::format("{} keeps clients by source address, but {} in front hides it",
                                  reference(service).text(), (*use)->ingress->reference().text()),
                      span_or(given->session_affinity, service.span));
  finding.object = reference(service);
  finding.field = "spec.sessionAffinity";
  finding.hint = "use the controller's cookie affinity";
  finding.related.push_back({(*use)->ingress->reference().text(), (*use)->name_span()});
}

// ---- PC3108

// Where an Ingress leads, and which use of a Service says so.
using Targets = std::map<std::pair<net::Address, std::uint16_t>, const BackendUse*>;

Targets targets_behind_ingresses(const Scene& scene) {
  Targets targets;
  for (const BackendUse& use : scene.uses) {
    const cluster::Service* service = scene.cluster.service(use.ingress->ns, use.service());
    const cluster::ServicePort* port = service == nullptr ? nullptr : service_port(*service, use.backend->port);
    if (port == nullptr) continue;
    for (const cluster::Endpoint& endpoint : port->endpoints)
      targets.try_emplace({endpoint.address, endpoint.port}, &use);
  }
  return targets;
}

const cluster::Pod* pod_of(const Scene& scene, std::string_view ns, std::string_view name) {
  const auto key = [](const cluster::Pod& p) { return std::pair<std::string_view, std::string_view>(p.ns, p.name); };
  const auto& pods = scene.cluster.pods;
  const auto found = std::ranges::lower_bound(pods, std::pair(ns, name), {}, key);
  return found != pods.end() && key(*found) == std::pair(ns, name) ? &*found : nullptr;
}

// A balancer outside the cluster, such as that of GCE's and AWS' controllers, comes in by node ports.
bool comes_by_node_ports(const Scene& scene, const Ingress& ingress) {
  const ir::l7::Router* router = scene.routed.router(ingress);
  const auto outside = [](const ir::l7::Entry& entry) { return entry.kind == ir::l7::Entry::Kind::node_ports; };
  if (router != nullptr && std::ranges::any_of(router->entries, outside)) return true;
  return scene.router_of(ingress) != effective_class(ingress);
}

class WaysIn {
 public:
  WaysIn(const Scene& scene, Diagnostics& diagnostics)
      : scene_(scene), diagnostics_(diagnostics), targets_(targets_behind_ingresses(scene)) {
    for (const Template& pod : templates(scene.input)) {
      if (is_controller(pod)) controllers_.insert(pod.object);
    }
    for (const BackendUse& use : scene.uses) {
      if (comes_by_node_ports(scene, *use.ingress)) entered_.insert({use.ingress->ns, use.service()});
    }
  }

  void check(const cluster::Service& service) {
    using enum cluster::ServiceType;
    if (service.type != load_balancer && service.type != node_port) return;
    // The node port is the way of the Ingress, and not past it.
    if (service.type == node_port && entered_.contains({service.ns, service.name})) return;
    std::set<base::ObjectRef> said;
    for (const cluster::ServicePort& port : service.ports) {
      for (const cluster::Endpoint& endpoint : port.endpoints) {
        const auto found = targets_.find({endpoint.address, endpoint.port});
        if (found == targets_.end() || endpoint.pod.empty()) continue;
        const cluster::Pod* pod = pod_of(scene_, service.ns, endpoint.pod);
        const base::ObjectRef workload =
            pod == nullptr ? base::ObjectRef{"Pod", service.ns, endpoint.pod} : pod->workload;
        if (!controllers_.contains(workload) && said.insert(workload).second) report(service, workload, *found->second);
      }
    }
  }

 private:
  void report(const cluster::Service& service, const base::ObjectRef& workload, const BackendUse& use) {
    const manifest::Service* given = scene_.service(service.ns, service.name);
    if (given == nullptr) return;
    base::Diagnostic& finding =
        diagnostics_.add("PC3108",
                         fmt::format("{} is reached through {} and, past it, through {}", workload.text(),
                                     use.ingress->reference().text(), reference(service).text()),
                         span_or(given->type, service.span));
    finding.object = reference(service);
    finding.field = "spec.type";
    finding.hint = fmt::format("make {} type ClusterIP", reference(service).text());
    finding.related.push_back({use.ingress->reference().text(), use.name_span()});
  }

  const Scene& scene_;
  Diagnostics& diagnostics_;
  Targets targets_;
  std::set<base::ObjectRef> controllers_;
  std::set<std::pair<std::string, std::string>> entered_;  // Services that an Ingress comes to by their node ports
};

// ---- PC3112

constexpr std::size_t many_balancers = 3;

void report_balancer(const cluster::Service& service, base::SourceSpan span, std::string field,
                     Diagnostics& diagnostics, std::vector<base::Related> related = {}) {
  base::Diagnostic& finding = diagnostics.add(
      "PC3112", fmt::format("{}: one balancer serves one Service, without hosts or paths", reference(service).text()),
      span);
  finding.object = reference(service);
  finding.field = std::move(field);
  finding.hint = "an Ingress or Gateway shares one address";
  finding.related = std::move(related);
}

// Asks a balancer of connections for something of HTTP.
bool asks_for_http(const manifest::KeyValue& entry) {
  const std::string_view key = entry.key.value, value = entry.value.value;
  if (key.ends_with("/aws-load-balancer-backend-protocol")) return value == "http" || value == "https";
  return key.ends_with("/aws-load-balancer-ssl-ports") ||
         key == "service.beta.kubernetes.io/do-loadbalancer-tls-ports" || key.ends_with("-redirect-http-to-https");
}

bool serves_http(const cluster::Service& service) {
  return !service.ports.empty() && std::ranges::all_of(service.ports, [](const cluster::ServicePort& port) {
    return (port.port == 80 || port.port == 443) &&
           (port.name.starts_with("http") || port.app_protocol.starts_with("http"));
  });
}

void lint_balancers(const Scene& scene, Diagnostics& diagnostics) {
  std::map<std::string_view, std::vector<const cluster::Service*>> plain;  // by namespace
  for (const cluster::Service& service : scene.cluster.services) {
    const manifest::Service* given = scene.service(service.ns, service.name);
    if (service.type != cluster::ServiceType::load_balancer || given == nullptr) continue;
    const auto& annotations = given->metadata.annotations.entries;
    const auto entry = std::ranges::find_if(annotations, asks_for_http);
    if (entry != annotations.end()) {
      report_balancer(service, entry->key.span, fmt::format("metadata.annotations[{}]", entry->key.value), diagnostics);
    } else if (serves_http(service)) {
      plain[service.ns].push_back(&service);
    }
  }
  for (const auto& [ns, services] : plain) {
    if (services.size() < many_balancers) continue;
    std::vector<base::Related> others;
    for (const cluster::Service* service : services) {
      if (service != services.front()) others.push_back({reference(*service).text(), service->span});
    }
    const cluster::Service& first = *services.front();
    report_balancer(first, scene.service(first.ns, first.name)->type->span, "spec.type", diagnostics,
                    std::move(others));
  }
}

}  // namespace

void lint_services(const Scene& scene, Diagnostics& diagnostics) {
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const BackendUse*>> uses;
  for (const BackendUse& use : scene.uses) uses[{use.ingress->ns, use.service()}].push_back(&use);
  WaysIn ways(scene, diagnostics);
  for (const cluster::Service& service : scene.cluster.services) {
    const auto found = uses.find({service.ns, service.name});
    if (found != uses.end()) check_affinity(scene, service, found->second, diagnostics);
    ways.check(service);
  }
  lint_balancers(scene, diagnostics);
}

}  // namespace portcullis::lint
