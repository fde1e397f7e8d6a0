// Sentences about the cluster of the policy tests, each with what becomes of it and a part of why.
#include <catch2/catch.hpp>

#include "tests/unit/obligations/reach_world.hpp"
#include "tests/unit/policy/shop.hpp"

namespace portcullis::tests {

namespace {

struct Row {
  std::string policy;
  std::string standings;  // of its obligations
  std::string told;
};

}  // namespace

TEST_CASE("sentences about a shop are proved or refuted") {
  const Row row = GENERATE(values<Row>({
      // The balancer has three nodes, two of them an endpoint.
      {"reachable from internet to service shop/web port http", "proved", ""},
      {"reachable from internet to service shop/web port http surviving any 1 node", "proved", ""},
      {"reachable from internet to service shop/web port http surviving any 2 nodes", "refuted",
       "without n1 and n2 tcp from"},
      {"reachable from cluster to service shop/web port http", "proved", ""},
      {"reachable from cluster to pod shop/web-0 port 8080 tcp", "proved", ""},
      {"reachable from cluster to pod shop/web-0", "proved", ""},
      {"reachable from pods to service shop/db", "proved", ""},
      // Its only endpoint is on n3.
      {"reachable from pod shop/web-0 to service shop/db surviving any 1 node", "refuted",
       "without n3 tcp from 10.244.1.10"},
      {"reachable from pod shop/db-0 to service shop/db surviving any 1 node", "proved", ""},
      {"reachable from internet to service shop/db-pods", "proved", ""},
      {"reachable from internet to address 192.0.2.80", "proved", ""},
      {"reachable from internet to address 192.0.2.80 port 80 tcp", "proved", ""},
      {"reachable from internet to address 192.0.2.80 port 81 tcp", "refuted", "the balancer has no such port"},
      {"reachable from internet to address 192.168.0.11 port 22 tcp", "proved", ""},
      {"reachable from internet to address 192.168.0.11 port 23 tcp", "refuted",
       "nothing listens at 192.168.0.11:23 on n1"},
      {"reachable from internet to service kube-system/dns port dns", "refuted", "n1 rejects it"},
      // A proxy on every node; on n1 a pod has its port for https.
      {"reachable from internet to ingress shop.example.com", "refuted", "router default status 404"},
      {"reachable from internet to ingress shop.example.com path /cart", "proved", ""},
      {"unreachable from internet to ingress shop.example.com path /health", "refuted", "192.168.0.12:443 gets it"},
      {"unreachable from anywhere to service kube-system/dns", "proved proved", ""},
      {"unreachable from internet to service shop/db", "refuted",
       "10.244.3.10:5432 gets it, by n1 (a static route), n3"},
      {"unreachable from internet to any node port except service edge/gateway, service shop/web", "proved", ""},
      {"unreachable from internet to node port 30080", "refuted", "10.244.1.10:8080 gets it, by n1"},
      {"unreachable from internet to address 192.168.0.11 port 1-21 tcp", "proved", ""},
      {"unreachable from internet to address 192.168.0.11 port 1-22 tcp", "refuted", "192.168.0.11:22 gets it"},
      {"unreachable from internet to pod shop/db-0", "refuted", "gets it, by n3"},
      {"zone office = 203.0.113.0/24\nonly office reaches service ops/grafana", "proved", ""},
      {"zone office = 203.0.113.0/24\nonly office reaches service shop/web port admin", "refuted", ":8443 gets it"},
      {"preserves source from internet to service shop/web port http", "refuted", "is masqueraded by n1"},
      {"preserves source from pod shop/web-0 to service shop/db", "proved", ""},
      // Its own pod meets itself.
      {"preserves source from pods to service shop/db", "refuted", "from 10.244.3.10 to 10.96.0.54:5432"},
      {"same fate for service shop/web port http on cluster-ip and load-balancer", "proved",
       "except the source: on n1"},
      {"same fate for service shop/web port http on cluster-ip and node-port", "proved", "except the source: on n1"},
      {"same fate for service shop/web port http on cluster-ip and node-port with source", "refuted",
       "has the fate `dnat 10.244.1.10:8080 10.244.2.10:8080`"},
      {"same fate for service shop/web port http on external-ip and node-port with source", "proved", ""},
      {"forbid host-port except in namespace kube-system", "refuted", "Pod edge/proxy has hostPort 443/TCP"},
      {"forbid host-network except in namespace kube-system", "proved", ""},
      {"no conflicts", "proved", ""},
  }));
  const Proved world(shop, row.policy);
  INFO(row.policy << "\n" << world.told());
  CHECK(world.findings() == std::vector<std::string>{});
  CHECK(world.standings() == row.standings);
  CHECK(world.told().find(row.told) != std::string::npos);
}

TEST_CASE("a refutation shows a packet, a node and the lines that take part") {
  const Proved world(shop, "unreachable from internet to node port 30080");
  REQUIRE(world.proofs.size() == 1);
  const verdict::Proof& proof = world.proofs.front();
  REQUIRE(proof.witness);
  CHECK(proof.witness->dst == *net::Address::parse("192.168.0.11"));
  CHECK(proof.witness->dport == 30080);
  CHECK(proof.node == "n1");
  REQUIRE(proof.related.size() == 1);
  CHECK(proof.related.front().message == "node-port 30080");
  CHECK(proof.related.front().span.known());
  CHECK_FALSE(proof.assumptions.empty());
}

TEST_CASE("lost nodes are named one by one") {
  const Proved world(shop, "reachable from internet to service shop/web port http surviving any 2 nodes");
  CHECK(world.lost() == "n1 n2");
}

TEST_CASE("every frontend of the shop has a way, and Services without endpoints are excepted") {
  Proved world(shop, "");
  const std::vector<verdict::Proof> proofs = obligations::prove_liveness(world.cluster, world.session);
  REQUIRE(proofs.size() == 2);
  CHECK(proofs[0].name == "liveness.frontends");
  CHECK(proofs[0].standing == verdict::Standing::proved);
  CHECK(proofs[0].except.size() == 4);
  CHECK(proofs[1].name == "liveness.same-fate");
  CHECK(proofs[1].standing == verdict::Standing::proved);
}

}  // namespace portcullis::tests
