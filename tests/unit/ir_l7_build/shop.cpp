#include "shop.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/request_asked.hpp"
#include "compiler/driver/request_sentence.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/ir/l7/serve.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::ir::l7::test {

namespace {

void add_service(std::string& out, const std::string& ns, const std::string& name, int endpoints, int number) {
  const bool multi = name == "multi";
  out += fmt::format(
      "---\n{{apiVersion: v1, kind: Service, metadata: {{namespace: {}, name: {}}}, spec: {{"
      "ports: [{{name: http, port: 80, targetPort: 8080}}{}]}}}}\n",
      ns, name, multi ? ", {name: metrics, port: 9090, targetPort: 9091}" : "");
  std::string list;
  for (int i = 0; i < endpoints; ++i) {
    list += fmt::format("{}{{addresses: [10.244.{}.{}], nodeName: n1}}", i == 0 ? "" : ", ", number, i + 1);
  }
  out += fmt::format(
      "---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{namespace: {}, name: "
      "{}-1, labels: {{kubernetes.io/service-name: {}}}}}, addressType: IPv4, ports: [{{name: http, port: "
      "8080}}, {{name: metrics, port: 9091}}], endpoints: [{}]}}\n",
      ns, name, name, list);
}

std::string prefixed(const std::string& annotations) {
  std::string out;
  for (const std::string_view part : base::split(annotations, '\n')) {
    const std::string_view one = base::trim(part);
    if (one.empty()) continue;
    const std::string_view key = one.substr(0, one.find(": "));
    const bool whole = key.find('/') != std::string_view::npos;
    out += fmt::format("{}{}{}", out.empty() ? "" : ", ", whole ? "" : "nginx.ingress.kubernetes.io/", one);
  }
  return out;
}

std::string manifests(const std::string& flavour, const std::vector<Written>& ingresses, const std::string& options) {
  const bool gce = flavour == "gce";
  std::string out = fmt::format(
      "{{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {{name: t}}, spec: {{nodes: [{{name: n1, "
      "addresses: [192.168.0.10]}}], ingressControllers: [{{flavour: {}{}, options: {{{}}}}}]}}}}\n",
      flavour, gce ? "" : ", class: c", options);
  int number = 0;
  for (const std::string ns : {"default", "a", "b"}) {
    for (const std::string name : {"web", "api", "admin", "v1", "v2", "multi"}) add_service(out, ns, name, 2, number++);
    add_service(out, ns, "empty", 0, number++);
  }
  int second = 0;
  for (const Written& one : ingresses) {
    const std::size_t slash = one.where.find('/');
    out += fmt::format(
        "---\n{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{namespace: {}, name: {}, "
        "creationTimestamp: \"2026-01-01T00:00:{:02}Z\", annotations: {{{}}}}}, spec: {{{}{}}}}}\n",
        one.where.substr(0, slash), one.where.substr(slash + 1), second++, prefixed(one.annotations),
        gce ? "" : "ingressClassName: c, ", one.spec);
  }
  return out;
}

std::string sent_on(const Decision& decision, const Request& request) {
  if (decision.kind != Decision::Kind::forward) return {};
  std::string out;
  if (decision.target != request.target) out += " as " + decision.target;
  const auto hosts = request.values("Host");
  if (!hosts.empty() && decision.host != hosts.front()) out += " at " + decision.host;
  if (decision.protocol != "http") out += " by " + decision.protocol;
  return out;
}

}  // namespace

std::string path(const std::string& text) {
  const auto words = base::split(text, ' ');
  REQUIRE(words.size() == 3);
  const std::string_view service = words[2].substr(0, words[2].find(':'));
  const std::string_view port =
      service.size() == words[2].size() ? std::string_view{"80"} : words[2].substr(service.size() + 1);
  const bool number = port.find_first_not_of("0123456789") == std::string_view::npos;
  return fmt::format("{{path: \"{}\", pathType: {}, backend: {{service: {{name: {}, port: {{{}: {}}}}}}}}}", words[1],
                     words[0], service, number ? "number" : "name", port);
}

std::string rules(std::initializer_list<std::string> hosts) {
  std::string out;
  for (const std::string& host : hosts) {
    const std::size_t colon = host.find(": ");
    REQUIRE(colon != std::string::npos);
    const std::string name = host.substr(0, colon);
    std::string paths;
    for (const std::string_view one : base::split(std::string_view(host).substr(colon + 2), ',')) {
      paths += (paths.empty() ? "" : ", ") + path(std::string(base::trim(one)));
    }
    out += fmt::format("{}{{{}http: {{paths: [{}]}}}}", out.empty() ? "" : ", ",
                       name.empty() ? "" : fmt::format("host: \"{}\", ", name), paths);
  }
  return "rules: [" + out + "]";
}

Shop::Shop(const std::string& flavour, const std::vector<Written>& ingresses, const std::string& options) {
  const manifest::Input input =
      manifest::read_text("shop.yaml", manifests(flavour, ingresses, options), false, {}, sources_, diagnostics_);
  cluster_ = cluster::resolve(input, {}, diagnostics_).cluster;
  for (const base::Diagnostic& finding : diagnostics_.all()) {
    INFO(finding.code << " " << finding.message);
    CHECK(finding.code.substr(0, 3) != "PC1");  // the test is written as it is meant
  }
  routers_ = build_routers(cluster_, findings_);
}

std::string Shop::ask(const std::string& sentence) const {
  const auto parsed = driver::parse_request_sentence(sentence);
  if (const auto* error = std::get_if<driver::SentenceError>(&parsed)) return error->message;
  const auto& asked = std::get<driver::RequestAsked>(parsed);
  const auto chosen = driver::choose_router(routers_, asked);
  if (const auto* error = std::get_if<std::string>(&chosen)) return *error;
  const Server server(*std::get<const Router*>(chosen));
  const Decision decision = server.serve(asked.question.request);
  return text(decision) + sent_on(decision, asked.question.request);
}

std::vector<std::string> Shop::findings() const {
  std::vector<std::string> out;
  for (const base::Diagnostic& finding : findings_.all()) {
    const std::string object = finding.object.name.empty() ? std::string{} : finding.object.text() + " ";
    out.push_back(std::string(finding.code) + " " + object + finding.field);
  }
  return out;
}

void check(const Shop& shop, std::initializer_list<Asked> rows) {
  for (const Asked& row : rows) {
    INFO(row.sentence);
    CHECK(shop.ask(row.sentence) == row.decision);
  }
}

}  // namespace portcullis::ir::l7::test
