#include "compiler/cluster/claims.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace portcullis::cluster {

namespace {

void claim_reserved_ports(const Profile& profile, std::vector<Claim>& claims) {
  for (const ReservedPort& reserved : profile.reserved_ports) {
    for (std::uint32_t port = reserved.first; port <= reserved.last; ++port) {
      for (const net::Protocol protocol : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp}) {
        const bool meant = reserved.protocol ? *reserved.protocol == protocol : protocol != net::Protocol::sctp;
        if (!meant) continue;
        claims.push_back({ClaimKind::reserved,
                          fmt::format("*/{}/{}", net::to_string(protocol), port),
                          {{reserved.what, reserved.span}},
                          false});
      }
    }
  }
}

// Claims of one kind and key become one; owners are sorted and each named once.
std::vector<Claim> join(std::vector<Claim> claims) {
  std::ranges::stable_sort(
      claims, [](const Claim& a, const Claim& b) { return std::tie(a.kind, a.key) < std::tie(b.kind, b.key); });
  std::vector<Claim> joined;
  for (Claim& claim : claims) {
    if (joined.empty() || joined.back().kind != claim.kind || joined.back().key != claim.key) {
      joined.push_back(std::move(claim));
      continue;
    }
    joined.back().conflict = joined.back().conflict || claim.conflict;
    std::ranges::move(claim.owners, std::back_inserter(joined.back().owners));
  }
  for (Claim& claim : joined) {
    if (claim.owners.size() < 2) continue;
    std::ranges::stable_sort(claim.owners, {}, &ClaimOwner::name);
    const auto repeated = std::ranges::unique(claim.owners, {}, &ClaimOwner::name);
    claim.owners.erase(repeated.begin(), repeated.end());
  }
  return joined;
}

}  // namespace

void report_claimants(std::string_view code, std::string_view what, base::Reason reason,
                      const std::vector<Claimant>& claimants, base::Diagnostics& diagnostics) {
  std::vector<Claimant> ordered = claimants;
  std::ranges::stable_sort(ordered, {}, &Claimant::span);
  const auto text = [](const Claimant& c) { return base::ObjectRef{"Service", c.service->ns, c.service->name}.text(); };
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    if (ordered[i].service == ordered.front().service) continue;
    const std::string here = text(ordered[i]), first = text(ordered.front());
    std::string message =
        reason == base::Reason::none
            ? fmt::format("{} is claimed by {} and {}; which one gets traffic is chance", what, first, here)
            : fmt::format("{} of {} is taken by {}", what, here, first);
    if (ordered.size() > 2) message += fmt::format(" ({} claimants in all)", ordered.size());
    base::Diagnostic& finding = diagnostics.add(code, std::move(message), ordered[i].span);
    finding.object = {"Service", ordered[i].service->ns, ordered[i].service->name};
    finding.field = ordered[i].field;
    finding.reason = reason;
    for (std::size_t other = 0; other < ordered.size() && finding.related.size() < most_named; ++other) {
      if (other != i) finding.related.push_back({text(ordered[other]), ordered[other].span});
    }
  }
}

std::vector<Claim> resolve_claims(const Cluster& cluster, const Pods& pods, base::Diagnostics& diagnostics) {
  std::vector<Claim> claims;
  claim_service_addresses(cluster.services, claims, diagnostics);
  claim_node_ports(cluster.services, claims, diagnostics);
  claim_host_ports(pods, cluster.nodes, claims, diagnostics);
  claim_reserved_ports(cluster.profile, claims);
  return join(std::move(claims));
}

}  // namespace portcullis::cluster
