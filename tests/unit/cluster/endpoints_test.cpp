#include "compiler/cluster/endpoints.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

const char* const web =
    "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.20, ports: [{name: http, "
    "port: 80}]}}\n";

std::string slice(const std::string& name, const std::string& endpoints,
                  const std::string& more = "addressType: IPv4, ports: [{name: http, port: 8080}]",
                  const std::string& labels = "kubernetes.io/service-name: web") {
  return "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: " + name + ", labels: {" +
         labels + "}}, " + more + ", endpoints: [" + endpoints + "]}\n";
}
Texts endpoints(const World& world, const std::string& id = "default/web", std::size_t port = 0) {
  const auto& ports = world.service(id).ports;
  return port < ports.size() ? endpoint_texts(ports[port]) : Texts{"no such port"};
}

}  // namespace

TEST_CASE("slices: union, first address only, defaults of conditions, order by text") {
  const World world(std::string(web) +
                    slice("b",
                          "{addresses: [10.0.0.9, 10.0.0.8], nodeName: n1}, {addresses: [10.0.0.10], conditions: "
                          "{ready: false}}, {addresses: []}") +
                    slice("a",
                          "{addresses: [10.0.0.2], conditions: {ready: true, serving: true, terminating: true}, zone: "
                          "za, hints: {forZones: [{name: za}, {name: zb}], forNodes: [{name: n2}]}}"));
  CHECK(endpoints(world) ==
        Texts{"10.0.0.10:8080@ !ready", "10.0.0.2:8080@ terminating zones=za,zb nodes=n2", "10.0.0.9:8080@n1"});
}

TEST_CASE("which slices and slice ports count") {
  struct Row {
    const char* what;
    std::string text;
    std::size_t endpoints;
  };
  const std::string one = "{addresses: [10.0.0.1]}";
  for (const Row& row :
       {Row{"plain", slice("s", one), 1},
        Row{"another port name", slice("s", one, "addressType: IPv4, ports: [{name: https, port: 8080}]"), 0},
        Row{"another protocol", slice("s", one, "addressType: IPv4, ports: [{name: http, port: 8080, protocol: UDP}]"),
            0},
        Row{"no port", slice("s", one, "addressType: IPv4, ports: [{name: http}]"), 0},
        Row{"port 0", slice("s", one, "addressType: IPv4, ports: [{name: http, port: 0}]"), 0},
        Row{"two numbers",
            slice("s", one, "addressType: IPv4, ports: [{name: http, port: 8080}, {name: http, port: 8081}]"), 2},
        Row{"names", slice("s", "{addresses: [example.com]}", "addressType: FQDN, ports: [{name: http, port: 80}]"), 0},
        Row{"another family", slice("s", "{addresses: ['fd00::1']}"), 0},
        Row{"headless Service's",
            slice("s", one, "addressType: IPv4, ports: [{name: http, port: 80}]",
                  "kubernetes.io/service-name: web, service.kubernetes.io/headless: ''"),
            0},
        Row{"proxy-name label",
            slice("s", one, "addressType: IPv4, ports: [{name: http, port: 80}]",
                  "kubernetes.io/service-name: web, service.kubernetes.io/service-proxy-name: x"),
            1},
        Row{"another Service",
            slice("s", one, "addressType: IPv4, ports: [{name: http, port: 80}]", "kubernetes.io/service-name: wed"),
            0},
        Row{"no label", slice("s", one, "addressType: IPv4, ports: [{name: http, port: 80}]", ""), 0}}) {
    INFO(row.what);
    CHECK(endpoints(World(web + row.text)).size() == row.endpoints);
  }
}

TEST_CASE("an unnamed port pairs with an unnamed one") {
  const World world("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}\n" +
                    slice("s", "{addresses: [10.0.0.1]}", "addressType: IPv4, ports: [{port: 8080}]"));
  CHECK(endpoints(world) == Texts{"10.0.0.1:8080@"});
}

TEST_CASE("one key in several slices: the non-terminating entry stays, equal ones are one") {
  const std::string terminating =
      slice("a", "{addresses: [10.0.0.1], nodeName: n1, conditions: {ready: false, terminating: true}}");
  const World world(web + terminating + slice("b", "{addresses: [10.0.0.1], nodeName: n2}") +
                    slice("c", "{addresses: [10.0.0.1], nodeName: n2}"));
  CHECK(endpoints(world) == Texts{"10.0.0.1:8080@n2"});
  CHECK(world.count("PC2100") == 0);
}

TEST_CASE("entries that contradict each other are reported, and a node finds its own") {
  const std::string one = slice("a", "{addresses: [10.0.0.1], nodeName: n2}"),
                    two = slice("b", "{addresses: [10.0.0.1], nodeName: n1, conditions: {ready: false}}");
  const World world(web + one + two);
  const auto found = world.findings("PC2100");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->severity == base::Severity::warning);
  CHECK(found[0]->related.size() == 1);
  REQUIRE(endpoints(world).size() == 1);
  const cluster::Endpoint& e = world.service("default/web").ports[0].endpoints[0];
  REQUIRE(e.alternatives.size() == 1);
  CHECK(e.on_node("n1").node == "n1");
  CHECK_FALSE(e.on_node("n1").ready);
  CHECK(e.on_node("n2").node == "n2");
  CHECK(e.on_node("n2").ready);
  CHECK(e.on_node("n3").node == e.node);
  CHECK(endpoints(World(web + two + one)) == endpoints(world));
}

TEST_CASE("Endpoints objects count where the mirroring controller would copy them") {
  const std::string object =
      "metadata: {name: web%}, subsets: [{addresses: [{ip: 10.0.0.1, nodeName: n1}], notReadyAddresses: [{ip: "
      "10.0.0.2}], ports: [{name: http, port: 8080}]}]}\n";
  const auto with = [&](const std::string& more) {
    std::string text = "---\n{apiVersion: v1, kind: Endpoints, " + object;
    text.replace(text.find('%'), 1, more);
    return text;
  };
  CHECK(endpoints(World(web + with(""))) == Texts{"10.0.0.1:8080@n1", "10.0.0.2:8080@ !ready"});
  CHECK(endpoints(World(web + with(", labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}"))).empty());
  CHECK(endpoints(World(web + with(", annotations: {control-plane.alpha.kubernetes.io/leader: x}"))).empty());
  CHECK(endpoints(World(web + with("") + slice("s", "{addresses: [10.0.0.7]}"))) == Texts{"10.0.0.7:8080@"});
  const std::string selecting =
      "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {a: b}, ports: [{name: http, port: "
      "80}]}}\n";
  CHECK(endpoints(World(selecting + with(""))).empty());
}

namespace {

std::string service(const std::string& spec) {
  return "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, " + spec + "}}\n";
}
std::string pod(const std::string& name, const std::string& node, const std::string& status, const std::string& ports,
                const std::string& more = "") {
  return "---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", labels: {app: web}" + more +
         "}, spec: {nodeName: " + node + ", containers: [{name: c, image: i, ports: [" + ports + "]}]}, status: {" +
         status + "}}\n";
}
const char* const nodes =
    "---\n{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {topology.kubernetes.io/zone: "
    "za}}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: n2}}\n";
std::string ready(const std::string& ip) {
  return "phase: Running, podIP: " + ip + ", conditions: [{type: Ready, status: 'True'}]";
}

}  // namespace

TEST_CASE("pods become endpoints as the controller derives them") {
  const std::string named = "{name: http, containerPort: 8080}";
  struct Row {
    const char* what;
    std::string text;
    Texts endpoints;
  };
  const std::string plain = service("ports: [{port: 80, targetPort: http}]"),
                    publishing = service("publishNotReadyAddresses: true, ports: [{port: 80, targetPort: http}]");
  const std::string unready = "phase: Running, podIP: 10.0.0.1, conditions: [{type: Ready, status: 'False'}]";
  const std::string gone = ", deletionTimestamp: '2026-01-01T00:00:30Z'";
  for (const Row& row : {
           Row{"ready", plain + pod("p", "n1", ready("10.0.0.1"), named), {"10.0.0.1:8080@n1"}},
           Row{"number",
               service("ports: [{port: 80, targetPort: 99}]") + pod("p", "n1", ready("10.0.0.1"), ""),
               {"10.0.0.1:99@n1"}},
           Row{"port itself",
               service("ports: [{port: 80}]") + pod("p", "n1", ready("10.0.0.1"), named),
               {"10.0.0.1:80@n1"}},
           Row{"protocol of the name",
               plain + pod("p", "n1", ready("10.0.0.1"), "{name: http, containerPort: 1, protocol: UDP}, " + named),
               {"10.0.0.1:8080@n1"}},
           Row{"no such name", plain + pod("p", "n1", ready("10.0.0.1"), "{name: web, containerPort: 1}"), {}},
           Row{"not ready", plain + pod("p", "n1", unready, named), {"10.0.0.1:8080@n1 !ready !serving"}},
           Row{"published", publishing + pod("p", "n1", unready, named), {"10.0.0.1:8080@n1 !serving"}},
           Row{"terminating",
               plain + pod("p", "n1", ready("10.0.0.1"), named, gone),
               {"10.0.0.1:8080@n1 !ready terminating"}},
           Row{"published and terminating",
               publishing + pod("p", "n1", ready("10.0.0.1"), named, gone),
               {"10.0.0.1:8080@n1 terminating"}},
           Row{"finished", plain + pod("p", "n1", "phase: Failed, podIP: 10.0.0.1", named), {}},
           Row{"no address", plain + pod("p", "n1", "phase: Pending", named), {}},
           Row{"no such node", plain + pod("p", "n9", ready("10.0.0.1"), named), {}},
           Row{"no such node, published", publishing + pod("p", "n9", ready("10.0.0.1"), named), {"10.0.0.1:8080@n9"}},
           Row{"no node at all", plain + pod("p", "''", ready("10.0.0.1"), named), {}},
           Row{"same zone",
               service("trafficDistribution: PreferClose, ports: [{port: 80}]") + pod("p", "n1", ready("10.0.0.1"), ""),
               {"10.0.0.1:80@n1 zones=za"}},
           Row{"same node",
               service("trafficDistribution: PreferSameNode, ports: [{port: 80}]") +
                   pod("p", "n1", ready("10.0.0.1"), "") + pod("q", "n2", ready("10.0.0.2"), ""),
               {"10.0.0.1:80@n1 zones=za nodes=n1", "10.0.0.2:80@n2 nodes=n2"}},
           Row{"no hint unless ready",
               service("trafficDistribution: PreferSameZone, ports: [{port: 80}]") + pod("p", "n1", unready, ""),
               {"10.0.0.1:80@n1 !ready !serving"}},
       }) {
    INFO(row.what);
    CHECK(endpoints(World(nodes + row.text)) == row.endpoints);
  }
}

TEST_CASE("sidecars offer ports, ordinary init containers do not") {
  const std::string text =
      "---\n{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}}, spec: {nodeName: n1, containers: "
      "[{name: c, image: i}], initContainers: [{name: "
      "i, image: i, ports: [{name: http, containerPort: 1}]}, {name: s, image: i, restartPolicy: Always, ports: "
      "[{name: http, containerPort: 2}]}]}, status: {" +
      ready("10.0.0.1") + "}}\n";
  CHECK(endpoints(World(nodes + service("ports: [{port: 80, targetPort: http}]") + text)) == Texts{"10.0.0.1:2@n1"});
}

TEST_CASE("families of the Service choose the pod's address") {
  const std::string both =
      "phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}], conditions: [{type: Ready, status: "
      "'True'}]";
  const std::string dual =
      "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: "
      "[10.96.0.0/16, 'fd96::/112']}}\n";
  const auto of = [&](const std::string& families) {
    return endpoints(World(dual + nodes + service(families + "ports: [{port: 80}]") + pod("p", "n1", both, "")));
  };
  CHECK(of("") == Texts{"10.0.0.1:80@n1"});
  CHECK(of("ipFamilies: [IPv6], ") == Texts{"[fd00::1]:80@n1"});
  CHECK(of("ipFamilyPolicy: PreferDualStack, ") == Texts{"10.0.0.1:80@n1", "[fd00::1]:80@n1"});
}

TEST_CASE("selectors that select nothing") {
  const std::string one = pod("p", "n1", ready("10.0.0.1"), "");
  CHECK(endpoints(World(nodes + one +
                        "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {}, ports: "
                        "[{port: 80}]}}\n"))
            .empty());
  CHECK(endpoints(World(nodes + one +
                        "---\n{apiVersion: v1, kind: Service, metadata: {name: web, namespace: other}, spec: "
                        "{selector: {app: web}, ports: [{port: 80}]}}\n"),
                  "other/web")
            .empty());
}

TEST_CASE("planned pods are endpoints that say so") {
  const World world(
      service("ports: [{port: 80, targetPort: http}]") +
      "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: "
      "{app: web}}, template: {metadata: {labels: "
      "{app: web}}, spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}}}\n");
  const auto& list = world.service("default/web").ports.at(0).endpoints;
  REQUIRE(list.size() == 2);
  for (const cluster::Endpoint& e : list) {
    CHECK(e.planned);
    CHECK(e.ready);
    CHECK(e.port == 8080);
    CHECK(e.pod.starts_with("web-"));
    CHECK_FALSE(e.node.empty());
  }
}

TEST_CASE("a StatefulSet's pods are selected one by one") {
  const World world(
      "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: "
      "{statefulset.kubernetes.io/pod-name: db-1}, ports: [{port: 80}]}}\n"
      "---\n{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 3, serviceName: db, "
      "selector: {matchLabels: {app: db}}, template: {metadata: "
      "{labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}}}\n");
  const auto& list = world.service("default/web").ports.at(0).endpoints;
  REQUIRE(list.size() == 1);
  CHECK(list[0].pod == "db-1");
}

TEST_CASE("topology-mode Auto is said not to be modelled") {
  const World world(
      nodes + pod("p", "n1", ready("10.0.0.1"), "") +
      "---\n{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {service.kubernetes.io/topology-mode: "
      "Auto}}, spec: {selector: {app: web}, ports: [{port: 80}]}}\n");
  REQUIRE(world.count("PC1014") == 1);
  CHECK(world.findings("PC1014")[0]->field == "metadata.annotations");
}

}  // namespace portcullis::tests
