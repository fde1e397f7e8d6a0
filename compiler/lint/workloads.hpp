// Pods of the input and what they run.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::lint {

struct Template {
  base::ObjectRef object;  // the Pod, or what makes it
  const manifest::PodSpec* spec = nullptr;
  const manifest::StringMap* labels = nullptr;
  std::string field;  // of the pod's spec: `spec.template.spec`
};
[[nodiscard]] std::vector<Template> templates(const manifest::Input& input);

// Runs an ingress controller or gateway, by the names of its images.
[[nodiscard]] bool is_controller(const Template& pod);

}  // namespace portcullis::lint
