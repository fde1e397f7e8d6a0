// One function a group of rules; lint_objects calls them all.
#pragma once

#include "compiler/lint/scene.hpp"

namespace portcullis::lint {

// PC3201, PC3202, PC3213: what backends name.
void lint_backends(const Scene& scene, Diagnostics& diagnostics);
// PC3203, PC3204: one host and path, twice.
void lint_claims(const Scene& scene, Diagnostics& diagnostics);
// PC3204: rules that no request reaches. After lint_claims: what that said is not said again.
void lint_shadows(const Scene& scene, Diagnostics& diagnostics);
// PC3205, PC3206: who serves a host.
void lint_hosts(const Scene& scene, Diagnostics& diagnostics);
// PC3207, PC3208, PC3209.
void lint_tls(const Scene& scene, Diagnostics& diagnostics);
// PC3210.
void lint_classes(const Scene& scene, Diagnostics& diagnostics);
// PC3211, PC3212: annotations that change what other lines mean.
void lint_annotations(const Scene& scene, Diagnostics& diagnostics);
// PC3014, PC3108, PC3112: Services that have an Ingress in front, or should have.
void lint_services(const Scene& scene, Diagnostics& diagnostics);
// PC1008.
void lint_deprecated(const Scene& scene, Diagnostics& diagnostics);
// PC3214.
void lint_controllers(const Scene& scene, Diagnostics& diagnostics);

}  // namespace portcullis::lint
