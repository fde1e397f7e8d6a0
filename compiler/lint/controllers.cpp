// PC3214: ingress controllers without maintenance.
#include <fmt/format.h>

#include "compiler/lint/rules.hpp"
#include "compiler/lint/workloads.hpp"

namespace portcullis::lint {

namespace {

constexpr std::string_view retired = "ingress-nginx/controller";

}  // namespace

void lint_controllers(const Scene& scene, Diagnostics& diagnostics) {
  for (const Template& pod : templates(scene.input)) {
    std::size_t init = 0, plain = 0;
    for (const manifest::Container& container : pod.spec->containers) {
      const std::size_t index = container.init ? init++ : plain++;
      if (!container.image || container.image->value.find(retired) == std::string::npos) continue;
      base::Diagnostic& finding =
          diagnostics.add("PC3214", fmt::format("{} runs a controller without security fixes", pod.object.text()),
                          container.image->span);
      finding.object = pod.object;
      finding.field =
          fmt::format("{}.{}[{}].image", pod.field, container.init ? "initContainers" : "containers", index);
      finding.hint = "move to Gateway API or another controller";
      break;
    }
  }
}

}  // namespace portcullis::lint
