#include "compiler/cluster/claims.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

using cluster::ClaimKind;

namespace {

std::string service(const std::string& name, const std::string& spec, const std::string& labels = "") {
  return "---\n{apiVersion: v1, kind: Service, metadata: {name: " + name + ", labels: {" + labels + "}}, spec: {" +
         spec + "}}\n";
}
std::string profile(const std::string& spec) {
  return "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {reservedPorts: [], " +
         spec + "}}\n";
}
std::string workload(const std::string& kind, const std::string& name, const std::string& ports,
                     const std::string& pod = "", int replicas = 1) {
  const std::string count = kind == "DaemonSet" ? "" : fmt::format("replicas: {}, ", replicas);
  return "---\n{apiVersion: apps/v1, kind: " + kind + ", metadata: {name: " + name + "}, spec: {" + count +
         "selector: {matchLabels: {app: " + name + "}}, template: {metadata: {labels: {app: " + name + "}}, spec: {" +
         pod + "containers: [{name: c, image: i, ports: [" + ports + "]}]}}}}\n";
}

}  // namespace

TEST_CASE("service-ip claims: cluster IPs, external IPs and VIPs") {
  const World world(service("a",
                            "type: LoadBalancer, clusterIP: 10.96.0.20, externalIPs: [198.51.100.7], ports: [{name: t, "
                            "port: 80, nodePort: 30080}, {name: u, port: 80, protocol: UDP, "
                            "nodePort: 30080}]}, status: {loadBalancer: {ingress: [{ip: 198.51.100.8}, {ip: "
                            "198.51.100.9, ipMode: Proxy}, {ip: 'fd98::1'}]}"));
  INFO(world.said());
  CHECK(claim_texts(world.cluster(), ClaimKind::service_ip) ==
        Texts{"10.96.0.20/TCP/80 default/a:t", "10.96.0.20/UDP/80 default/a:u/udp", "198.51.100.7/TCP/80 default/a:t",
              "198.51.100.7/UDP/80 default/a:u/udp", "198.51.100.8/TCP/80 default/a:t",
              "198.51.100.8/UDP/80 default/a:u/udp"});
  CHECK(claim_texts(world.cluster(), ClaimKind::node_port) ==
        Texts{"TCP/30080 default/a:t", "UDP/30080 default/a:u/udp"});
}

TEST_CASE("an external IP on another's cluster IP and port") {
  const World world(service("a", "clusterIP: 10.96.0.20, ports: [{name: http, port: 80}]") +
                    service("b", "clusterIP: 10.96.0.21, externalIPs: [10.96.0.20], ports: [{name: http, port: 80}]"));
  CHECK(claim_texts(world.cluster(), ClaimKind::service_ip) ==
        Texts{"!10.96.0.20/TCP/80 default/a:http|default/b:http", "10.96.0.21/TCP/80 default/b:http"});
  const auto found = world.findings("PC3102");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->object.name == "b");
  CHECK(found[0]->reason == base::Reason::none);
  CHECK(found[0]->field == "spec.externalIPs");
  CHECK(world.text(found[0]->span) == "10.96.0.20");
  CHECK(found[0]->message ==
        "10.96.0.20:80/TCP is claimed by Service default/a and Service default/b; which one gets traffic is chance");
  CHECK(found[0]->related.size() == 1);
}

TEST_CASE("what is no conflict of addresses") {
  struct Row {
    const char* what;
    std::string text;
  };
  for (const Row& row :
       {Row{"other port", service("a", "externalIPs: [198.51.100.7], ports: [{port: 80}]") +
                              service("b", "externalIPs: [198.51.100.7], ports: [{port: 81}]")},
        Row{"other protocol", service("a", "externalIPs: [198.51.100.7], ports: [{port: 80}]") +
                                  service("b", "externalIPs: [198.51.100.7], ports: [{port: 80, protocol: UDP}]")},
        Row{"twice in one Service", service("a",
                                            "type: LoadBalancer, externalIPs: [198.51.100.7], ports: [{port: 80}]}, "
                                            "status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}")},
        Row{"ipMode Proxy", service("a", "externalIPs: [198.51.100.7], ports: [{port: 80}]") +
                                service("b",
                                        "type: LoadBalancer, ports: [{port: 80}]}, status: {loadBalancer: {ingress: "
                                        "[{ip: 198.51.100.7, ipMode: Proxy}]}")},
        Row{"headless", service("a", "externalIPs: [198.51.100.7], ports: [{port: 80}]") +
                            service("b", "clusterIP: None, externalIPs: [198.51.100.7], ports: [{port: 80}]")}}) {
    INFO(row.what);
    const World world(row.text);
    CHECK(world.count("PC3102") == 0);
    for (const cluster::Claim& claim : world.cluster().claims) CHECK_FALSE(claim.conflict);
  }
}

TEST_CASE("one cluster IP twice is one finding at each later Service, whatever the ports") {
  const World world(service("c", "clusterIP: 10.96.0.20, ports: [{port: 80}]") +
                    service("a", "clusterIP: 10.96.0.20, ports: [{port: 80}]") +
                    service("b", "clusterIP: 10.96.0.20, ports: [{port: 81}]"));
  const auto found = world.findings("PC2038");
  REQUIRE(found.size() == 2);
  CHECK(found[0]->object.name == "a");
  CHECK(found[1]->object.name == "b");
  for (const base::Diagnostic* d : found) {
    CHECK(d->reason == base::Reason::invalid);
    CHECK(d->field == "spec.clusterIPs");
    CHECK(d->related.size() == 2);
    CHECK(world.text(d->span) == "10.96.0.20");
  }
  CHECK(world.count("PC3102") == 0);
  CHECK(claim_texts(world.cluster(), ClaimKind::service_ip).front() == "!10.96.0.20/TCP/80 default/a:80|default/c:80");
}

TEST_CASE("a node port belongs to one Service, whatever the protocol") {
  const World world(
      service("a", "type: NodePort, ports: [{port: 80, nodePort: 30080}]") +
      service("b",
              "type: NodePort, ports: [{name: x, port: 1}, {name: ui, port: 53, protocol: UDP, nodePort: 30080}]"));
  const auto found = world.findings("PC2037");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->object.name == "b");
  CHECK(found[0]->field == "spec.ports[1].nodePort");
  CHECK(found[0]->reason == base::Reason::invalid);
  CHECK(found[0]->message == "node port `30080` of Service default/b is taken by Service default/a");
  Texts conflicts;
  for (const std::string& text : claim_texts(world.cluster(), ClaimKind::node_port)) {
    if (text.starts_with("!")) conflicts.push_back(text);
  }
  CHECK(conflicts == Texts{"!TCP/30080 default/a:80|default/b:ui/udp", "!UDP/30080 default/a:80|default/b:ui/udp"});
}

TEST_CASE("health check ports are of the same numbers") {
  const World world(service("a", "type: NodePort, ports: [{port: 80, nodePort: 31000}]") +
                    service("b",
                            "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 31000, ports: "
                            "[{port: 80, nodePort: 30081}]"));
  const auto found = world.findings("PC2037");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->field == "spec.healthCheckNodePort");
  CHECK(claim_texts(world.cluster(), ClaimKind::health) == Texts{"!TCP/31000 default/a:80|default/b"});
  CHECK(claim_texts(world.cluster(), ClaimKind::node_port) ==
        Texts{"TCP/30081 default/b:80", "!TCP/31000 default/a:80|default/b"});
}

TEST_CASE("two DaemonSets with one host port meet on every node: one finding") {
  const World world(workload("DaemonSet", "a", "{containerPort: 9100, hostPort: 9100}") +
                    workload("DaemonSet", "b", "{containerPort: 9100}", "hostNetwork: true, "));
  const auto found = world.findings("PC3504");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->severity == base::Severity::error);
  CHECK(found[0]->message == "DaemonSet default/a and DaemonSet default/b both want 9100/TCP on node-a");
  CHECK(found[0]->object.name == "b");
  CHECK(claim_texts(world.cluster(), ClaimKind::host_port).front() ==
        "!node-a/*/TCP/9100 pod default/a-node-a:9100|pod default/b-node-a:9100");
  CHECK(claim_texts(world.cluster(), ClaimKind::host_network).size() == 3);
}

TEST_CASE("host ports that meet, may meet, or do not") {
  const std::string port = "{containerPort: 80, hostPort: 8080}";
  const std::string nodes = profile("nodes: [{name: n1, labels: {disk: ssd}}, {name: n2, labels: {disk: hdd}}]");
  struct Row {
    const char* what;
    std::string text;
    std::string severities;
  };
  for (const Row& row :
       {Row{"pigeonhole", workload("Deployment", "a", port, "", 2) + workload("Deployment", "b", port), "error"},
        Row{"room for both", workload("Deployment", "a", port) + workload("Deployment", "b", port), "warning"},
        Row{"apart by selector",
            workload("DaemonSet", "a", port, "nodeSelector: {disk: ssd}, ") +
                workload("DaemonSet", "b", port, "nodeSelector: {disk: hdd}, "),
            ""},
        Row{"other protocol",
            workload("DaemonSet", "a", port) +
                workload("DaemonSet", "b", "{containerPort: 80, hostPort: 8080, protocol: UDP}"),
            ""},
        Row{"other addresses",
            workload("DaemonSet", "a", "{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1}") +
                workload("DaemonSet", "b", "{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.2}"),
            ""},
        Row{"one on all addresses",
            workload("DaemonSet", "a", "{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1}") +
                workload("DaemonSet", "b", "{containerPort: 80, hostPort: 8080, hostIP: 0.0.0.0}"),
            "error"},
        Row{"kept apart by anti-affinity",
            workload("Deployment", "a", port) +
                workload("Deployment", "b", port,
                         "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
                         "[{labelSelector: {matchLabels: {app: a}}, topologyKey: kubernetes.io/hostname}]}}, "),
            ""},
        Row{"container ports alone",
            workload("DaemonSet", "a", "{containerPort: 80}") + workload("DaemonSet", "b", "{containerPort: 80}"),
            ""}}) {
    INFO(row.what);
    const World world(nodes + row.text);
    INFO(world.said());
    std::string severities;
    for (const base::Diagnostic* d : world.findings("PC3504")) severities += base::to_string(d->severity);
    CHECK(severities == row.severities);
  }
}

TEST_CASE("nodes that planning made up do not force a conflict on Deployments") {
  const std::string port = "{containerPort: 80, hostPort: 8080}";
  const World world(workload("Deployment", "a", port, "", 3) + workload("Deployment", "b", port));
  REQUIRE(world.count("PC3504") == 1);
  CHECK(world.findings("PC3504")[0]->severity == base::Severity::warning);
}

TEST_CASE("host ports of the profile and reserved ports are claims, too") {
  const World world(
      "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {reservedPorts: [{port: "
      "22, protocol: TCP, what: SSH}, {port: 7000, endPort: 7001, what: x}], "
      "nodes: [{name: n1, hostPorts: [{podIP: 10.40.1.44, containerPort: 5000, hostPort: 5001}, {podIP: 10.40.1.45, "
      "containerPort: 5000, hostPort: 5001}]}]}}\n");
  CHECK(claim_texts(world.cluster(), ClaimKind::host_port) ==
        Texts{"!n1/*/TCP/5001 profile 10.40.1.44:5000|profile 10.40.1.45:5000"});
  CHECK(claim_texts(world.cluster(), ClaimKind::reserved) ==
        Texts{"*/TCP/22 SSH", "*/TCP/7000 x", "*/TCP/7001 x", "*/UDP/7000 x", "*/UDP/7001 x"});
  CHECK(world.count("PC3504") == 1);
}

TEST_CASE("newer pods stand first among a node's host ports, the profile's last") {
  const auto pod = [](const char* name, const char* created, int address) {
    return fmt::format(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {}, creationTimestamp: '{}'}}, spec: {{nodeName: n1, "
        "containers: [{{name: c, image: i, ports: [{{containerPort: 1, "
        "hostPort: {}}}]}}]}}, status: {{phase: Running, podIP: 10.0.0.{}}}}}\n",
        name, created, 9000 + address, address);
  };
  const World world(pod("a", "2026-01-01T00:00:00Z", 1) + pod("b", "2026-01-03T00:00:00Z", 2) +
                    pod("c", "2026-01-02T00:00:00Z", 3) +
                    "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {nodes: "
                    "[{name: n1, hostPorts: [{podIP: 10.0.0.9, containerPort: 1, hostPort: 9009}]}]}}\n");
  Texts owners;
  for (const cluster::HostPort& h : world.cluster().nodes.at(0).host_ports) owners.push_back(h.owner);
  CHECK(owners == Texts{"pod default/b:1", "pod default/c:1", "pod default/a:1", "profile 10.0.0.9:1"});
}

TEST_CASE("a crowd of claimants stays cheap and is counted") {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += service(fmt::format("s{}", i),
                    "type: NodePort, externalIPs: [198.51.100.7], ports: [{port: 80, nodePort: 30080}]");
  const World world(text);
  CHECK(world.count("PC2037") == 499);
  CHECK(world.count("PC3102") == 499);
  const base::Diagnostic& last = *world.findings("PC2037").back();
  CHECK(last.related.size() == cluster::most_named);
  CHECK(last.message.ends_with("(500 claimants in all)"));
}

}  // namespace portcullis::tests
