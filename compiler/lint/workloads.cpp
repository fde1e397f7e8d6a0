#include "compiler/lint/workloads.hpp"

#include <algorithm>
#include <array>
#include <variant>

namespace portcullis::lint {

namespace {

constexpr std::array<std::string_view, 10> controller_images{"ingress-nginx/controller",
                                                             "nginx-ingress",
                                                             "traefik",
                                                             "haproxy-ingress",
                                                             "kubernetes-ingress",
                                                             "contour",
                                                             "envoy",
                                                             "kong",
                                                             "emissary",
                                                             "cilium-envoy"};

bool is_controller_image(std::string_view image, const manifest::StringMap& labels) {
  if (image.find("istio/proxyv2") != std::string_view::npos) {
    return labels.find("gateway.networking.k8s.io/gateway-name") != nullptr ||
           labels.get("istio").find("gateway") != std::string_view::npos;
  }
  return std::ranges::any_of(controller_images,
                             [&](std::string_view part) { return image.find(part) != std::string_view::npos; });
}

}  // namespace

std::vector<Template> templates(const manifest::Input& input) {
  std::vector<Template> out;
  for (const manifest::Object& object : input.objects) {
    if (const auto* pod = std::get_if<manifest::Pod>(&object.body)) {
      out.push_back({manifest::reference(object), &pod->spec, &pod->metadata.labels, "spec"});
    } else if (const auto* workload = std::get_if<manifest::Workload>(&object.body)) {
      out.push_back({manifest::reference(object), &workload->pod.spec, &workload->pod.metadata.labels,
                     workload->kind == "CronJob" ? "spec.jobTemplate.spec.template.spec" : "spec.template.spec"});
    }
  }
  return out;
}

bool is_controller(const Template& pod) {
  return std::ranges::any_of(pod.spec->containers, [&](const manifest::Container& container) {
    return container.image && is_controller_image(container.image->value, *pod.labels);
  });
}

}  // namespace portcullis::lint
