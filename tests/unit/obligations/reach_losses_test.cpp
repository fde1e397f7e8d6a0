// Endpoints that stand by, hints, and frontends that nobody reaches.
#include <catch2/catch.hpp>

#include "tests/unit/obligations/reach_world.hpp"

namespace portcullis::tests {

namespace {

const std::string nodes = R"(
{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: [10.96.0.0/16], podCIDRs: [10.244.0.0/16],
 loadBalancers: [{name: lb, pool: 192.0.2.0/24, via: nodePort}], nodes: [
 {name: n1, zone: a, addresses: [192.168.0.11], primary: [192.168.0.11], podCIDRs: [10.244.1.0/24]},
 {name: n2, zone: b, addresses: [192.168.0.12], primary: [192.168.0.12], podCIDRs: [10.244.2.0/24]}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.96.0.1, MOREports: [{port: 80, nodePort: 30080}]},
 status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-x, labels: {kubernetes.io/service-name: web}},
 addressType: IPv4, ports: [{name: '', port: 8080}], endpoints: [)";

std::string world(const std::string& endpoints, const std::string& more = "") {
  std::string text = nodes + endpoints + "]}\n";
  return text.replace(text.find("MORE"), 4, more);
}

const std::string on_n1 = "{addresses: [10.244.1.5], nodeName: n1}", on_n2 = "{addresses: [10.244.2.5], nodeName: n2}";
const std::string leaving_n2 =
    "{addresses: [10.244.2.6], nodeName: n2, conditions: {ready: false, serving: true, terminating: true}}";

std::string hinted(const std::string& address, const std::string& node, const std::string& hints) {
  return "{addresses: [" + address + "], nodeName: " + node + ", hints: {" + hints + "}}";
}

struct Row {
  std::string endpoints;
  std::string more;
  std::string standing;
  std::string told;
};

}  // namespace

TEST_CASE("the loss of a node is survived or not") {
  const Row row = GENERATE(values<Row>({
      {on_n1 + ", " + on_n2, "", "proved", ""},
      {on_n1, "", "refuted", "without n1"},
      // An endpoint that terminates takes over.
      {on_n1 + ", " + leaving_n2, "", "proved", ""},
      // The balancer's health checks choose the nodes that have one.
      {on_n1 + ", " + on_n2, "externalTrafficPolicy: Local, healthCheckNodePort: 31000, ", "proved", ""},
      // … and who uses the node port reaches the one that terminates.
      {on_n1 + ", " + leaving_n2, "externalTrafficPolicy: Local, healthCheckNodePort: 31000, ", "proved", ""},
      {on_n1, "externalTrafficPolicy: Local, healthCheckNodePort: 31000, ", "refuted", "without n1"},
      // Outside of the cluster.
      {"{addresses: [203.0.113.5]}", "", "proved", ""},
      {"{addresses: [10.244.1.5], nodeName: n1, hints: {forZones: [{name: a}]}}, {addresses: [10.244.2.5], nodeName: "
       "n2, hints: {forZones: [{name: b}]}}",
       "", "proved", ""},
      // Each is meant for the other's zone: what is left is used by all.
      {hinted("10.244.1.5", "n1", "forZones: [{name: b}]") + ", " + hinted("10.244.2.5", "n2", "forZones: [{name: a}]"),
       "", "proved", ""},
      {hinted("10.244.1.5", "n1", "forZones: [{name: a}]"), "", "refuted", "without n1"},
      {hinted("10.244.1.5", "n1", "forZones: [{name: a}]") + ", " + hinted("10.244.1.6", "n1", "forZones: [{name: b}]"),
       "", "refuted", "without n1"},
      {hinted("10.244.1.5", "n1", "forZones: [{name: a}]") + ", " + leaving_n2, "", "proved", ""},
      {hinted("10.244.1.5", "n1", "forZones: [{name: a}], forNodes: [{name: n1}]") + ", " +
           hinted("10.244.2.5", "n2", "forZones: [{name: b}], forNodes: [{name: n2}]"),
       "", "proved", ""},
      {hinted("10.244.1.5", "n1", "forZones: [{name: b}], forNodes: [{name: n1}]") + ", " +
           hinted("10.244.2.5", "n2", "forZones: [{name: a}]"),
       "", "proved", ""},
      // Without the first, all endpoints have a hint for a node, and n1 takes the one of its own: nobody is there.
      {hinted("10.244.2.5", "n2", "forZones: [{name: a}, {name: b}]") + ", " +
           hinted("10.244.1.5", "n1", "forZones: [{name: a}, {name: b}], forNodes: [{name: n9}]") +
           ", {addresses: [10.96.7.7], hints: {forZones: [{name: c}], forNodes: [{name: n1}]}}",
       "", "refuted", "without n2"},
  }));
  const Proved proved(world(row.endpoints, row.more),
                      "reachable from 203.0.113.0/24 to service web surviving any 1 node");
  INFO(row.endpoints << row.more << "\n" << proved.told());
  CHECK(proved.standings() == row.standing);
  CHECK(proved.told().find(row.told) != std::string::npos);
}

TEST_CASE("a frontend that nobody reaches is no liveness") {
  struct Case {
    std::string endpoints, more;
    verdict::Standing standing;
    std::string reason;
  };
  const Case c = GENERATE(values<Case>({
      {on_n1, "", verdict::Standing::proved, ""},
      {on_n1, "loadBalancerSourceRanges: [203.0.113.0/24], ", verdict::Standing::proved, ""},
      // No node has an endpoint of its own, and only those would be used from outside; pods are let through.
      {"{addresses: [203.0.113.5]}", "externalTrafficPolicy: Local, healthCheckNodePort: 31000, ",
       verdict::Standing::proved, ""},
      // The endpoint is an address of the services network, where nobody is.
      {"{addresses: [10.96.7.7]}", "", verdict::Standing::refuted, "nobody reaches the cluster-ip 10.96.0.1:80"},
  }));
  Proved proved(world(c.endpoints, c.more), "");
  const std::vector<verdict::Proof> proofs = obligations::prove_liveness(proved.cluster, proved.session);
  INFO(c.endpoints << c.more);
  REQUIRE_FALSE(proofs.empty());
  CHECK(proofs.front().name == "liveness.frontends");
  CHECK(proofs.front().standing == c.standing);
  CHECK(proofs.front().reason.find(c.reason) != std::string::npos);
  if (c.standing == verdict::Standing::refuted) CHECK(proofs.front().witness);
}

TEST_CASE("frontends have the same fate but for the source, unless that is asked for, too") {
  const Proved proved(world(on_n1, "loadBalancerSourceRanges: [203.0.113.0/24], "),
                      "same fate for service web on cluster-ip and node-port\n"
                      "same fate for service web on cluster-ip and node-port with source\n"
                      "same fate for service web on cluster-ip and load-balancer\n");
  INFO(proved.told());
  REQUIRE(proved.standings() == "proved refuted refuted");
  CHECK(proved.proofs[0].except.size() == 1);
  // By the balancer's address only its source ranges get through.
  REQUIRE(proved.proofs[2].witness);
  CHECK_FALSE(net::Prefix::parse("203.0.113.0/24")->contains(proved.proofs[2].witness->src));
}

}  // namespace portcullis::tests
