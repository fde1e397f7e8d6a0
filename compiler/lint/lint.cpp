#include "compiler/lint/lint.hpp"

#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

void lint(const manifest::Input& input, const cluster::Cluster& cluster, const std::vector<ir::l7::Router>& routers,
          const Options& options, base::Diagnostics& diagnostics) {
  const Scene scene(input, cluster, routers, options);
  lint_backends(scene, diagnostics);
  lint_claims(scene, diagnostics);
  lint_shadows(scene, diagnostics);
  lint_hosts(scene, diagnostics);
  lint_tls(scene, diagnostics);
  lint_classes(scene, diagnostics);
  lint_annotations(scene, diagnostics);
  lint_services(scene, diagnostics);
  lint_controllers(scene, diagnostics);
  lint_deprecated(scene, diagnostics);
}

}  // namespace portcullis::lint
