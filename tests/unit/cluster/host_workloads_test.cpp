// What wants ports of nodes, as the scheduler would see it (Cluster::host_port_workloads).
#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

const char* const nodes =
    "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {nodes: [{name: n1, labels: "
    "{disk: ssd}}, {name: n2, labels: {disk: hdd}}, {name: n3, labels: {disk: ssd}}]}}\n";
const char* const host_port = "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}]}]";

std::string workload(const std::string& kind, const std::string& pod, int replicas = 2) {
  const std::string count = kind == "DaemonSet" ? "" : fmt::format("replicas: {}, ", replicas);
  return "---\n{apiVersion: apps/v1, kind: " + kind + ", metadata: {name: w}, spec: {" + count +
         "selector: {matchLabels: {app: w}}, template: {metadata: {labels: {app: w}}, spec: {" + pod + "}}}}\n";
}

// `Deployment default/w x2 on n1,n3: 8080/TCP`, with what else there is to say behind it.
std::string text(const cluster::Cluster& cluster, const cluster::HostPortWorkload& w) {
  Texts where, ports;
  for (const std::uint32_t node : w.nodes) where.push_back(cluster.nodes.at(node).name);
  for (const cluster::NodePortWant& port : w.ports)
    ports.push_back(fmt::format("{}/{}", port.host_port, net::to_string(port.protocol)));
  std::string out =
      fmt::format("{} x{} on {}: {}", w.workload.text(), w.pods, fmt::join(where, ","), fmt::join(ports, ","));
  if (w.daemon) out += " daemon";
  if (w.observed) out += " observed";
  if (w.nodes_unknown) out += " unknown";
  for (const std::string& rule : w.further_rules) out += " | " + rule;
  return out;
}

}  // namespace

TEST_CASE("workloads with ports of the node, and the nodes that they may run on") {
  struct Row {
    const char* what;
    std::string text, expected;
  };
  const std::string hosted = host_port;
  for (const Row& row :
       {Row{"anywhere", nodes + workload("Deployment", hosted), "Deployment default/w x2 on n1,n2,n3: 8080/TCP"},
        Row{"by selector", nodes + workload("Deployment", "nodeSelector: {disk: ssd}, " + hosted, 5),
            "Deployment default/w x5 on n1,n3: 8080/TCP"},
        Row{"one on each", nodes + workload("DaemonSet", "nodeSelector: {disk: ssd}, " + hosted),
            "DaemonSet default/w x2 on n1,n3: 8080/TCP daemon"},
        Row{"nowhere", nodes + workload("Deployment", "nodeSelector: {disk: tape}, " + hosted),
            "Deployment default/w x2 on : 8080/TCP"},
        Row{"labels of nodes that are made up", workload("Deployment", "nodeSelector: {disk: tape}, " + hosted),
            "Deployment default/w x2 on : 8080/TCP unknown"},
        Row{"made up nodes, no labels", workload("StatefulSet", hosted, 4),
            "StatefulSet default/w x4 on node-a,node-b,node-c: 8080/TCP"},
        Row{"host network",
            nodes +
                workload("Deployment",
                         "hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 53, protocol: "
                         "UDP}, {containerPort: 53}]}]",
                         1),
            "Deployment default/w x1 on n1,n2,n3: 53/UDP,53/TCP"},
        Row{"by name", nodes + workload("Deployment", "nodeName: n2, " + hosted, 1),
            "Deployment default/w x1 on n2: 8080/TCP"},
        Row{"a pod that runs",
            nodes + std::string("---\n{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {nodeName: n3, ") +
                hosted + "}, status: {phase: Running, podIP: 10.0.0.1}}\n",
            "Pod default/w x1 on n3: 8080/TCP observed"},
        Row{"further rules",
            nodes +
                workload("Deployment",
                         "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: "
                         "DoNotSchedule}], affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
                         "[{topologyKey: zone}]}, podAntiAffinity: "
                         "{requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone}]}}, " +
                             hosted),
            "Deployment default/w x2 on n1,n2,n3: 8080/TCP | required pod anti-affinity | required pod affinity | "
            "topology spread constraints"},
        Row{"no rules in empty lists",
            nodes + workload("Deployment",
                             "topologySpreadConstraints: [], affinity: {podAffinity: "
                             "{requiredDuringSchedulingIgnoredDuringExecution: [], "
                             "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1}]}}, " +
                                 hosted),
            "Deployment default/w x2 on n1,n2,n3: 8080/TCP"}}) {
    INFO(row.what);
    const World world(row.text);
    INFO(world.said());
    REQUIRE(world.cluster().host_port_workloads.size() == 1);
    CHECK(text(world.cluster(), world.cluster().host_port_workloads.front()) == row.expected);
  }
}

TEST_CASE("who wants no port of a node is not among them, nor who runs elsewhere") {
  const World world(
      nodes + workload("Deployment", "containers: [{name: c, image: i, ports: [{containerPort: 80}]}]") +
      std::string("---\n{apiVersion: v1, kind: Pod, metadata: {name: far}, spec: {nodeName: other, ") + host_port +
      "}, status: {phase: Running, podIP: 10.0.0.1}}\n" +
      std::string("---\n{apiVersion: v1, kind: Pod, metadata: {name: planned-far}, spec: {nodeName: other, ") +
      host_port + "}}\n");
  CHECK(world.cluster().host_port_workloads.empty());
}

}  // namespace portcullis::tests
