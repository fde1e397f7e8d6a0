#include "compiler/driver/router_proofs.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "compiler/report/request.hpp"
#include "verifier/obligations/routes/audit.hpp"

namespace portcullis::driver {

namespace {

// `Ingress shop/web`.
base::ObjectRef object_of(std::string_view text) {
  base::ObjectRef out;
  const std::size_t blank = text.find(' ');
  out.kind = text.substr(0, blank);
  if (blank == std::string_view::npos) return out;
  const std::string_view id = text.substr(blank + 1);
  const std::size_t slash = id.find('/');
  if (slash != std::string_view::npos) out.ns = id.substr(0, slash);
  out.name = slash == std::string_view::npos ? id : id.substr(slash + 1);
  return out;
}

base::Diagnostic diagnostic_of(const routes::RouteFinding& finding) {
  std::string message = finding.says;
  if (!finding.request.target.empty())
    message += fmt::format("; {}: {}", report::request_line(finding.request), ir::l7::text(finding.decision));
  base::Diagnostics out;
  base::Diagnostic& d = out.add(finding.code, std::move(message), finding.at.span);
  if (finding.severity) d.severity = *finding.severity;
  d.object = object_of(finding.at.object);
  d.field = finding.at.field;
  for (const auto& [text, origin] : finding.related) d.related.push_back({text, origin.span});
  return d;
}

std::set<std::string> peopled_namespaces(const cluster::Cluster& cluster) {
  std::set<std::string> out;
  for (const cluster::Pod& pod : cluster.pods) out.insert(pod.ns);
  for (const cluster::Service& service : cluster.services) {
    const bool any = std::ranges::any_of(service.ports, [](const auto& port) { return !port.endpoints.empty(); });
    if (any) out.insert(service.ns);
  }
  return out;
}

// Lint has seen it without a proof: its findings stand at a field of the rule.
bool is_told(const base::Diagnostic& found, const base::Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics.all(), [&](const base::Diagnostic& other) {
    const bool same_code = other.code == found.code || (found.code == "PC3204" && other.code == "PC3203");
    return same_code && other.object == found.object && !found.field.empty() && other.field.starts_with(found.field);
  });
}

}  // namespace

std::vector<verdict::Proof> prove_routers(std::span<const ir::l7::Router> routers, const cluster::Cluster& cluster,
                                          smt::Session& session, base::Diagnostics& diagnostics) {
  std::vector<verdict::Proof> proofs;
  const std::set<std::string> peopled = peopled_namespaces(cluster);
  for (const ir::l7::Router& router : routers) {
    routes::Audit found = routes::audit(router, session);
    for (const routes::RouteFinding& finding : found.findings) {
      base::Diagnostic d = diagnostic_of(finding);
      // Where pods and endpoints are not part of the input, that there are none says nothing.
      const bool unknown =
          finding.code == "PC6013" && !peopled.contains(object_of(finding.related.back().second.object).ns);
      if (!unknown && !is_told(d, diagnostics)) diagnostics.add(std::move(d));
    }
    std::ranges::move(found.proofs, std::back_inserter(proofs));
  }
  return proofs;
}

}  // namespace portcullis::driver
