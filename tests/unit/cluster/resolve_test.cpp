#include "compiler/cluster/resolve.hpp"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

// All of a resolved cluster that is no place in a file.
std::string picture(const World& world) {
  std::string text;
  for (const cluster::Node& n : world.cluster().nodes) {
    text += fmt::format("node {} {}", n.name, n.zone);
    for (const auto& a : n.addresses) text += " " + a.text();
    for (const auto& p : n.pod_cidrs) text += " " + p.text();
    for (const auto& h : n.host_ports) text += fmt::format(" {}>{}:{}", h.host_port, h.pod_ip.text(), h.container_port);
    text += "\n";
  }
  for (const cluster::Service& s : world.cluster().services) {
    text += fmt::format("service {} {}", s.id(), s.health_check_node_port);
    for (const auto& a : s.cluster_ips) text += " " + a.address.text();
    for (const auto& a : s.load_balancer_ips) text += " " + a.address.text();
    for (const auto& p : s.ports) {
      text += fmt::format("\n  {} {}", service_port_name(s, p), p.node_port);
      for (const auto& e : p.endpoints) {
        text += " " + endpoint_text(e);
        for (const auto& other : e.alternatives) text += "|" + endpoint_text(other);
      }
    }
    text += "\n";
  }
  for (const cluster::Pod& p : world.cluster().pods)
    text += fmt::format("pod {}/{}@{} {}\n", p.ns, p.name, p.node, p.addresses.empty() ? "-" : p.addresses[0].text());
  for (const cluster::Claim& c : world.cluster().claims)
    text += fmt::format("claim {} {} {} {}\n", to_string(c.kind), c.key, c.owners.size(), c.conflict);
  return text + print_lock(world.resolved.lock);
}

std::vector<std::string> documents() {
  std::vector<std::string> out;
  const auto add = [&](std::string text) { out.push_back("---\n" + std::move(text) + "\n"); };
  add("{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: [10.9.0.0/25, "
      "'fd96::/112'], nodePortRange: 30000-30127, loadBalancers: [{name: e, pool: 198.51.100.0/26}]}}");
  for (int i = 0; i < 4; ++i)
    add(fmt::format(
        "{{apiVersion: v1, kind: Node, metadata: {{name: n{}, labels: {{topology.kubernetes.io/zone: z{}}}}}}}", i,
        i % 2));
  for (int i = 0; i < 30; ++i) {
    add(
        fmt::format("{{apiVersion: v1, kind: Service, metadata: {{name: s{}, namespace: ns{}}}, spec: {{type: "
                    "LoadBalancer, externalTrafficPolicy: Local, ipFamilyPolicy: PreferDualStack, trafficDistribution: "
                    "PreferSameZone, selector: {{app: d{}}}, ports: [{{name: a, port: 80}}, {{name: b, port: 81}}]}}}}",
                    i, i % 3, i));
    add(fmt::format(
        "{{apiVersion: apps/v1, kind: {}, metadata: {{name: d{}, namespace: ns{}}}, spec: {{selector: {{matchLabels: "
        "{{app: d{}}}}}, template: {{metadata: {{labels: {{app: d{}}}}}, spec: {{containers: "
        "[{{name: c, image: i, ports: [{{containerPort: 80{}}}]}}]}}}}}}}}",
        i % 5 == 0 ? "DaemonSet" : "Deployment", i, i % 3, i, i,
        i % 4 == 0 ? fmt::format(", hostPort: {}", 8000 + i % 8) : ""));
  }
  for (int i = 0; i < 20; ++i) {
    add(fmt::format(
        "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: x{}, namespace: ns0, labels: "
        "{{kubernetes.io/service-name: s{}}}}}, addressType: IPv4, ports: [{{name: a, port: 8080}}], "
        "endpoints: [{{addresses: [10.1.0.{}], nodeName: n{}}}]}}",
        i, i % 2 * 3, i % 5, i % 4));
  }
  return out;
}

}  // namespace

TEST_CASE("what is resolved does not depend on the order of the input") {
  std::vector<std::string> list = documents();
  const auto joined = [&] {
    std::string text;
    for (const std::string& d : list) text += d;
    return text;
  };
  const World first(joined());
  const std::string want = picture(first);
  CHECK(first.count("PC2103") > 0);
  CHECK(first.count("PC2100") > 0);
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(list, random);
    const World shuffled(joined());
    CHECK(picture(shuffled) == want);
    CHECK(shuffled.diagnostics.all().size() == first.diagnostics.all().size());
  }
}

TEST_CASE("lists come out sorted") {
  std::string text;
  for (const std::string& d : documents()) text += d;
  const World world(text);
  const auto& c = world.cluster();
  CHECK(std::ranges::is_sorted(c.nodes, {}, &cluster::Node::name));
  CHECK(std::ranges::is_sorted(c.services, {}, [](const auto& s) { return std::pair(s.ns, s.name); }));
  CHECK(std::ranges::is_sorted(c.pods, {}, [](const auto& p) { return std::pair(p.ns, p.name); }));
  CHECK(std::ranges::is_sorted(c.claims, {}, [](const auto& k) { return std::pair(k.kind, k.key); }));
  REQUIRE(c.node("n2") != nullptr);
  CHECK(c.node("n2")->name == "n2");
  CHECK(c.node("n9") == nullptr);
}

TEST_CASE("an error on one object never mutes another") {
  const World world(
      "---\n{apiVersion: v1, kind: Service, metadata: {name: bad}, spec: {clusterIP: 10.96.0.20, ports: [{port: "
      "99999}]}}\n"
      "---\n{apiVersion: v1, kind: Service, metadata: {name: good}, spec: {clusterIP: 10.96.0.20, ports: [{port: "
      "80}]}}\n");
  CHECK(world.count("PC2038") == 1);
  CHECK(world.diagnostics.has_errors());
  CHECK(world.service("default/good").programmed());
}

TEST_CASE("hostile numbers and names neither crash nor hang") {
  for (const std::string text : {
           "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, spec: {replicas: 9223372036854775807, "
           "template: {spec: {containers: [{name: c}]}}}}\n",
           "---\n{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: w}, spec: {replicas: 2147483647, ordinals: "
           "{start: 9223372036854775807}, template: {spec: {containers: [{name: c}]}}}}\n",
           "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: w}, spec: {parallelism: -5, completions: -9, "
           "template: {spec: {containers: [{name: c}]}}}}\n",
           "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: "
           "[0.0.0.0/0, '::/0'], podCIDRs: [0.0.0.0/0, '::/0'], loadBalancers: [{name: a, pool: '0.0.0.0/0, ::/0'}]}}\n"
           "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, ipFamilyPolicy: "
           "RequireDualStack, ports: [{port: 80}]}}\n"
           "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, spec: {replicas: 300, template: {spec: "
           "{containers: [{name: c}]}}}}\n",
           "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: "
           "[10.0.0.0/32, 'fd00::/128'], podCIDRs: [10.0.0.0/32, 'fd00::/128'], nodePortRange: 65535-65535, "
           "loadBalancers: [{name: a, pool: 1.1.1.1}]}}\n"
           "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, "
           "externalTrafficPolicy: Local, ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]}}\n"
           "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, spec: {replicas: 3, template: {spec: "
           "{containers: [{name: c}]}}}}\n",
           "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {reservedPorts: "
           "[{port: 1, endPort: 65535}], nodePortRange: 1-65535}}\n"
           "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, ports: [{port: 80}]}}\n",
           "---\n{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {podCIDRs: [0.0.0.0/0, 10.0.0.0/8, "
           "10.0.0.0/8, x]}}\n"
           "---\n{apiVersion: v1, kind: Node, metadata: {name: m}, spec: {podCIDRs: [10.0.0.0/8]}}\n"
           "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: w}, spec: {template: {spec: {containers: "
           "[{name: c}]}}}}\n",
           "---\n{apiVersion: v1, kind: Service, metadata: {generateName: x-}, spec: {ports: [{port: "
           "80}]}}\n---\n{apiVersion: v1, kind: Service, metadata: {generateName: x-}, spec: {ports: [{port: 80}]}}\n",
           "---\n{apiVersion: v1, kind: Service}\n---\n{apiVersion: v1, kind: Pod}\n---\n{apiVersion: apps/v1, kind: "
           "Deployment}\n---\n{apiVersion: v1, kind: Node}\n---\n{apiVersion: discovery.k8s.io/v1, kind: "
           "EndpointSlice}\n"
           "---\n{apiVersion: v1, kind: Endpoints}\n---\n{apiVersion: portcullis.dev/v1, kind: "
           "ClusterProfile}\n---\n{apiVersion: networking.k8s.io/v1, kind: IPAddress}\n",
       }) {
    INFO(text);
    const World world(text);
    CHECK(world.cluster().nodes.size() >= 1);
  }
}

}  // namespace portcullis::tests
