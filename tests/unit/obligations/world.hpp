// A manifest text, resolved and asked about conflicts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "verifier/obligations/conflicts.hpp"

namespace portcullis::tests {

struct Judged {
  explicit Judged(const std::string& yaml)
      : input(manifest::read_text("in.yaml", yaml, false, {}, sources, diagnostics)),
        resolved(cluster::resolve(input, {}, diagnostics)),
        before(diagnostics.all().size()),
        proofs(obligations::prove_no_conflicts(resolved.cluster, session, diagnostics)) {}

  base::SourceMap sources;
  base::Diagnostics diagnostics;
  manifest::Input input;
  cluster::Resolved resolved;
  std::size_t before;  // findings of resolving
  smt::Session session;
  std::vector<verdict::Proof> proofs;

  // `services proved, nodes refuted, placement proved`, each once.
  [[nodiscard]] std::string standings() const {
    std::string out;
    std::string_view last;
    for (const verdict::Proof& proof : proofs) {
      if (proof.name == last) continue;
      last = proof.name;
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", proof.name.substr(proof.name.find('.') + 1),
                         to_string(proof.standing));
    }
    return out;
  }
  // Of `no-conflicts.NAME`.
  [[nodiscard]] std::vector<const verdict::Proof*> of(std::string_view name) const {
    std::vector<const verdict::Proof*> out;
    for (const verdict::Proof& proof : proofs) {
      if (proof.name == "no-conflicts." + std::string(name)) out.push_back(&proof);
    }
    return out;
  }
  [[nodiscard]] std::string reasons() const {
    std::string out;
    for (const verdict::Proof& proof : proofs) out += fmt::format("{}: {}\n", proof.name, proof.reason);
    return out;
  }
  // What the prover itself found: `error PC3506 message`, a line each.
  [[nodiscard]] std::string findings() const {
    std::string out;
    for (std::size_t i = before; i < diagnostics.all().size(); ++i) {
      const base::Diagnostic& d = diagnostics.all()[i];
      out += fmt::format("{} {} {}\n", to_string(d.severity), d.code, d.message);
    }
    return out;
  }
  [[nodiscard]] std::string text(base::SourceSpan span) const { return std::string(sources.text(span)); }
  [[nodiscard]] std::uint32_t line(base::SourceSpan span) const { return sources.begin(span).line; }
};

inline std::string service(const std::string& name, const std::string& spec, const std::string& status = "") {
  return "---\n{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {" + spec + "}" +
         (status.empty() ? "" : ", status: {" + status + "}") + "}\n";
}
inline std::string slice(const std::string& name, const std::string& address, const std::string& protocol = "TCP") {
  return fmt::format(
      "---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: {0}-x, labels: "
      "{{kubernetes.io/service-name: {0}}}}}, addressType: IPv4, endpoints: [{{addresses: [{1}]}}], ports: [{{name: "
      "'', "
      "port: 8080, protocol: {2}}}]}}\n",
      name, address, protocol);
}
inline std::string profile(const std::string& spec) {
  return "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {" + spec + "}}\n";
}
inline std::string workload(const std::string& kind, const std::string& name, const std::string& ports,
                            int replicas = 1, const std::string& pod = "", const std::string& metadata = "") {
  const std::string count = kind == "DaemonSet" ? "" : fmt::format("replicas: {}, ", replicas);
  return "---\n{apiVersion: apps/v1, kind: " + kind + ", metadata: {name: " + name + metadata + "}, spec: {" + count +
         "selector: {matchLabels: {app: " + name + "}}, template: {metadata: {labels: {app: " + name + "}}, spec: {" +
         pod + "containers: [{name: c, image: i, ports: [" + ports + "]}]}}}}\n";
}
// `n1` … with addresses 192.0.2.1 …; every other one has disk ssd, from the first one.
inline std::string nodes(int count, const std::string& more = "") {
  std::string list;
  for (int i = 1; i <= count; ++i)
    list += fmt::format("{}{{name: n{}, addresses: [192.0.2.{}], labels: {{disk: {}}}}}", i == 1 ? "" : ", ", i, i,
                        i % 2 == 1 ? "ssd" : "hdd");
  return profile("nodes: [" + list + "]" + more);
}

}  // namespace portcullis::tests
