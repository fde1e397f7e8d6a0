// The example that the project grew from, with its own addresses, machines and real connections: each claim of it that
// is about packets.
#include <array>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/topology.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;
using kernel::Answer;
using kernel::Topology;
using net::Protocol;
using Outcome = Answer::Outcome;

// Of two equally likely endpoints one stays unseen in so many connections with a probability of 10^-9.
constexpr int connections = 31;

net::Address address(const std::string& text) {
  return net::Address::parse(text).value();
}

cluster::Cluster sample(const std::string& folder, Dialect dialect, const std::string& more = {}) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto input =
      manifest::read({std::string(PORTCULLIS_SAMPLES) + "/worked-example/" + folder}, {}, sources, diagnostics);
  const auto extra = manifest::read_text(
      "more.yaml",
      fmt::format(
          "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nmetadata: {{name: dialect}}\nspec: {{dialect: {}}}\n{}",
          cases::name(dialect), more),
      false, {}, sources, diagnostics);
  input.objects.insert(input.objects.end(), extra.objects.begin(), extra.objects.end());
  if (input.unreadable || extra.unreadable) throw kernel::Failure("the sample can't be read");
  return cluster::resolve(input, {}, diagnostics).cluster;
}

// client ── router ──┬── node-a ── pod-a      198.51.100.0/24 outside, 10.100.0.0/24 the nodes' network;
//                    └── node-b ── pod-b      the router has the balancer's address and a route to the services network
class Example {
 public:
  Example(const kernel::Backend& backend, const cluster::Cluster& cluster) {
    for (const char* host : {"client", "router", "node-a", "node-b", "pod-a", "pod-b"}) net_.add(host);
    net_.cable({"client", "eth0", {"198.51.100.9/24"}}, {"router", "outside", {"198.51.100.1/24", "35.184.97.156/32"}});
    net_.segment({{"router", "inside", {"10.100.0.1/24"}},
                  {"node-a", "eth0", {"10.100.0.2/24"}},
                  {"node-b", "eth0", {"10.100.0.3/24"}}});
    net_.cable({"node-a", "pod0", {"10.0.1.1/24"}}, {"pod-a", "eth0", {"10.0.1.2/24"}});
    net_.cable({"node-b", "pod0", {"10.0.2.1/24"}}, {"pod-b", "eth0", {"10.0.2.2/24"}});
    for (const auto& [host, route] : {std::pair{"client", "default via 198.51.100.1"},
                                      {"pod-a", "default via 10.0.1.1"},
                                      {"pod-b", "default via 10.0.2.1"},
                                      {"node-a", "default via 10.100.0.1"},
                                      {"node-b", "default via 10.100.0.1"},
                                      {"node-a", "10.0.2.0/24 via 10.100.0.3"},
                                      {"node-b", "10.0.1.0/24 via 10.100.0.2"},
                                      {"router", "10.0.1.0/24 via 10.100.0.2"},
                                      {"router", "10.0.2.0/24 via 10.100.0.3"}})
      net_.route(host, route);
    net_.serve("pod-a", "pod-a", Protocol::tcp, address("10.0.1.2"), 8080);
    net_.serve("pod-b", "pod-b", Protocol::tcp, address("10.0.2.2"), 8080);
    for (const char* node : {"node-a", "node-b"})
      net_.load(node, kernel::rulesets(backend, kernel::NodePrograms(cluster, node)));
  }

  Topology& net() { return net_; }

  // Who answers `connections` connections, and whom they saw. Everything must be answered.
  std::set<std::string> servers(const std::string& host, const std::string& to, std::uint16_t port,
                                std::set<std::string>* seen = nullptr) {
    std::set<std::string> result;
    for (int i = 0; i < connections; ++i) {
      const auto answer = net_.ask(host, Protocol::tcp, address(to), port);
      INFO(host << " to " << to << ":" << port);
      REQUIRE(answer.outcome == Outcome::answered);
      result.insert(answer.server);
      if (seen != nullptr) seen->insert(answer.server + " saw " + answer.seen.text());
    }
    return result;
  }

 private:
  Topology net_;
};

const std::set<std::string> both_pods{"pod-a", "pod-b"};

bool has_conflict(const cluster::Cluster& cluster, cluster::ClaimKind kind) {
  for (const auto& claim : cluster.claims)
    if (claim.kind == kind && claim.conflict) return true;
  return false;
}

}  // namespace

TEST_CASE("worked example claim 1: whoever reaches a node with the cluster IP comes to a healthy pod") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    Example example(backend, sample("node-port", dialect));
    for (const auto& [gateway, name] : {std::pair{"10.100.0.2", "node-a"}, {"10.100.0.3", "node-b"}}) {
      INFO("the services network is routed through " << name);
      example.net().route("router", std::string("10.3.240.0/20 via ") + gateway);
      for (const char* host : {"client", "router"}) CHECK(example.servers(host, "10.3.241.152", 80) == both_pods);
      example.net().run("router", {"ip", "route", "del", "10.3.240.0/20"});
    }
    for (const char* host : {"node-a", "node-b", "pod-a", "pod-b"})
      CHECK(example.servers(host, "10.3.241.152", 80) == both_pods);
  });
}

TEST_CASE("worked example claim 2: a route through one node hangs on that node") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    Example example(backend, sample("node-port", dialect));
    example.net().route("router", "10.3.240.0/20 via 10.100.0.2");
    CHECK(example.net().ask("client", Protocol::tcp, address("10.3.241.152"), 80).outcome == Outcome::answered);
    example.net().link("node-a", "eth0", false);
    // A pod behind the other node lives and is reached through it all the same.
    CHECK(example.net().ask("client", Protocol::tcp, address("10.0.2.2"), 8080).outcome == Outcome::answered);
    CHECK(example.net().ask("client", Protocol::tcp, address("10.3.241.152"), 80, 300).outcome != Outcome::answered);
  });
}

TEST_CASE("worked example claim 3: a node's port without listener and rule is refused") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    Example example(backend, sample("node-port", dialect));
    for (const char* host : {"client", "router", "node-a", "node-b", "pod-b"})
      CHECK(example.net().ask(host, Protocol::tcp, address("10.100.0.3"), 80).outcome == Outcome::refused);
  });
}

TEST_CASE("worked example claim 4: the node port of every node goes where the cluster IP goes") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    Example example(backend, sample("node-port", dialect));
    std::set<std::string> seen;
    CHECK(example.servers("client", "10.100.0.2", 32213, &seen) == both_pods);
    // Claim 8 by the way: the pod sees the node that the connection came through, not the client.
    CHECK(seen == std::set<std::string>{"pod-a saw 10.0.1.1", "pod-b saw 10.100.0.2"});
    CHECK(example.servers("client", "10.100.0.3", 32213) == both_pods);
    CHECK(example.servers("node-a", "10.100.0.3", 32213) == both_pods);
    CHECK(example.servers("node-a", "10.100.0.2", 32213) == both_pods);
    CHECK(example.servers("pod-a", "10.100.0.2", 32213) == both_pods);
    CHECK(example.net().ask("client", Protocol::tcp, address("10.100.0.2"), 32214).outcome == Outcome::refused);
  });
}

TEST_CASE("worked example claim 5: from client over balancer and node port to the pod") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    Example example(backend, sample("load-balancer", dialect));
    // The balancer: each connection to a node of its choice.
    example.net().load("router", {.nft = {R"(table ip balancer {
  chain in {
    type nat hook prerouting priority dstnat;
    ip daddr 35.184.97.156 tcp dport 80 dnat to numgen random mod 2 map { 0 : 10.100.0.2 . 32213, 1 : 10.100.0.3 . 32213 }
  }
}
)"},
                                  .iptables = {},
                                  .ip6tables = {}});
    std::set<std::string> seen;
    CHECK(example.servers("client", "35.184.97.156", 80, &seen) == std::set<std::string>{"pod-b"});
    CHECK(seen == std::set<std::string>{"pod-b saw 10.100.0.2", "pod-b saw 10.0.2.1"});
    CHECK(example.net().ask("client", Protocol::tcp, address("35.184.97.156"), 81).outcome == Outcome::refused);
    // Claim 9: all that a node port has, too; and nodes know the balancer's address themselves.
    CHECK(example.servers("client", "10.100.0.2", 32213) == std::set<std::string>{"pod-b"});
    CHECK(example.servers("pod-a", "10.3.241.52", 80) == std::set<std::string>{"pod-b"});
    CHECK(example.servers("pod-a", "35.184.97.156", 80) == std::set<std::string>{"pod-b"});
  });
}

TEST_CASE("worked example claim 12: a host port leads to the container on the node where it runs") {
  constexpr const char* pod = R"(---
apiVersion: v1
kind: Pod
metadata: {{name: {0}, namespace: default}}
spec:
  nodeName: {1}
  containers:
  - {{name: main, image: db, ports: [{{containerPort: 8080, hostPort: 5001}}]}}
status: {{phase: Running, podIP: {2}, podIPs: [{{ip: {2}}}]}}
)";
  kernel::for_each_ruleset([&](const kernel::Backend& backend, Dialect dialect) {
    const auto one = sample("node-port", dialect, fmt::format(fmt::runtime(pod), "db", "node-a", "10.0.1.2"));
    CHECK_FALSE(has_conflict(one, cluster::ClaimKind::host_port));
    Example example(backend, one);
    std::set<std::string> seen;
    CHECK(example.servers("client", "10.100.0.2", 5001, &seen) == std::set<std::string>{"pod-a"});
    CHECK(seen == std::set<std::string>{"pod-a saw 198.51.100.9"});
    CHECK(example.servers("node-b", "10.100.0.2", 5001) == std::set<std::string>{"pod-a"});
    CHECK(example.net().ask("client", Protocol::tcp, address("10.100.0.3"), 5001).outcome == Outcome::refused);
    // Two of them do not fit on one node.
    const auto second = fmt::format(fmt::runtime(pod), "db-2", "node-a", "10.0.1.3");
    const auto third = fmt::format(fmt::runtime(pod), "db-2", "node-b", "10.0.2.3");
    const auto first = fmt::format(fmt::runtime(pod), "db", "node-a", "10.0.1.2");
    CHECK(has_conflict(sample("node-port", dialect, first + second), cluster::ClaimKind::host_port));
    CHECK_FALSE(has_conflict(sample("node-port", dialect, first + third), cluster::ClaimKind::host_port));
  });
}

TEST_CASE("worked example claim 13: a pod on the host's network listens on the node itself") {
  constexpr const char* pod = R"(---
apiVersion: v1
kind: Pod
metadata: {{name: {0}, namespace: default}}
spec:
  nodeName: node-b
  hostNetwork: true
  containers:
  - {{name: main, image: agent, ports: [{{containerPort: {1}}}]}}
status: {{phase: Running, podIP: 10.100.0.3, podIPs: [{{ip: 10.100.0.3}}]}}
)";
  kernel::for_each_ruleset([&](const kernel::Backend& backend, Dialect dialect) {
    Example example(backend, sample("node-port", dialect, fmt::format(fmt::runtime(pod), "agent", 9100)));
    example.net().serve("node-b", "agent", Protocol::tcp, address("10.100.0.3"), 9100);
    std::set<std::string> seen;
    CHECK(example.servers("client", "10.100.0.3", 9100, &seen) == std::set<std::string>{"agent"});
    CHECK(seen == std::set<std::string>{"agent saw 198.51.100.9"});
    CHECK(example.servers("pod-a", "10.100.0.3", 9100) == std::set<std::string>{"agent"});
    CHECK(example.net().ask("client", Protocol::tcp, address("10.100.0.2"), 9100).outcome == Outcome::refused);
    // It shares the ports of the node: a Service's node port hides a listener …
    example.net().serve("node-b", "hidden", Protocol::tcp, address("10.100.0.3"), 32213);
    CHECK(example.servers("client", "10.100.0.3", 32213) == both_pods);
    // … and two such pods, or one and a host port, cannot have the same.
    const auto first = fmt::format(fmt::runtime(pod), "agent", 9100);
    const auto same = fmt::format(fmt::runtime(pod), "other", 9100),
               another = fmt::format(fmt::runtime(pod), "other", 9101);
    CHECK(has_conflict(sample("node-port", dialect, first + same), cluster::ClaimKind::host_network));
    CHECK_FALSE(has_conflict(sample("node-port", dialect, first + another), cluster::ClaimKind::host_network));
  });
}
