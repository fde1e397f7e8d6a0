#include "compiler/cluster/pods.hpp"

#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "compiler/cluster/placement.hpp"
#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

std::string workload(const std::string& kind, const std::string& name, const std::string& more, const std::string& pod,
                     const std::string& ports = "") {
  return "---\n{apiVersion: " + std::string(kind == "Job" ? "batch/v1" : "apps/v1") + ", kind: " + kind +
         ", metadata: {name: " + name + "}, spec: {" + more + ", selector: {matchLabels: {app: " + name +
         "}}, template: {metadata: {labels: {app: " + name + "}}, spec: {" + pod +
         "containers: [{name: c, image: i, ports: [" + ports + "]}]}}}}\n";
}
std::string node(const std::string& name, const std::string& labels = "", const std::string& spec = "") {
  return "---\n{apiVersion: v1, kind: Node, metadata: {name: " + name + ", labels: {" + labels + "}}, spec: {" + spec +
         "}}\n";
}
// `name@node` of every pod.
Texts pods(const World& world) {
  Texts out;
  for (const cluster::Pod& pod : world.cluster().pods) out.push_back(pod.name + "@" + pod.node);
  return out;
}
std::map<std::string, int> on_nodes(const World& world) {
  std::map<std::string, int> out;
  for (const cluster::Pod& pod : world.cluster().pods) ++out[pod.node];
  return out;
}

}  // namespace

TEST_CASE("replicas are spread over the nodes, and each has an address of its node") {
  const World world(workload("Deployment", "web", "replicas: 6", ""));
  REQUIRE(world.cluster().pods.size() == 6);
  CHECK(on_nodes(world) == std::map<std::string, int>{{"node-a", 2}, {"node-b", 2}, {"node-c", 2}});
  std::set<net::Address> seen;
  for (const cluster::Pod& pod : world.cluster().pods) {
    CHECK(pod.planned);
    CHECK(pod.workload.text() == "Deployment default/web");
    REQUIRE(pod.addresses.size() == 1);
    CHECK(seen.insert(pod.addresses[0]).second);
    CHECK(world.cluster().node(pod.node)->pod_cidrs[0].contains(pod.addresses[0]));
  }
  const auto notes = world.findings("PC2101");
  REQUIRE(notes.size() == 1);
  CHECK(notes[0]->message.starts_with("planned 6 pods of Deployment default/web: web-0 "));
}

TEST_CASE("how many pods a workload has") {
  struct Row {
    std::string text;
    std::size_t pods;
  };
  for (const Row& row :
       {Row{workload("Deployment", "w", "paused: false", ""), 1},
        Row{workload("ReplicaSet", "w", "replicas: 0", ""), 0},
        Row{workload("StatefulSet", "w", "replicas: 2, serviceName: w", ""), 2},
        Row{workload("DaemonSet", "w", "minReadySeconds: 0", ""), 3},
        Row{workload("Job", "w", "parallelism: 4, completions: 2", ""), 2},
        Row{workload("Job", "w", "suspend: true", ""), 0}, Row{workload("Deployment", "w", "replicas: -3", ""), 0},
        Row{"---\n{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {containers: [{name: c, image: i}]}}\n", 1},
        Row{"---\n{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {containers: [{name: c, image: i}]}, status: "
            "{phase: Succeeded}}\n",
            0}}) {
    INFO(row.text);
    CHECK(World(row.text).cluster().pods.size() == row.pods);
  }
}

TEST_CASE("a StatefulSet keeps the names that it will have, others give way") {
  const World world(workload("Deployment", "db", "replicas: 1", "") +
                    workload("StatefulSet", "db", "replicas: 1, serviceName: db, ordinals: {start: 4}", "") +
                    workload("ReplicaSet", "db-4", "replicas: 1", ""));
  Texts names;
  for (const cluster::Pod& pod : world.cluster().pods) names.push_back(pod.name);
  CHECK(names == Texts{"db-0", "db-4", "db-4-0"});
}

TEST_CASE("a workload whose pods or whose owner are in the input is not planned again") {
  const std::string pod =
      "---\n{apiVersion: v1, kind: Pod, metadata: {name: web-x, labels: {app: web}}, spec: {nodeName: node-a, "
      "containers: [{name: c, image: i}]}, status: {phase: "
      "Running, podIP: 10.244.0.77}}\n";
  CHECK(pods(World(workload("Deployment", "web", "replicas: 3", "") + pod)) == Texts{"web-x@node-a"});
  const std::string owned =
      "---\n{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, ownerReferences: [{apiVersion: apps/v1, "
      "kind: Deployment, name: web, uid: u, "
      "controller: true}]}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: "
      "{app: web}}, spec: {containers: [{name: c, "
      "image: i}]}}}}\n";
  CHECK(World(workload("Deployment", "web", "replicas: 3", "") + owned).cluster().pods.size() == 3);
}

TEST_CASE("placement keeps the scheduler's hard rules") {
  const std::string nodes =
      node("n1", "disk: ssd, topology.kubernetes.io/zone: za") +
      node("n2", "disk: hdd, topology.kubernetes.io/zone: za") +
      node("n3", "disk: ssd, topology.kubernetes.io/zone: zb", "taints: [{key: k, value: v, effect: NoSchedule}]") +
      node("n4", "topology.kubernetes.io/zone: zb", "unschedulable: true");
  struct Row {
    const char* what;
    const char* kind;
    const char* pod;
    std::set<std::string> nodes;
  };
  const std::string affinity =
      "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
      "[{matchExpressions: [{key: disk, operator: ";
  const std::string in = affinity + "In, values: [ssd, hdd]}]}]}}}, ";
  const std::string absent = affinity + "DoesNotExist}]}]}}}, tolerations: [{operator: Exists}], ";
  for (const Row& row :
       {Row{"free", "Deployment", "", {"n1", "n2"}},
        Row{"selector", "Deployment", "nodeSelector: {disk: ssd}, ", {"n1"}},
        Row{"affinity", "Deployment", in.c_str(), {"n1", "n2"}}, Row{"not there", "Deployment", absent.c_str(), {"n4"}},
        Row{"tolerates",
            "Deployment",
            "tolerations: [{key: k, operator: Equal, value: v, effect: NoSchedule}], ",
            {"n1", "n2", "n3"}},
        Row{"tolerates another", "Deployment", "tolerations: [{key: k, value: w}], ", {"n1", "n2"}},
        Row{"by name", "Deployment", "nodeName: n4, ", {"n4"}},
        Row{"by an unknown name", "Deployment", "nodeName: n9, ", {"n9"}},
        Row{"nowhere", "Deployment", "nodeSelector: {disk: tape}, ", {}},
        Row{"daemon", "DaemonSet", "", {"n1", "n2", "n4"}},
        Row{"daemon with selector", "DaemonSet", "nodeSelector: {disk: ssd}, ", {"n1"}}}) {
    INFO(row.what);
    const World world(nodes + workload(row.kind, "w",
                                       std::string(row.kind) == "DaemonSet" ? "minReadySeconds: 0" : "replicas: 8",
                                       row.pod));
    std::set<std::string> got;
    for (const auto& [name, count] : on_nodes(world)) got.insert(name);
    CHECK(got == row.nodes);
  }
}

TEST_CASE("required anti-affinity keeps pods apart, and the surplus stays out") {
  const auto apart = [](const char* key) {
    return fmt::format(
        "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{labelSelector: "
        "{{matchLabels: {{app: w}}}}, topologyKey: {}}}]}}}}, ",
        key);
  };
  const std::string nodes = node("n1", "topology.kubernetes.io/zone: za") +
                            node("n2", "topology.kubernetes.io/zone: za") +
                            node("n3", "topology.kubernetes.io/zone: zb");
  CHECK(World(nodes + workload("Deployment", "w", "replicas: 5", apart("kubernetes.io/hostname")))
            .cluster()
            .pods.size() == 3);
  const World zones(nodes + workload("Deployment", "w", "replicas: 5", apart("topology.kubernetes.io/zone")));
  CHECK(zones.cluster().pods.size() == 2);
  CHECK(zones.findings("PC2101")[0]->message.ends_with("; 3 more find no node"));
  // Against another workload, which is placed before it.
  const World other(
      nodes + workload("DaemonSet", "w", "minReadySeconds: 0", "nodeSelector: {topology.kubernetes.io/zone: za}, ") +
      workload("Deployment", "v", "replicas: 2", apart("kubernetes.io/hostname")));
  for (const cluster::Pod& pod : other.cluster().pods) {
    if (pod.name.starts_with("v-")) CHECK(pod.node == "n3");
  }
}

TEST_CASE("host ports: one pod a node, and other workloads' ports are avoided while that is possible") {
  const std::string port = "{containerPort: 80, hostPort: 8080}";
  const World one(workload("Deployment", "w", "replicas: 5", "", port));
  CHECK(on_nodes(one) == std::map<std::string, int>{{"node-a", 1}, {"node-b", 1}, {"node-c", 1}});
  const World two(workload("Deployment", "v", "replicas: 1", "", port) +
                  workload("Deployment", "w", "replicas: 2", "", port));
  CHECK(on_nodes(two) == std::map<std::string, int>{{"node-a", 1}, {"node-b", 1}, {"node-c", 1}});
  // Entries for portmap are there, with the range that the pod's bridge has.
  std::size_t entries = 0;
  for (const cluster::Node& n : two.cluster().nodes) {
    for (const cluster::HostPort& h : n.host_ports) {
      ++entries;
      CHECK(h.host_port == 8080);
      CHECK(h.container_port == 80);
      CHECK(h.pod_net == n.pod_cidrs[0]);
      CHECK(n.pod_cidrs[0].contains(h.pod_ip));
    }
  }
  CHECK(entries == 3);
}

TEST_CASE("nodes that planning made up are believed to have the labels that pods ask for") {
  const std::string port = "{containerPort: 80, hostPort: 8080}";
  CHECK(World(workload("Deployment", "w", "replicas: 3", "nodeSelector: {disk: ssd}, ")).cluster().pods.size() == 3);
  CHECK(World(workload("DaemonSet", "w", "minReadySeconds: 0", "nodeSelector: {edge: 'true'}, ", port))
            .cluster()
            .pods.size() == 3);
  // Two that a real cluster may keep apart by their labels do not meet here.
  const World two(workload("DaemonSet", "v", "minReadySeconds: 0", "nodeSelector: {edge: 'true'}, ", port) +
                  workload("DaemonSet", "w", "minReadySeconds: 0", "nodeSelector: {edge: 'false'}, ", port));
  CHECK(two.cluster().pods.size() == 3);
  CHECK(two.count("PC3504") == 0);
}

TEST_CASE("a placement hangs on names: other workloads leave it alone") {
  const std::string web = workload("Deployment", "web", "replicas: 3", "");
  const World alone(web);
  const World among(workload("Deployment", "aaa", "replicas: 3", "") + web +
                    workload("Deployment", "zzz", "replicas: 3", ""));
  const auto of = [](const World& world) {
    Texts out;
    for (const cluster::Pod& pod : world.cluster().pods) {
      if (pod.name.starts_with("web-")) out.push_back(pod.name + "@" + pod.node);
    }
    return out;
  };
  CHECK(of(alone) == of(among));
}

TEST_CASE("hostNetwork pods have their node's addresses") {
  const World world(
      workload("DaemonSet", "agent", "minReadySeconds: 0", "hostNetwork: true, ", "{containerPort: 9100}"));
  for (const cluster::Pod& pod : world.cluster().pods) {
    CHECK(pod.host_network);
    CHECK(pod.addresses == world.cluster().node(pod.node)->addresses);
  }
  CHECK(world.resolved.lock.pod_addresses.empty());
  CHECK(world.cluster().nodes[0].host_ports.empty());
}

TEST_CASE("planned pods have an address of each family that nodes have, and none that is given already") {
  const World dual(
      "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {podCIDRs: [10.1.0.0/16, "
      "'fd01::/48']}}\n" +
      workload("Deployment", "web", "replicas: 3", ""));
  for (const cluster::Pod& pod : dual.cluster().pods) {
    REQUIRE(pod.addresses.size() == 2);
    CHECK(pod.addresses[0].family() == net::Family::ipv4);
    CHECK(pod.addresses[1].family() == net::Family::ipv6);
  }
  const World before(workload("Deployment", "web", "replicas: 1", ""));
  const std::string address = before.cluster().pods[0].addresses[0].text();
  const World after(workload("Deployment", "web", "replicas: 1", "") +
                    "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x}, addressType: "
                    "IPv4, ports: [{port: 80}], endpoints: "
                    "[{addresses: [" +
                    address + "]}]}\n");
  CHECK(after.cluster().pods[0].addresses[0].text() != address);
}

TEST_CASE("planned ranges overflow into spare ones, a given range is what a node holds") {
  const World planned(workload("Deployment", "web", "replicas: 1000", ""));
  std::set<net::Address> seen;
  for (const cluster::Pod& pod : planned.cluster().pods) {
    REQUIRE(pod.addresses.size() == 1);
    CHECK(seen.insert(pod.addresses[0]).second);
  }
  CHECK(planned.count("PC2104") == 0);
  const World given("---\n{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.5.0.0/29}}\n" +
                    workload("Deployment", "web", "replicas: 7", ""));
  const auto found = given.findings("PC2104");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->related.size() == 2);  // five of eight addresses are usable
}

TEST_CASE("the lock keeps placement and addresses, unless they are impossible") {
  const std::string web = workload("Deployment", "web", "replicas: 3", "");
  cluster::Lock lock;
  lock.placement = {{"default/web-0", "node-c"}, {"default/web-1", "node-c"}, {"default/web-2", "node-x"}};
  lock.pod_addresses = {{"default/web-0", "10.244.2.9"}, {"default/web-1", "10.244.0.9"}};
  const World world(web, lock);
  const auto& all = world.cluster().pods;
  CHECK(all[0].node == "node-c");
  CHECK(all[1].node == "node-c");
  CHECK(all[2].node != "node-x");
  CHECK(all[0].addresses[0].text() == "10.244.2.9");
  CHECK(all[1].addresses[0].text() == "10.244.0.9");  // planned ranges do not bind
  CHECK(world.count("PC2102") == 1);
}

}  // namespace portcullis::tests
