// PC3205, PC3206: who serves a host.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

struct HostUse {
  const Ingress* ingress = nullptr;
  std::size_t rule = 0;
};

void lint_split_hosts(const Scene& scene, Diagnostics& diagnostics) {
  std::map<std::pair<std::string, std::string>, std::vector<HostUse>> hosts;
  for (const Ingress& ingress : scene.cluster.ingresses) {
    for (std::size_t r = 0; r < ingress.body.rules.size(); ++r) {
      const auto& host = ingress.body.rules[r].host;
      if (host && !host->value.empty()) hosts[{scene.router_of(ingress), host->value}].push_back({&ingress, r});
    }
  }
  for (const auto& [key, uses] : hosts) {
    std::set<std::string, std::less<>> namespaces;
    for (const HostUse& use : uses) namespaces.insert(use.ingress->ns);
    if (namespaces.size() < 2) continue;
    const auto place = [](const HostUse& use) { return use.ingress->body.rules[use.rule].host->span; };
    const HostUse& first = uses.front();
    base::Diagnostic& finding = diagnostics.add(
        "PC3205", fmt::format("{} is served from namespaces {}", in_quotes(key.second), quoted_list(namespaces)),
        place(first));
    finding.object = first.ingress->reference();
    finding.field = fmt::format("spec.rules[{}].host", first.rule);
    finding.hint = "one team can take paths of another; consider one Gateway with ReferenceGrant";
    for (const HostUse& use : uses) {
      if (use.ingress != first.ingress) finding.related.push_back({use.ingress->reference().text(), place(use)});
    }
  }
}

// Made by cert-manager while a challenge lasts.
bool is_acme_ingress(const Ingress& ingress) {
  if (ingress.body.metadata.labels.get("acme.cert-manager.io/http01-solver") == "true") return true;
  const auto rules = path_rules(ingress);
  return !rules.empty() && std::ranges::all_of(rules, [](const PathRule& rule) {
    const auto& service = rule.entry->backend.service_name;
    return service && is_acme_solver(service->value);
  });
}

void check_catch_all(const Scene& scene, const Ingress& ingress, bool alone, Diagnostics& diagnostics) {
  const auto& rules = ingress.body.rules;
  const auto open = std::ranges::find_if(rules, [](const manifest::IngressRule& rule) {
    return (!rule.host || rule.host->value.empty()) && rule.has_http;
  });
  const bool default_only = rules.empty() && ingress.body.default_backend;
  if (open == rules.end() && !default_only) return;
  if (is_true(option(scene.cluster, ingress, "allowCatchAll")) || is_acme_ingress(ingress)) return;
  const std::string_view name = effective_class(ingress);
  base::Diagnostic& finding =
      diagnostics.add("PC3206",
                      fmt::format("{} takes every host{}", ingress.reference().text(),
                                  name.empty() ? std::string{} : fmt::format(" of class {}", in_quotes(name))),
                      default_only ? ingress.body.default_backend->place : open->place);
  finding.object = ingress.reference();
  finding.field = default_only ? "spec.defaultBackend" : fmt::format("spec.rules[{}]", open - rules.begin());
  finding.hint = "name the host";
  if (alone) finding.severity = base::Severity::info;
}

}  // namespace

void lint_hosts(const Scene& scene, Diagnostics& diagnostics) {
  lint_split_hosts(scene, diagnostics);
  std::map<std::string_view, std::size_t> of_router;
  for (const std::string& key : scene.meets) ++of_router[key];
  for (const Ingress& ingress : scene.cluster.ingresses)
    check_catch_all(scene, ingress, of_router[scene.router_of(ingress)] == 1, diagnostics);
}

}  // namespace portcullis::lint
