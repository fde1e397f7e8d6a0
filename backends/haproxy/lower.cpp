#include <set>
#include <unordered_map>

#include "backends/haproxy/haproxy.hpp"
#include "backends/haproxy/limits.hpp"
#include "backends/haproxy/lower_hosts.hpp"
#include "backends/haproxy/lower_paths.hpp"
#include "backends/haproxy/lower_steps.hpp"
#include "backends/haproxy/sections.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

// Treatments that do the same are one.
class Treatments {
 public:
  Treatments(const ir::l7::Router& router, Configuration& out) : router_(router), out_(out) {}

  std::uint32_t add(const ir::l7::Steps& before, std::uint32_t treatment) {
    Treatment lowered = lower_steps(router_, before, router_.treatments.at(treatment));
    const auto [at, fresh] =
        known_.try_emplace(fingerprint(lowered), static_cast<std::uint32_t>(out_.treatments.size()));
    if (fresh) out_.treatments.push_back(std::move(lowered));
    return at->second;
  }

 private:
  const ir::l7::Router& router_;
  Configuration& out_;
  std::unordered_map<std::string, std::uint32_t> known_;
};

void lower_tls(const ir::l7::Router& router, Configuration& out) {
  out.tls_names = router.tls_names;
  for (const ir::l7::Certificate& certificate : router.certificates) out.certificates.push_back(certificate.secret);
  if (out.certificates.empty()) out.certificates.emplace_back();
  std::set<ir::l7::HostPattern> known;  // the first of equal names counts
  for (const ir::l7::TlsName& tls : router.tls)
    if (known.insert(tls.name).second) out.tls.push_back({tls.name, tls.certificate});
  out.strict_sni = router.strict_sni;
}

void lower_ports(const ir::l7::Router& router, Configuration& out) {
  for (const ir::l7::Entry& entry : router.entries) {
    if (entry.kind != ir::l7::Entry::Kind::node) continue;
    out.http = entry.http;
    out.https = entry.https;
  }
}

}  // namespace

std::optional<Configuration> lower(const ir::l7::Router& router, base::Diagnostics& diagnostics) {
  if (!check_limits(router, diagnostics)) return std::nullopt;
  Configuration out;
  out.name = comment_text(router.name);
  out.host_form = router.host_form;
  out.path_form = router.path_form;
  lower_ports(router, out);

  Treatments treatments(router, out);
  PathTables paths(out);
  for (const std::uint32_t entry : lower_hosts(router, out)) {
    const ir::l7::HostEntry& host = router.hosts[entry];
    std::unordered_map<std::uint32_t, std::uint32_t> known;  // the router's treatments with this host's steps
    const auto treatment = [&](std::uint32_t id) {
      const auto found = known.find(id);
      if (found != known.end()) return found->second;
      return known.emplace(id, treatments.add(host.steps, id)).first->second;
    };
    paths.begin(host);
    for (std::size_t i = 0; i < host.routes.size(); ++i) {
      if (paths.reachable(i)) paths.add(i, treatment(host.routes[i].treatment));
    }
    out.otherwise.push_back(treatment(host.otherwise));
  }
  paths.finish();
  out.unmatched = treatments.add({}, router.unmatched);
  if (router.host_form == ir::l7::HostForm::haproxy) out.without_host = treatments.add({}, router.without_host);

  for (const ir::l7::Ranges& ranges : router.ranges) out.ranges.push_back({comment_text(ranges.name), ranges.sources});
  lower_tls(router, out);
  return out;
}

}  // namespace portcullis::haproxy
