#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

const std::string backend = "backend: {service: {name: web, port: {number: 80}}}";

void check_ingress(const std::string& spec, const std::vector<std::string>& expected,
                   const std::string& metadata = "") {
  const std::string text =
      "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: shop" + metadata + "}, spec: {" + spec + "}}";
  check({"ingress", text.c_str(), expected});
}
void check_host(const std::string& host, const std::vector<std::string>& expected) {
  check_ingress("rules: [{host: '" + host + "'}]", expected);
}
void check_path(const std::string& path, const std::vector<std::string>& expected) {
  check_ingress("rules: [{http: {paths: [{" + path + ", " + backend + "}]}}]", expected);
}
void check_backend(const std::string& value, const std::vector<std::string>& expected) {
  check_ingress("defaultBackend: {" + value + "}", expected);
}

}  // namespace

TEST_CASE("an Ingress has rules or a default backend") {
  check_ingress("rules: [{}]", {});
  check_ingress("defaultBackend: {service: {name: 9web, port: {name: http}}}", {});
  check_ingress("tls: []", {"PC2052 spec invalid"});
  check_ingress("rules: [{host: a.example.com, http: {paths: []}}]", {"PC2052 spec.rules[0].http.paths required"});
}

TEST_CASE("hosts of rules") {
  const std::string field = "PC2050 spec.rules[0].host invalid";
  for (const char* host : {"", "a.example.com", "*.com", "xn--bcher-kva.example"}) check_host(host, {});
  for (const char* host :
       {"1.2.3.4", "a.example.com:80", "a.example.com.", "*", "foo.*.com", "A.example.com", "[::1]", "https://a.com"}) {
    check_host(host, {field});
  }
  check_host("010.1.2.3", {field});           // an address in Go's eyes, and a name
  check_host("2001:db8::1", {field, field});  // an address, and no name
}

TEST_CASE("path types and paths") {
  const std::string path = "PC2051 spec.rules[0].http.paths[0].path invalid";
  check_path("path: /foo, pathType: Prefix", {});
  check_path("path: /foo", {"PC2051 spec.rules[0].http.paths[0].pathType required"});
  check_path("path: /foo, pathType: prefix", {"PC2051 spec.rules[0].http.paths[0].pathType unsupported"});
  check_path("path: '', pathType: Exact", {path});
  check_path("pathType: Prefix", {path});
  check_path("path: foo, pathType: Prefix", {path});
  check_path("path: '/a//b/../c%2fd', pathType: Prefix", {path, path, path});
  check_path("path: /a/./b, pathType: Exact", {path});
  check_path("path: /foo/.., pathType: Exact", {path});
  check_path("path: /foo/., pathType: Exact", {path});
  check_path("path: '/a b?c#d', pathType: Exact", {});
  check_path("path: '', pathType: ImplementationSpecific", {});
  check_path("path: '/a//b(/|$)(.*)', pathType: ImplementationSpecific", {});
  check_path("path: foo, pathType: ImplementationSpecific", {path});
  // A missing path type ends the check of its entry, an unknown one does not.
  check_ingress("rules: [{http: {paths: [{path: //bad, backend: {}}]}}]",
                {"PC2051 spec.rules[0].http.paths[0].pathType required"});
  check_ingress("rules: [{http: {paths: [{path: //bad, pathType: Regex, backend: {}}]}}]",
                {"PC2052 spec.rules[0].http.paths[0].backend invalid",
                 "PC2051 spec.rules[0].http.paths[0].pathType unsupported"});
}

TEST_CASE("backends") {
  const std::string at = "spec.defaultBackend";
  check_backend("", {"PC2052 " + at + " invalid"});
  check_backend("service: {name: web, port: {number: 80}}, resource: {kind: B, name: b}",
                {"PC2052 " + at + " invalid"});
  check_backend("service: {name: Web, port: {number: 80}}", {"PC2052 " + at + ".service.name invalid"});
  check_backend("service: {name: '', port: {number: 80}}", {"PC2052 " + at + ".service.name required"});
  check_backend("service: {name: web}", {"PC2052 " + at + " required"});
  check_backend("service: {name: web, port: {number: 0}}", {"PC2052 " + at + " required"});
  check_backend("service: {name: web, port: {number: 80, name: http}}", {"PC2052 " + at + " invalid"});
  check_backend("service: {name: web, port: {number: 70000}}", {"PC2052 " + at + ".service.port.number invalid"});
  const std::string name = "PC2052 " + at + ".service.port.name invalid";
  check_backend("service: {name: web, port: {name: my--HTTP}}", {name, name});
  check_backend("resource: {apiGroup: k8s.example.com, kind: Bucket, name: b}", {});
  check_backend("resource: {apiGroup: '', kind: '', name: a/b}",
                {"PC2052 " + at + ".resource.apiGroup invalid", "PC2052 " + at + ".resource.kind required",
                 "PC2052 " + at + ".resource.name invalid"});
}

TEST_CASE("TLS") {
  const std::string rules = "rules: [{}], tls: ";
  check_ingress(rules + "[{hosts: [a.example.com, '*.example.com', 1.2.3.4], secretName: s.t}, {}]", {});
  check_ingress(rules + "[{hosts: ['*', '', A.com], secretName: S_}]",
                {"PC2050 spec.tls[0].hosts[0] invalid", "PC2050 spec.tls[0].hosts[1] invalid",
                 "PC2050 spec.tls[0].hosts[2] invalid", "PC2052 spec.tls[0].secretName invalid"});
}

TEST_CASE("classes of an Ingress") {
  const std::string annotated = ", annotations: {kubernetes.io/ingress.class: nginx}";
  check_ingress("ingressClassName: n.x, rules: [{}]", {});
  check_ingress("ingressClassName: '', rules: [{}]", {"PC2053 spec.ingressClassName invalid"});
  check_ingress("ingressClassName: nginx, rules: [{}]", {}, annotated);
  check_ingress("rules: [{}]", {}, annotated);
  check_ingress("ingressClassName: other, rules: [{}]", {"PC2053 annotations.kubernetes.io/ingress.class invalid"},
                annotated);
}

TEST_CASE("IngressClass") {
  const auto of = [](const std::string& spec, const std::vector<std::string>& expected) {
    const std::string text =
        "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: c}, spec: {" + spec + "}}";
    check({"class", text.c_str(), expected});
  };
  const std::string controller = "controller: a.example.com/x, parameters: ";
  of("controller: k8s.io/ingress-nginx", {});
  of("", {"PC2053 spec.controller required"});
  of("controller: nginx", {"PC2053 spec.controller invalid"});
  of("controller: a.b/" + std::string(247, 'x'), {"PC2053 spec.controller toolong"});
  of("controller: a.b/" + std::string(246, 'x'), {});
  of(controller + "{kind: P, name: p}", {});
  of(controller + "{}", {"PC2053 spec.parameters.kind required", "PC2053 spec.parameters.name required"});
  of(controller + "{kind: P, name: p, namespace: default}", {"PC2053 spec.parameters.namespace forbidden"});
  of(controller + "{kind: P, name: p, scope: Namespace}", {"PC2053 spec.parameters.namespace required"});
  of(controller + "{kind: P, name: p, scope: Namespace, namespace: A}", {"PC2053 spec.parameters.namespace invalid"});
  of(controller + "{kind: P, name: p, scope: Namespace, namespace: a}", {});
  of(controller + "{kind: P, name: p, scope: cluster, namespace: a}", {"PC2053 spec.parameters.scope unsupported"});
}

TEST_CASE("findings of an Ingress point at the words") {
  const Answer answer = validated(
      "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x}, spec: {rules: [{host: Shop.com}]}}");
  REQUIRE(answer.findings.size() == 1);
  CHECK(answer.words(0) == "Shop.com");
}

}  // namespace portcullis::validate_test
