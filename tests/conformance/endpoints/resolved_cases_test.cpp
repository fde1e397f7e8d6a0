#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "tests/cases/cases.hpp"

namespace portcullis {

namespace {

struct Resolved {
  explicit Resolved(const cases::Case& c)
      : input(
            manifest::read_text("case.yaml", c.manifests(cluster::Dialect::nftables), false, {}, sources, diagnostics)),
        cluster(cluster::resolve(input, {}, diagnostics).cluster) {}
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  manifest::Input input;
  cluster::Cluster cluster;
};

std::string health_of(const cluster::Cluster& cluster, std::uint16_t port, const std::string& node) {
  for (const cluster::Service& service : cluster.services) {
    const auto health = cluster::health(cluster, service);
    if (!health || health->port != port) continue;
    const auto& answer = health->nodes.at(node);
    return fmt::format("{} {}", answer.status, answer.local_endpoints);
  }
  return "nothing served";
}

std::vector<std::string> conflicts_of(const cluster::Cluster& cluster) {
  std::vector<std::string> out;
  for (const cluster::Claim& claim : cluster.claims) {
    if (!claim.conflict) continue;
    std::vector<std::string> owners;
    for (const cluster::ClaimOwner& owner : claim.owners) owners.push_back(owner.name);
    out.push_back(fmt::format("{} {} {}", to_string(claim.kind), claim.key, fmt::join(owners, " ")));
  }
  return out;
}

bool removed(const cluster::Cluster& cluster, const cases::StaleConnection& connection) {
  if (connection.protocol != net::Protocol::udp) return false;
  const auto rules = cluster::conntrack_rules(cluster);
  return std::ranges::any_of(rules, [&](const cluster::ConntrackRule& rule) {
    const bool meant =
        rule.dport == connection.original_port && (!rule.dst || *rule.dst == connection.original_destination);
    return meant &&
           std::ranges::none_of(rule.keep, [&](const auto& kept) { return kept.first == connection.reply_source; });
  });
}

std::string row(const std::string& service, const std::string& port, const std::string& address, bool ready,
                bool serving, bool terminating, const std::string& node, const std::string& zone) {
  return fmt::format("{} {} {} ready={} serving={} terminating={} {} {}", service, port, address, ready, serving,
                     terminating, node, zone);
}

std::vector<std::string> endpoints_of(const cluster::Cluster& cluster) {
  std::vector<std::string> out;
  for (const cluster::Service& service : cluster.services) {
    for (const cluster::ServicePort& port : service.ports) {
      for (const cluster::Endpoint& e : port.endpoints) {
        if (!e.planned) {
          out.push_back(row(service.name, port.name, net::endpoint_text(e.address, e.port), e.ready, e.serving,
                            e.terminating, e.node, e.zone));
        }
      }
    }
  }
  std::ranges::sort(out);
  return out;
}

std::size_t check(const cases::Case& c) {
  const Resolved resolved(c);
  std::size_t answers = 0;
  if (c.health) {
    ++answers;
    CHECK(health_of(resolved.cluster, c.health->port, c.environment.node_name) ==
          (c.health->status ? fmt::format("{} {}", *c.health->status, c.health->local_endpoints.value_or(0))
                            : "nothing served"));
  }
  // A case that speaks of no conflict has none.
  std::vector<std::string> conflicts;
  for (const cases::Conflict& conflict : c.conflicts) {
    ++answers;
    conflicts.push_back(fmt::format("{} {} {}", conflict.kind, conflict.key, fmt::join(conflict.owners, " ")));
  }
  CHECK(conflicts_of(resolved.cluster) == conflicts);
  for (const cases::StaleConnection& connection : c.connections) {
    ++answers;
    INFO(connection.reply_source.text());
    CHECK(removed(resolved.cluster, connection) == connection.remove);
  }
  if (!c.endpoints.empty()) {
    ++answers;
    std::vector<std::string> want;
    for (const cases::DerivedEndpoint& e : c.endpoints) {
      want.push_back(row(e.service, e.port, e.address, e.ready, e.serving, e.terminating, e.node, e.zone));
    }
    std::ranges::sort(want);
    CHECK(endpoints_of(resolved.cluster) == want);
  }
  return answers;
}

}  // namespace

TEST_CASE("health, conflicts, conntrack and endpoints of the reference's cases") {
  const std::string path = std::string(PORTCULLIS_SHARED) + "/reference/service-cases.yaml";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: there is no " << path);
    return;
  }
  std::size_t answers = 0;
  for (const cases::Case& c : cases::read(path).cases) {
    INFO(c.id << ": " << c.title);
    answers += check(c);
  }
  WARN(answers << " answers compared");
  CHECK(answers > 0);
}

}  // namespace portcullis
