#include "compiler/ir/l7/build.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"

namespace portcullis::ir::l7 {

namespace {

// `entry` of the profile: a word, and after `service`, `host-port` and `host-network` an object. Nothing said: nothing
// known here; the input may say more (entry.hpp).
std::vector<Entry> entries_of(const Controller& controller, base::Diagnostics& diagnostics) {
  const std::string_view text = controller.entry;
  if (text.empty()) return {};
  const std::string_view word = text.substr(0, text.find(' '));
  const std::string_view object = word.size() == text.size() ? std::string_view{} : text.substr(word.size() + 1);
  constexpr std::array<std::pair<std::string_view, Entry::Kind>, 5> words{{{"node", Entry::Kind::node},
                                                                           {"service", Entry::Kind::service},
                                                                           {"host-port", Entry::Kind::host_port},
                                                                           {"host-network", Entry::Kind::host_network},
                                                                           {"node-ports", Entry::Kind::node_ports}}};
  const auto* const found = std::ranges::find(words, word, &std::pair<std::string_view, Entry::Kind>::first);
  const bool named = object.find('/') != std::string_view::npos;
  const bool takes_object = word == "service" || word == "host-port" || word == "host-network";
  if (found == words.end() || (word == "service" && !named) || (!object.empty() && !(takes_object && named))) {
    base::Diagnostic& finding =
        diagnostics.add("PC2110", fmt::format("`{}` is no way into an ingress controller", text), controller.span);
    finding.field = "spec.ingressControllers[].entry";
    finding.hint =
        "it is `node`, `service NAMESPACE/NAME`, `host-port [NAMESPACE/NAME]`, `host-network "
        "[NAMESPACE/NAME]` or `node-ports`";
    return {};
  }
  Entry entry;
  entry.kind = found->second;
  entry.service = object;
  entry.origin = {"controller " + controller.name, "entry", controller.span};
  return {entry};
}

void build_one(const Controller& controller, Maker& maker, base::Diagnostics& diagnostics) {
  switch (controller.flavour) {
    case Flavour::api:
      return build_api(controller, maker);
    case Flavour::nginx:
      return build_nginx(controller, maker, diagnostics);
    case Flavour::haproxy:
      return build_haproxy(controller, maker);
    case Flavour::haproxy_ingress:
      return build_haproxy_ingress(controller, maker);
    case Flavour::traefik:
      return build_traefik(controller, maker);
    case Flavour::gce:
      return build_gce(*controller.ingresses.front(), maker);
  }
}

Router build_router(const cluster::Cluster& cluster, const Controller& controller, std::string name,
                    base::Diagnostics& diagnostics) {
  Router router;
  router.name = std::move(name);
  router.flavour = controller.flavour;
  router.entries = entries_of(controller, diagnostics);
  Maker maker(cluster, router);
  build_one(controller, maker, diagnostics);
  maker.finish();
  return router;
}

}  // namespace

std::vector<Router> build_routers(const cluster::Cluster& cluster, base::Diagnostics& diagnostics) {
  std::vector<Router> out;
  for (const Controller& controller : find_controllers(cluster, diagnostics)) {
    report_foreign_annotations(controller, diagnostics);
    if (controller.flavour != Flavour::gce) {
      out.push_back(build_router(cluster, controller, controller.name, diagnostics));
      continue;
    }
    for (const cluster::Ingress* ingress : controller.ingresses) {
      Controller alone = controller;
      alone.ingresses = {ingress};
      out.push_back(build_router(cluster, alone, ingress->id(), diagnostics));
    }
  }
  return out;
}

}  // namespace portcullis::ir::l7
