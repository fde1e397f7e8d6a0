// A manifest text, resolved, and short answers about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::tests {

struct World {
  explicit World(const std::string& yaml, const cluster::Lock& lock = {})
      : input(manifest::read_text("in.yaml", yaml, false, {}, sources, diagnostics)),
        resolved(cluster::resolve(input, {lock}, diagnostics)) {}

  base::SourceMap sources;
  base::Diagnostics diagnostics;
  manifest::Input input;
  cluster::Resolved resolved;

  [[nodiscard]] const cluster::Cluster& cluster() const { return resolved.cluster; }

  // By `ns/name`; a service that is not there fails the test by its empty name.
  [[nodiscard]] const cluster::Service& service(std::string_view id) const {
    static const cluster::Service none;
    for (const cluster::Service& s : resolved.cluster.services) {
      if (s.id() == id) return s;
    }
    return none;
  }
  [[nodiscard]] std::vector<const base::Diagnostic*> findings(std::string_view code) const {
    std::vector<const base::Diagnostic*> out;
    for (const base::Diagnostic& d : diagnostics.all()) {
      if (d.code == code) out.push_back(&d);
    }
    return out;
  }
  [[nodiscard]] std::size_t count(std::string_view code) const { return findings(code).size(); }
  // Every finding but the notes about planned pods, for INFO.
  [[nodiscard]] std::string said() const {
    std::string text;
    for (const base::Diagnostic& d : diagnostics.all())
      text += fmt::format("{} {} [{}] {}\n", d.code, d.message, d.field, d.object.text());
    return text;
  }
  [[nodiscard]] std::string text(base::SourceSpan span) const { return std::string(sources.text(span)); }
};

// `10.0.0.1:80@node` and, where it applies, ` !ready`, ` terminating`, ` zones=…`, ` nodes=…`.
inline std::string endpoint_text(const cluster::Endpoint& e) {
  std::string text = fmt::format("{}@{}", net::endpoint_text(e.address, e.port), e.node);
  if (!e.ready) text += " !ready";
  if (!e.serving) text += " !serving";
  if (e.terminating) text += " terminating";
  if (!e.for_zones.empty()) text += fmt::format(" zones={}", fmt::join(e.for_zones, ","));
  if (!e.for_nodes.empty()) text += fmt::format(" nodes={}", fmt::join(e.for_nodes, ","));
  return text;
}
inline std::vector<std::string> endpoint_texts(const cluster::ServicePort& port) {
  std::vector<std::string> out;
  for (const cluster::Endpoint& e : port.endpoints) out.push_back(endpoint_text(e));
  return out;
}
inline std::vector<std::string> claim_texts(const cluster::Cluster& cluster, cluster::ClaimKind kind) {
  std::vector<std::string> out;
  for (const cluster::Claim& claim : cluster.claims) {
    if (claim.kind != kind) continue;
    std::vector<std::string> owners;
    for (const cluster::ClaimOwner& owner : claim.owners) owners.push_back(owner.name);
    out.push_back(fmt::format("{}{} {}", claim.conflict ? "!" : "", claim.key, fmt::join(owners, "|")));
  }
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace portcullis::tests
