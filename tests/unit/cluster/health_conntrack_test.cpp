#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

std::string balancer(const std::string& more) {
  return "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: "
         "10.96.0.20, externalTrafficPolicy: Local, healthCheckNodePort: 31000, "
         "ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30081}]" +
         more + "}}\n";
}
std::string slice(const std::string& endpoints,
                  const std::string& ports = "{name: a, port: 8080}, {name: b, port: 8081}") {
  return "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1, labels: "
         "{kubernetes.io/service-name: web}}, addressType: IPv4, ports: [" +
         ports + "], endpoints: [" + endpoints + "]}\n";
}
const char* const nodes =
    "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {nodes: [{name: n1}, {name: "
    "n2}]}}\n";

// `n1 200 1, n2 503 0`.
std::string health(const World& world) {
  const auto answer = cluster::health(world.cluster(), world.service("default/web"));
  if (!answer) return "none";
  std::string text = std::to_string(answer->port);
  for (const auto& [node, a] : answer->nodes) text += fmt::format(", {} {} {}", node, a.status, a.local_endpoints);
  return text;
}
// `10.96.0.53:53 keep 10.0.0.1:53`.
Texts stale(const World& world) {
  Texts out;
  for (const cluster::ConntrackRule& rule : cluster::conntrack_rules(world.cluster())) {
    Texts keep;
    for (const auto& [address, port] : rule.keep) keep.push_back(net::endpoint_text(address, port));
    out.push_back(fmt::format("{}:{} keep {}", rule.dst ? rule.dst->text() : "*", rule.dport, fmt::join(keep, " ")));
  }
  return out;
}

}  // namespace

TEST_CASE("health counts ready local addresses, once each") {
  CHECK(health(World(nodes + balancer("") +
                     slice("{addresses: [10.0.0.1], nodeName: n1}, {addresses: [10.0.0.2], nodeName: n1}, {addresses: "
                           "[10.0.0.3]}"))) == "31000, n1 200 2, n2 503 0");
  CHECK(health(World(nodes + balancer("") +
                     slice("{addresses: [10.0.0.1], nodeName: n1, conditions: {ready: false, serving: true, "
                           "terminating: true}}"))) == "31000, n1 503 0, n2 503 0");
  CHECK(health(World(nodes + balancer(""))) == "31000, n1 503 0, n2 503 0");
}

TEST_CASE("no health check where none is served") {
  std::string cluster_policy = balancer("");
  cluster_policy.replace(cluster_policy.find("externalTrafficPolicy: Local, healthCheckNodePort: 31000, "), 58, "");
  CHECK(health(World(nodes + cluster_policy)) == "none");
}

TEST_CASE("entries that contradict each other count on the node that each names") {
  const World world(nodes + balancer("") +
                    slice("{addresses: [10.0.0.1], nodeName: n1}, {addresses: [10.0.0.1], nodeName: n2}"));
  CHECK(health(world) == "31000, n1 200 1, n2 200 1");
}

TEST_CASE("stale UDP connections: every frontend, keeping the serving endpoints") {
  const std::string dns =
      "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, clusterIP: 10.96.0.53, "
      "externalIPs: [198.51.100.53], ports: [{name: u, port: 53, protocol: UDP, "
      "nodePort: 30053}, {name: t, port: 53, nodePort: 30053}]}}\n";
  const World world(dns +
                    slice("{addresses: [10.0.0.1]}, {addresses: [10.0.0.2], conditions: {ready: false, serving: true, "
                          "terminating: true}}, {addresses: [10.0.0.3], conditions: {ready: false, serving: false}}",
                          "{name: u, port: 5353, protocol: UDP}, {name: t, port: 53}"));
  INFO(world.said());
  const std::string keep = " keep 10.0.0.1:5353 10.0.0.2:5353";
  CHECK(stale(world) == Texts{"10.96.0.53:53" + keep, "198.51.100.53:53" + keep, "*:30053" + keep});
  CHECK(stale(World(dns)).empty());
}

}  // namespace portcullis::tests
