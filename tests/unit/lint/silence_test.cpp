// What keeps a rule silent: each row is reported without the thing that silences it, and not with it.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis {

namespace {

std::vector<base::Diagnostic> findings(const std::string& text, bool complete = false) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("input.yaml", text, false, {}, sources, diagnostics);
  const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  lint::lint(input, cluster, ir::l7::build_routers(cluster, diagnostics), {.complete = complete}, diagnostics);
  return diagnostics.all();
}

std::size_t count(const std::string& text, std::string_view code, bool complete = false) {
  const std::vector<base::Diagnostic> all = findings(text, complete);
  return static_cast<std::size_t>(std::ranges::count(all, code, &base::Diagnostic::code));
}

constexpr const char* web = R"(
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}
)";

struct Made {
  std::string name = "shop";
  // The braces are for compilers that warn of rows which leave out a member without an initialiser.
  // NOLINTNEXTLINE(readability-redundant-member-init)
  std::string annotations{}, klass{}, tls{};  // flow style, without braces
  std::string host = "shop.example.com";
  std::string path = "/", type = "Prefix", service = "web", port = "number: 80";
};
std::string ingress(const Made& made) {
  return fmt::format(
      "---\n{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: {}, annotations: {{{}}}}}, spec: "
      "{{{}{}rules: [{{{}http: {{paths: [{{path: {}, pathType: {}, backend: {{service: {{name: {}, port: "
      "{{{}}}}}}}}}]}}}}]}}}}\n",
      made.name, made.annotations, made.klass.empty() ? "" : fmt::format("ingressClassName: {}, ", made.klass),
      made.tls.empty() ? "" : fmt::format("tls: [{{{}}}], ", made.tls),
      made.host.empty() ? "" : fmt::format("host: '{}', ", made.host), made.path, made.type, made.service, made.port);
}
std::string ingress_class(const std::string& name, const std::string& controller) {
  return fmt::format(
      "---\n{{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {{name: {}}}, spec: {{controller: "
      "{}}}}}\n",
      name, controller);
}
std::string profile(const std::string& controller) {
  return fmt::format(
      "---\n{{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {{name: p}}, spec: {{ingressControllers: "
      "[{{{}}}]}}}}\n",
      controller);
}
std::string secret(const std::string& name) {
  return fmt::format("---\n{{apiVersion: v1, kind: Secret, metadata: {{name: {}}}, type: kubernetes.io/tls}}\n", name);
}

struct Row {
  std::string what, code, reported, silent;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.code << ": " << row.what << "\n" << row.silent);
    CHECK(count(row.reported, row.code) > 0);
    CHECK(count(row.silent, row.code) == 0);
  }
}

}  // namespace

TEST_CASE("a Service that is missing may be elsewhere") {
  const std::string missing = ingress({.service = "cart"});
  check({
      {"actions of the ALB controller", "PC3201", web + missing,
       web + ingress({.service = "cart", .port = "name: use-annotation"})},
      {"a solver of ACME", "PC3201", web + missing, web + ingress({.service = "cm-acme-http-solver-x2b"})},
      {"a namespace without Services", "PC3201", web + missing, missing},
      {"a Service that could not be read", "PC3201", web + missing,
       web + missing + "---\n{apiVersion: v1, kind: Service, metadata: {name: cart}, spec: {ports: {}}}\n"},
  });
  CHECK(count(missing, "PC3201", true) == 1);  // the input is all there is
}

TEST_CASE("a path may be shared on purpose") {
  const std::string first = ingress({.name = "first"});
  const auto second = [](const std::string& annotations) {
    return ingress({.name = "second", .annotations = annotations, .service = "cart"});
  };
  const std::string taken = first + second("");
  check({
      {"a canary", "PC3203", taken, first + second("nginx.ingress.kubernetes.io/canary: 'true'")},
      {"a minion", "PC3203", taken, first + second("nginx.org/mergeable-ingress-type: minion")},
      {"order in a group", "PC3203", taken, first + second("alb.ingress.kubernetes.io/group.order: '2'")},
      {"other listeners", "PC3203", taken,
       first + second("alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 8080}]'")},
      {"another class", "PC3203", taken,
       ingress({.name = "first", .klass = "a"}) + ingress({.name = "second", .klass = "b", .service = "cart"})},
      {"another type of path", "PC3203", taken,
       first + ingress({.name = "second", .type = "Exact", .service = "cart"})},
      {"a balancer for each Ingress", "PC3203", taken,
       ingress({.name = "first", .annotations = "kubernetes.io/ingress.class: gce"}) +
           ingress({.name = "second", .annotations = "kubernetes.io/ingress.class: gce", .service = "cart"})},
  });
}

TEST_CASE("a host may have no TLS of its own") {
  const std::string plain = ingress({});
  const auto with = [](const std::string& annotations) { return ingress({.annotations = annotations}); };
  check({
      {"a certificate of the balancer", "PC3207", plain, with("alb.ingress.kubernetes.io/certificate-arn: arn")},
      {"one to come", "PC3207", plain, with("cert-manager.io/cluster-issuer: le")},
      {"the master's", "PC3207", plain, with("nginx.org/mergeable-ingress-type: minion")},
      {"a private name", "PC3207", plain, ingress({.host = "shop.internal"})},
      {"a wildcard of one label", "PC3207", ingress({.tls = "hosts: ['*.com'], secretName: t"}),
       ingress({.tls = "hosts: ['*.example.com'], secretName: t"})},
      {"whatever the controller decides", "PC3207", plain, ingress({.tls = "secretName: t"})},
      {"another Ingress of the host", "PC3207", plain,
       plain + ingress({.name = "other", .tls = "hosts: [shop.example.com], secretName: t", .path = "/cart"})},
      {"a default certificate", "PC3207", ingress({.klass = "nginx"}),
       ingress({.klass = "nginx"}) + profile("class: nginx, flavour: nginx, options: {tlsByDefault: true}")},
  });
  // An entry without hosts is for its own Ingress.
  CHECK(count(plain + ingress({.name = "other", .tls = "secretName: t", .host = "other.example.com"}), "PC3207") == 1);
}

TEST_CASE("hosts, classes and Secrets that are there in another way") {
  const std::string unused = "hosts: [shop.example.com, www.shop.example.com], secretName: t";
  const std::string used = "hosts: [shop.example.com], secretName: t";
  const std::string open = ingress({.klass = "nginx", .host = ""}) + ingress({.name = "other", .klass = "nginx"});
  check({
      {"an alias", "PC3208", ingress({.tls = unused}),
       ingress({.annotations = "nginx.ingress.kubernetes.io/server-alias: www.shop.example.com", .tls = unused})},
      {"a redirect from www", "PC3208", ingress({.tls = unused}),
       ingress({.annotations = "nginx.ingress.kubernetes.io/from-to-www-redirect: 'true'", .tls = unused})},
      {"a rule for every host", "PC3208", ingress({.tls = unused}), ingress({.tls = unused, .host = ""})},
      {"no Secret of the namespace is in the input", "PC3209", ingress({.tls = used}) + secret("other"),
       ingress({.tls = used})},
      {"cert-manager makes it", "PC3209", ingress({.tls = used}) + secret("other"),
       ingress({.annotations = "cert-manager.io/issuer: le", .tls = used}) + secret("other")},
      {"a Certificate makes it", "PC3209", ingress({.tls = used}) + secret("other"),
       ingress({.tls = used}) +
           "---\n{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: c}, spec: {secretName: t}}\n"},
      {"a sealed one", "PC3209", ingress({.tls = used}) + secret("other"),
       ingress({.tls = used}) + "---\n{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: t}}\n"},
      {"no class is known", "PC3210", ingress({.klass = "nginx"}) + ingress_class("haproxy", "h.org/c"),
       ingress({.klass = "nginx"})},
      {"a class of the profile", "PC3210", ingress({.klass = "nginx"}) + ingress_class("haproxy", "h.org/c"),
       ingress({.klass = "nginx"}) + ingress_class("haproxy", "h.org/c") + profile("class: nginx, flavour: nginx")},
      {"hosts that none are meant to name", "PC3206", open,
       open + profile("class: nginx, flavour: nginx, options: {allowCatchAll: true}")},
      {"a solver of ACME", "PC3206", open,
       ingress({.klass = "nginx", .host = "", .service = "cm-acme-http-solver-x2b"}) +
           ingress({.name = "other", .klass = "nginx"})},
  });
}

TEST_CASE("regular expressions of ingress-nginx change the paths of others, and nobody else's do") {
  const auto pair = [](const std::string& klass, const std::string& annotations) {
    return ingress({.name = "first",
                    .annotations = annotations,
                    .klass = klass,
                    .path = "/a.*",
                    .type = "ImplementationSpecific"}) +
           ingress({.name = "second", .klass = klass, .path = "/b", .type = "Exact"});
  };
  const std::string regex = "nginx.ingress.kubernetes.io/use-regex: 'true'";
  const std::string nginx = ingress_class("c", "k8s.io/ingress-nginx");
  const std::string changed = nginx + pair("c", regex);
  check({
      {"another controller", "PC3212", changed,
       ingress_class("c", "haproxy.org/ingress-controller") + pair("c", regex)},
      {"a value that is none", "PC3212", changed, nginx + pair("c", "nginx.ingress.kubernetes.io/use-regex: 'yes'")},
      {"a canary", "PC3212", changed, nginx + pair("c", regex + ", nginx.ingress.kubernetes.io/canary: 'true'")},
  });
  CHECK(count(nginx + pair("c", "nginx.ingress.kubernetes.io/rewrite-target: /x"), "PC3212") == 1);
}

}  // namespace portcullis
