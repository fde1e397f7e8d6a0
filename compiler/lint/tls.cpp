// PC3207, PC3208, PC3209: hosts, their TLS entries and the Secrets behind them.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

// ---- PC3207

// An annotation, and the value that it must have; empty: any.
struct Mark {
  std::string_view key, value;
};

// TLS ends elsewhere, or is being provided for.
bool ends_elsewhere(const Ingress& ingress) {
  static constexpr std::array marks{Mark{"alb.ingress.kubernetes.io/certificate-arn", ""},
                                    Mark{"networking.gke.io/managed-certificates", ""},
                                    Mark{"ingress.gcp.kubernetes.io/pre-shared-cert", ""},
                                    Mark{"appgw.ingress.kubernetes.io/appgw-ssl-certificate", ""},
                                    Mark{"cert-manager.io/issuer", ""},
                                    Mark{"cert-manager.io/cluster-issuer", ""},
                                    Mark{"nginx.org/mergeable-ingress-type", "minion"},
                                    Mark{"route.openshift.io/termination", ""},
                                    Mark{"traefik.ingress.kubernetes.io/router.tls", "true"},
                                    Mark{"nginx.ingress.kubernetes.io/ssl-passthrough", "true"}};
  return std::ranges::any_of(marks, [&](const Mark& mark) {
    const manifest::KeyValue* given = ingress.body.metadata.annotations.find(mark.key);
    return given != nullptr && (mark.value.empty() || given->value.value == mark.value);
  });
}

// Names that no certificate authority knows.
bool is_private_name(std::string_view host) {
  static constexpr std::array<std::string_view, 3> endings{".local", ".test", ".internal"};
  return host == "localhost" ||
         std::ranges::any_of(endings, [&](std::string_view ending) { return host.ends_with(ending); });
}

// Names with TLS, by router. An entry without hosts is for those of its own Ingress.
class TlsNames {
 public:
  explicit TlsNames(const Scene& scene) : scene_(scene) {
    for (const Ingress& ingress : scene.cluster.ingresses) {
      std::set<std::string_view>& names = names_[scene.router_of(ingress)];
      for (const manifest::IngressTls& tls : ingress.body.tls) {
        for (const manifest::Text& host : tls.hosts) names.insert(host.value);
        if (!tls.hosts.empty()) continue;
        for (const manifest::IngressRule& rule : ingress.body.rules) {
          if (rule.host) names.insert(rule.host->value);
        }
      }
    }
  }

  // By this Ingress, or by another of the same router.
  [[nodiscard]] bool have(const Ingress& ingress, std::string_view host) const {
    const std::set<std::string_view>& names = names_.at(scene_.router_of(ingress));
    if (names.contains(host)) return true;
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && names.contains("*" + std::string(host.substr(dot)));
  }

 private:
  const Scene& scene_;
  std::map<std::string_view, std::set<std::string_view>> names_;
};

void check_plain_hosts(const Scene& scene, const TlsNames& names, const Ingress& ingress, Diagnostics& diagnostics) {
  if (ends_elsewhere(ingress) || is_true(option(scene.cluster, ingress, "tlsByDefault"))) return;
  std::set<std::string_view> said;
  for (std::size_t r = 0; r < ingress.body.rules.size(); ++r) {
    const auto& host = ingress.body.rules[r].host;
    if (!host || host->value.empty() || is_private_name(host->value)) continue;
    if (names.have(ingress, host->value) || !said.insert(host->value).second) continue;
    base::Diagnostic& finding =
        diagnostics.add("PC3207", fmt::format("{} is served without TLS", in_quotes(host->value)), host->span);
    finding.object = ingress.reference();
    finding.field = fmt::format("spec.rules[{}].host", r);
    finding.hint = fmt::format("add `tls: [{{hosts: [{}], secretName: …}}]`", base::printable(host->value));
  }
}

// ---- PC3208

// Names that the rules serve, and names that annotations let them serve besides.
struct Served {
  std::set<std::string, std::less<>> hosts, others;
  bool every = false;
};

Served served_hosts(const Ingress& ingress) {
  Served served;
  const bool www = is_true(annotation(ingress, "nginx.ingress.kubernetes.io/from-to-www-redirect"));
  for (const manifest::IngressRule& rule : ingress.body.rules) {
    if (!rule.host || rule.host->value.empty()) {
      served.every = true;
      continue;
    }
    const std::string& host = rule.host->value;
    served.hosts.insert(host);
    if (www) served.others.insert(host.starts_with("www.") ? host.substr(4) : "www." + host);
  }
  for (const std::string_view key :
       {"nginx.ingress.kubernetes.io/server-alias", "haproxy-ingress.github.io/server-alias"}) {
    for (const std::string_view alias : base::split(annotation(ingress, key), ','))
      served.others.emplace(base::trim(alias));
  }
  return served;
}

bool serves(const Served& served, std::string_view name) {
  if (served.hosts.contains(name) || served.others.contains(name)) return true;
  const auto meets = [&](const std::string& host) { return covers(name, host) || covers(host, name); };
  return std::ranges::any_of(served.hosts, meets) || std::ranges::any_of(served.others, meets);
}

void check_tls_hosts(const Ingress& ingress, Diagnostics& diagnostics) {
  const Served served = served_hosts(ingress);
  if (served.every || served.hosts.empty()) return;
  for (std::size_t t = 0; t < ingress.body.tls.size(); ++t) {
    const auto& hosts = ingress.body.tls[t].hosts;
    for (std::size_t h = 0; h < hosts.size(); ++h) {
      const manifest::Text& name = hosts[h];
      if (serves(served, name.value)) continue;
      base::Diagnostic& finding =
          diagnostics.add("PC3208",
                          fmt::format("TLS is set up for {}, but no rule serves it; rules serve {}",
                                      in_quotes(name.value), quoted_list(served.hosts)),
                          name.span);
      finding.object = ingress.reference();
      finding.field = fmt::format("spec.tls[{}].hosts[{}]", t, h);
      const std::vector<std::string_view> known(served.hosts.begin(), served.hosts.end());
      if (const std::string_view near = base::nearest(name.value, known); !near.empty())
        finding.hint = fmt::format("is {} meant?", in_quotes(near));
    }
  }
}

// ---- PC3209

// cert-manager, or kube-lego before it, makes the Secret.
bool is_provided(const Ingress& ingress) {
  return std::ranges::any_of(ingress.body.metadata.annotations.entries, [](const manifest::KeyValue& entry) {
    return entry.key.value.find("cert-manager") != std::string::npos ||
           entry.key.value.find("acme") != std::string::npos;
  });
}

using Names = std::set<std::string_view>;

// Secrets of each namespace, and those that a controller makes.
std::map<std::string_view, Names> known_secrets(const Scene& scene) {
  std::map<std::string_view, Names> known;
  for (const auto& secret : scene.inventory.secrets) known[secret.ns].insert(secret.name);
  for (const base::ObjectRef& made : scene.input.made_secrets) known[made.ns].insert(made.name);
  return known;
}

void check_secrets(const Scene& scene, const Ingress& ingress, const Names& known, Diagnostics& diagnostics) {
  if (known.empty() || is_provided(ingress) || scene.may_be_lost("Secret", ingress.ns)) return;
  for (std::size_t t = 0; t < ingress.body.tls.size(); ++t) {
    const auto& name = ingress.body.tls[t].secret_name;
    if (!name || name->value.empty() || known.contains(name->value)) continue;
    base::Diagnostic& finding =
        diagnostics.add("PC3209",
                        fmt::format("{} uses TLS Secret {}, which is not in namespace {}", ingress.reference().text(),
                                    in_quotes(name->value), in_quotes(ingress.ns)),
                        name->span);
    finding.object = ingress.reference();
    finding.field = fmt::format("spec.tls[{}].secretName", t);
    const std::vector<std::string_view> names(known.begin(), known.end());
    if (const std::string_view near = base::nearest(name->value, names); !near.empty())
      finding.hint = fmt::format("is {} meant?", in_quotes(near));
  }
}

}  // namespace

void lint_tls(const Scene& scene, Diagnostics& diagnostics) {
  const TlsNames names(scene);
  std::map<std::string_view, Names> secrets = known_secrets(scene);
  for (const Ingress& ingress : scene.cluster.ingresses) {
    check_plain_hosts(scene, names, ingress, diagnostics);
    check_tls_hosts(ingress, diagnostics);
    check_secrets(scene, ingress, secrets[ingress.ns], diagnostics);
  }
}

}  // namespace portcullis::lint
