// PC3210: the class that an Ingress names, or needs.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

using Names = std::set<std::string, std::less<>>;

// Those that the API server refuses, too: that has been said of them.
Names class_names(const Scene& scene) {
  Names names;
  for (const auto& entry : scene.inventory.ingress_classes) names.emplace(entry.name);
  for (const cluster::IngressController& entry : scene.cluster.profile.ingress_controllers) {
    if (!entry.ingress_class.empty()) names.insert(entry.ingress_class);
  }
  return names;
}

// A controller that takes Ingresses without a class.
bool takes_classless(const Scene& scene) {
  const auto& list = scene.cluster.profile.ingress_controllers;
  return std::ranges::find(list, std::string_view{}, &cluster::IngressController::ingress_class) != list.end();
}

void check(const Scene& scene, const Names& names, const Ingress& ingress, Diagnostics& diagnostics) {
  const auto& given = ingress.body.ingress_class_name;
  if (given) {
    if (names.contains(given->value)) return;
    base::Diagnostic& finding =
        diagnostics.add("PC3210",
                        fmt::format("{} has class {}; the input has {}", ingress.reference().text(),
                                    in_quotes(given->value), quoted_list(names)),
                        given->span);
    finding.object = ingress.reference();
    finding.field = "spec.ingressClassName";
    const std::vector<std::string_view> known(names.begin(), names.end());
    if (const std::string_view near = base::nearest(given->value, known); !near.empty())
      finding.hint = fmt::format("is {} meant?", in_quotes(near));
    return;
  }
  if (ingress.class_name || ingress.class_annotation || takes_classless(scene)) return;
  base::Diagnostic& finding = diagnostics.add("PC3210",
                                              fmt::format("{} has no class; the input has {}, and none is the default",
                                                          ingress.reference().text(), quoted_list(names)),
                                              ingress.span);
  finding.object = ingress.reference();
  finding.hint = names.size() == 1 ? fmt::format("set `ingressClassName: {}`", base::printable(*names.begin()))
                                   : "set `ingressClassName`";
}

}  // namespace

void lint_classes(const Scene& scene, Diagnostics& diagnostics) {
  const Names names = class_names(scene);
  if (names.empty() || scene.may_be_lost("IngressClass", {})) return;
  for (const Ingress& ingress : scene.cluster.ingresses) check(scene, names, ingress, diagnostics);
}

}  // namespace portcullis::lint
