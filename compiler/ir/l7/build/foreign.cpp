// Annotations that are not carried over.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/nginx_annotations.hpp"

namespace portcullis::ir::l7 {

namespace {

struct Reads {
  Flavour flavour;
  std::string_view key;
};
// What the flavours other than nginx read.
constexpr auto known_keys = std::to_array<Reads>({
    {Flavour::haproxy, "haproxy.org/ssl-redirect"},
    {Flavour::haproxy, "haproxy.org/ssl-redirect-port"},
    {Flavour::haproxy_ingress, "haproxy-ingress.github.io/path-type"},
    {Flavour::haproxy_ingress, "haproxy-ingress.github.io/ssl-redirect"},
    {Flavour::traefik, "traefik.ingress.kubernetes.io/router.pathmatcher"},
    {Flavour::traefik, "traefik.ingress.kubernetes.io/router.priority"},
});
struct Owner {
  std::string_view prefix;
  std::string_view name;
  std::optional<Flavour> flavour;
};
const std::array<Owner, 11>& owners() {
  static const std::array<Owner, 11> table{{
      {"nginx.ingress.kubernetes.io/", "ingress-nginx", Flavour::nginx},
      {"haproxy.org/", "HAProxy's kubernetes-ingress", Flavour::haproxy},
      {"haproxy-ingress.github.io/", "haproxy-ingress", Flavour::haproxy_ingress},
      {"traefik.ingress.kubernetes.io/", "Traefik", Flavour::traefik},
      {"networking.gke.io/", "GKE", Flavour::gce},
      {"ingress.gcp.kubernetes.io/", "GKE", Flavour::gce},
      {"nginx.org/", "NGINX Inc.'s controller", std::nullopt},
      {"alb.ingress.kubernetes.io/", "the AWS Load Balancer Controller", std::nullopt},
      {"appgw.ingress.kubernetes.io/", "Azure's Application Gateway controller", std::nullopt},
      {"konghq.com/", "Kong", std::nullopt},
      {"projectcontour.io/", "Contour", std::nullopt},
  }};
  return table;
}

class Reporter {
 public:
  Reporter(const Controller& controller, base::Diagnostics& diagnostics)
      : controller_(controller), diagnostics_(diagnostics) {}

  void look_at(const cluster::Ingress& ingress) {
    for (const manifest::KeyValue& entry : ingress.body.metadata.annotations.entries) {
      const std::string& key = entry.key.value;
      for (const Owner& owner : owners()) {
        if (key.starts_with(owner.prefix)) look_at(ingress, entry, owner);
      }
    }
  }

 private:
  void look_at(const cluster::Ingress& ingress, const manifest::KeyValue& entry, const Owner& owner) {
    const std::string& key = entry.key.value;
    if (controller_.flavour != Flavour::api && owner.flavour != controller_.flavour) {
      report(ingress, entry, base::Severity::info,
             fmt::format("`{}` is {}'s; controller `{}` (flavour {}) does not read it", base::printable(key),
                         owner.name, controller_.name, to_string(controller_.flavour)),
             {});
      return;
    }
    if (owner.flavour == Flavour::nginx) return of_nginx(ingress, entry);
    const bool read = std::ranges::any_of(
        known_keys, [&](const Reads& one) { return one.flavour == controller_.flavour && one.key == key; });
    if (!read) {
      report(ingress, entry, base::Severity::warning,
             fmt::format("`{}` is not carried over: what it changes is not part of the router", base::printable(key)),
             {});
    }
  }

  void of_nginx(const cluster::Ingress& ingress, const manifest::KeyValue& entry) {
    const std::string_view key = std::string_view{entry.key.value}.substr(nginx_prefix.size());
    if (nginx_reads(key)) return;
    if (nginx_ignores(key)) {
      const bool mirror = key == "mirror-target";
      report(ingress, entry, base::Severity::info,
             mirror ? fmt::format("`{}` sends copies of requests elsewhere; that is not part of the router",
                                  entry.key.value)
                    : fmt::format("`{}` is not carried over: it changes no decision", entry.key.value),
             {});
      return;
    }
    const std::vector<std::string_view> keys = nginx_keys();
    const std::string_view near = base::nearest(key, keys);
    report(ingress, entry, base::Severity::warning,
           fmt::format("ingress-nginx has no annotation `{}`", base::printable(entry.key.value)),
           near.empty() ? std::string{} : fmt::format("the nearest is `{}{}`", nginx_prefix, near));
  }

  void report(const cluster::Ingress& ingress, const manifest::KeyValue& entry, base::Severity severity,
              std::string message, std::string hint) {
    base::Diagnostic& finding = diagnostics_.add("PC5006", std::move(message), entry.key.span);
    finding.severity = severity;
    finding.object = ingress.reference();
    finding.field = fmt::format("metadata.annotations[{}]", base::printable(entry.key.value));
    finding.hint = std::move(hint);
  }

  const Controller& controller_;
  base::Diagnostics& diagnostics_;
};

}  // namespace

void report_foreign_annotations(const Controller& controller, base::Diagnostics& diagnostics) {
  Reporter reporter(controller, diagnostics);
  for (const cluster::Ingress* ingress : controller.ingresses) reporter.look_at(*ingress);
}

}  // namespace portcullis::ir::l7
