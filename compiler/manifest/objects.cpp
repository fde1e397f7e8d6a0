#include "compiler/manifest/objects.hpp"

#include <type_traits>

#include "compiler/manifest/kinds.hpp"

namespace portcullis::manifest {

const Metadata* metadata(const Object& object) {
  return std::visit(
      [](const auto& value) -> const Metadata* {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, KubeProxyConfiguration>) {
          return nullptr;
        } else {
          return &value.metadata;
        }
      },
      object.body);
}

base::ObjectRef reference(const Object& object) {
  base::ObjectRef out;
  out.kind = object.kind;
  const Metadata* found = metadata(object);
  if (found == nullptr) return out;
  if (found->name) {
    out.name = found->name->value;
  } else if (found->generate_name) {
    out.name = found->generate_name->value;
  }
  if (is_namespaced(object.kind)) out.ns = found->ns && !found->ns->value.empty() ? found->ns->value : "default";
  return out;
}

}  // namespace portcullis::manifest
