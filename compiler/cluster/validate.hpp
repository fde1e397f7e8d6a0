// What an API server (1.36) would refuse: one function a kind, each finding with the API's field path and reason
// (`field`, `reason`). The order of stages is the server's: defaults, cluster IP and family pre-flight, allocation,
// validation; an error of an earlier stage hides later ones there, and so it does here where the listed answers demand
// it.
#pragma once

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/profile.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

// Each returns whether the object would be accepted. Objects that reading already found broken are validated as far as
// they were read.
[[nodiscard]] bool validate(const manifest::Service& service, const Profile& profile, base::Diagnostics& diagnostics);
[[nodiscard]] bool validate(const manifest::EndpointSlice& slice, base::Diagnostics& diagnostics);
[[nodiscard]] bool validate(const manifest::Endpoints& endpoints, base::Diagnostics& diagnostics);
[[nodiscard]] bool validate(const manifest::Node& node, base::Diagnostics& diagnostics);
[[nodiscard]] bool validate(const manifest::Ingress& ingress, base::Diagnostics& diagnostics);
[[nodiscard]] bool validate(const manifest::IngressClass& ingress_class, base::Diagnostics& diagnostics);
[[nodiscard]] bool validate(const manifest::NetworkPolicy& policy, base::Diagnostics& diagnostics);
// Container ports of a pod or a pod template (PC2080); `field` is the path of the pod spec (`spec`,
// `spec.template.spec`).
[[nodiscard]] bool validate_pod_spec(const manifest::PodSpec& spec, const base::ObjectRef& object,
                                     const std::string& field, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
