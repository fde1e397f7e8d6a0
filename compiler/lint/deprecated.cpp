// PC1008: what is still accepted and has a successor.
#include <array>

#include <fmt/format.h>

#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

struct Old {
  std::string_view what, since, instead;
};

void report(const Old& old, const base::ObjectRef& object, std::string field, base::SourceSpan span,
            Diagnostics& diagnostics) {
  base::Diagnostic& finding =
      diagnostics.add("PC1008", fmt::format("{} is deprecated since {}", old.what, old.since), span);
  finding.object = object;
  finding.field = std::move(field);
  finding.hint = fmt::format("use {}", old.instead);
}

void check_annotations(const manifest::StringMap& annotations, const base::ObjectRef& object, std::string_view key,
                       const Old& old, Diagnostics& diagnostics) {
  const manifest::KeyValue* given = annotations.find(key);
  if (given != nullptr) report(old, object, fmt::format("metadata.annotations[{}]", key), given->key.span, diagnostics);
}

void check_service(const cluster::Given<manifest::Service>& given, Diagnostics& diagnostics) {
  const manifest::Service& service = *given.body;
  const base::ObjectRef object{"Service", std::string(given.ns), std::string(given.name)};
  if (service.load_balancer_ip && !service.load_balancer_ip->value.empty())
    report({"`spec.loadBalancerIP`", "1.24", "an annotation of the balancer's implementation"}, object,
           "spec.loadBalancerIP", service.load_balancer_ip->span, diagnostics);
  check_annotations(service.metadata.annotations, object, "service.kubernetes.io/topology-aware-hints",
                    {"annotation `service.kubernetes.io/topology-aware-hints`", "1.27", "`spec.trafficDistribution`"},
                    diagnostics);
}

}  // namespace

void lint_deprecated(const Scene& scene, Diagnostics& diagnostics) {
  for (const auto& given : scene.inventory.services) check_service(given, diagnostics);
  for (const auto& given : scene.inventory.endpoints) {
    const base::ObjectRef object{"Endpoints", std::string(given.ns), std::string(given.name)};
    const auto& name = given.body->metadata.name;
    report({"v1 Endpoints", "1.33", "EndpointSlices of `discovery.k8s.io/v1`"}, object, {},
           name ? name->span : given.body->place, diagnostics);
  }
  for (const auto& given : scene.inventory.ingresses) {
    // Ingresses of GCE have no other way to say it.
    constexpr std::string_view key = "kubernetes.io/ingress.class";
    if (given.body->metadata.annotations.get(key).starts_with("gce")) continue;
    check_annotations(given.body->metadata.annotations, {"Ingress", std::string(given.ns), std::string(given.name)},
                      key, {"annotation `kubernetes.io/ingress.class`", "1.18", "`spec.ingressClassName`"},
                      diagnostics);
  }
}

}  // namespace portcullis::lint
