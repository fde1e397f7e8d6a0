#include "compiler/lint/scene.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::lint {

namespace {

constexpr std::string_view aws_group = "alb.ingress.kubernetes.io/group.name";

bool is_gce(const cluster::Cluster& cluster, const Ingress& ingress) {
  constexpr std::array<std::string_view, 3> classes{"gce", "gce-internal", "gce-regional-external"};
  if (ingress.class_annotation && std::ranges::find(classes, *ingress.class_annotation) != classes.end()) return true;
  return controller_of(cluster, ingress) == "gce";
}

bool is_aws(const cluster::Cluster& cluster, const Ingress& ingress) {
  return controller_of(cluster, ingress) == "ingress.k8s.aws/alb" || effective_class(ingress) == "alb";
}

const cluster::IngressController* profile_entry(const cluster::Cluster& cluster, const Ingress& ingress) {
  const auto& list = cluster.profile.ingress_controllers;
  const auto found = std::ranges::find(list, effective_class(ingress), &cluster::IngressController::ingress_class);
  return found == list.end() ? nullptr : &*found;
}

void take_use(const Ingress& ingress, const manifest::IngressBackend& backend, std::string field, std::string request,
              std::vector<BackendUse>& uses) {
  if (!backend.service_name) return;
  uses.push_back({&ingress, &backend, std::move(field), std::move(request)});
}

}  // namespace

Scene::Scene(const manifest::Input& given, const cluster::Cluster& resolved, const std::vector<ir::l7::Router>& built,
             const Options& how)
    : input(given),
      cluster(resolved),
      routers(built),
      options(how),
      inventory(cluster::take_inventory(given)),
      routed(built) {
  for (const Ingress& ingress : cluster.ingresses) {
    meets.push_back(router_key(cluster, ingress));
    if (ingress.body.default_backend) take_use(ingress, *ingress.body.default_backend, "spec.defaultBackend", {}, uses);
    for (PathRule& rule : path_rules(ingress)) {
      take_use(ingress, rule.entry->backend, rule.field + ".backend", rule.request(), uses);
      rules.push_back(std::move(rule));
    }
  }
}

bool Scene::may_be_lost(std::string_view kind, std::string_view ns) const {
  return input.unreadable || std::ranges::any_of(input.lost, [&](const base::ObjectRef& lost) {
           return lost.kind == kind && lost.ns == ns;
         });
}

const manifest::Service* Scene::service(std::string_view ns, std::string_view name) const {
  const auto key = [](const cluster::Given<manifest::Service>& g) { return std::pair(g.ns, g.name); };
  const auto found = std::ranges::lower_bound(inventory.services, std::pair(ns, name), {}, key);
  return found != inventory.services.end() && key(*found) == std::pair(ns, name) ? found->body : nullptr;
}

const std::string& Scene::router_of(const Ingress& ingress) const {
  return meets[static_cast<std::size_t>(&ingress - cluster.ingresses.data())];
}

std::string_view effective_class(const Ingress& ingress) {
  if (ingress.class_name) return *ingress.class_name;
  return ingress.class_annotation ? std::string_view{*ingress.class_annotation} : std::string_view{};
}

std::string controller_of(const cluster::Cluster& cluster, const Ingress& ingress) {
  const cluster::IngressController* entry = profile_entry(cluster, ingress);
  if (entry != nullptr && !entry->flavour.empty()) return entry->flavour;
  const cluster::IngressClass* ingress_class =
      ingress.class_name ? cluster.ingress_class(*ingress.class_name) : nullptr;
  return ingress_class == nullptr ? std::string{} : ingress_class->controller;
}

std::string router_key(const cluster::Cluster& cluster, const Ingress& ingress) {
  std::string key(effective_class(ingress));
  if (is_gce(cluster, ingress)) return key + " " + ingress.id();
  if (!is_aws(cluster, ingress)) return key;
  const std::string_view group = annotation(ingress, aws_group);
  return key + " " + (group.empty() ? ingress.id() : std::string(group));
}

std::string_view option(const cluster::Cluster& cluster, const Ingress& ingress, std::string_view name) {
  const cluster::IngressController* entry = profile_entry(cluster, ingress);
  if (entry == nullptr) return {};
  const auto found = entry->options.find(std::string(name));
  return found == entry->options.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view annotation(const Ingress& ingress, std::string_view key) {
  return ingress.body.metadata.annotations.get(key);
}

bool is_true(std::string_view text) {
  constexpr std::array<std::string_view, 6> words{"1", "t", "T", "true", "TRUE", "True"};
  return std::ranges::find(words, text) != words.end();
}

bool shares_on_purpose(const Ingress& ingress) {
  const auto has = [&](std::string_view key) { return ingress.body.metadata.annotations.find(key) != nullptr; };
  return is_true(annotation(ingress, "nginx.ingress.kubernetes.io/canary")) ||
         has("nginx.org/mergeable-ingress-type") || has("alb.ingress.kubernetes.io/group.order");
}

const cluster::ServicePort* service_port(const cluster::Service& service, const manifest::ServiceBackendPort& asked) {
  const auto found = std::ranges::find_if(service.ports, [&](const cluster::ServicePort& port) {
    if (asked.name && !asked.name->value.empty()) return port.name == asked.name->value;
    return asked.number && port.port == asked.number->value;
  });
  return found == service.ports.end() ? nullptr : &*found;
}

bool is_acme_solver(std::string_view service) {
  return service.starts_with("cm-acme-http-solver-");
}

bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && host.substr(dot) == pattern.substr(1);
}

bool older(const Ingress& a, const Ingress& b) {
  // Without a time it is yet to be created.
  if (a.created.empty() != b.created.empty()) return !a.created.empty();
  return a.created == b.created ? a.order < b.order : a.created < b.created;
}

std::string in_quotes(std::string_view text) {
  return "`" + base::printable(text) + "`";
}

std::string quoted_list(const std::vector<std::string_view>& texts) {
  constexpr std::size_t most = 10;
  const std::size_t shown = texts.size() > most ? most - 1 : texts.size();
  std::vector<std::string> items;
  for (std::size_t i = 0; i < shown; ++i) items.push_back(in_quotes(texts[i]));
  if (shown < texts.size()) items.push_back(fmt::format("{} more", texts.size() - shown));
  return base::list_text(items);
}

std::string quoted_list(const std::set<std::string, std::less<>>& texts) {
  return quoted_list(std::vector<std::string_view>(texts.begin(), texts.end()));
}

}  // namespace portcullis::lint
