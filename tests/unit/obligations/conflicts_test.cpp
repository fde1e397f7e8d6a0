#include "verifier/obligations/conflicts.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/obligations/world.hpp"
#include "tests/unit/smt/second_solver.hpp"

namespace portcullis::tests {

using verdict::Proof;
using verdict::Standing;

namespace {

struct Row {
  const char* what;
  std::string text, standings, findings;
};

void check(const Row& row) {
  INFO(row.what);
  const Judged judged(row.text);
  INFO(judged.reasons());
  CHECK(judged.standings() == row.standings);
  CHECK(judged.findings() == row.findings);
}

const std::string proved = "services proved, nodes proved", all_proved = proved + ", placement proved";
const std::string web = service("web", "type: NodePort, ports: [{name: http, port: 80, nodePort: 30080}]");
std::string hosted(int port) {
  return fmt::format("{{containerPort: 80, hostPort: {}}}", port);
}

}  // namespace

TEST_CASE("Services that fight for a packet, and those that do not") {
  const auto external = [](const char* name, const std::string& more = "") {
    return service(name, "externalIPs: [198.51.100.7], ports: [{port: 80}]" + more);
  };
  for (const Row& row :
       {Row{"nothing at all", nodes(2), "nodes proved", ""}, Row{"one Service", nodes(2) + web, proved, ""},
        Row{"one external address", external("a") + external("b") + slice("a", "10.0.0.1") + slice("b", "10.0.0.2"),
            "services refuted, nodes proved", ""},
        Row{"other ports", external("a") + service("b", "externalIPs: [198.51.100.7], ports: [{port: 81}]"), proved,
            ""},
        Row{"other protocols",
            external("a") + service("b", "externalIPs: [198.51.100.7], ports: [{port: 80, protocol: UDP}]"), proved,
            ""},
        Row{"both go to one endpoint", external("a") + external("b") + slice("a", "10.0.0.1") + slice("b", "10.0.0.1"),
            proved, ""},
        Row{"one endpoint, but one remembers its clients",
            external("a", ", sessionAffinity: ClientIP") + external("b") + slice("a", "10.0.0.1") +
                slice("b", "10.0.0.1"),
            "services refuted, nodes proved", ""},
        Row{"one endpoint, other policies",
            service("a",
                    "type: NodePort, externalTrafficPolicy: Local, externalIPs: [198.51.100.7], ports: [{port: 80}]") +
                service("b", "type: NodePort, externalIPs: [198.51.100.7], ports: [{port: 80}]") +
                slice("a", "10.0.0.1") + slice("b", "10.0.0.1"),
            "services refuted, nodes proved", ""},
        Row{"an external address and its balancer's are one Service's",
            service("a", "type: LoadBalancer, externalIPs: [198.51.100.7], ports: [{port: 80}]",
                    "loadBalancer: {ingress: [{ip: 198.51.100.7}]}"),
            proved, ""},
        Row{"an external address on another's cluster IP",
            service("a", "clusterIP: 10.96.0.20, ports: [{port: 80}]") +
                service("b", "externalIPs: [10.96.0.20], ports: [{port: 80}]"),
            "services refuted, nodes proved", ""},
        Row{"one node port, one protocol", web + service("b", "type: NodePort, ports: [{port: 80, nodePort: 30080}]"),
            "services refuted, nodes proved", ""},
        // The API server refuses it (PC2037), but no packet is fought for.
        Row{"one node port, two protocols",
            web + service("b", "type: NodePort, ports: [{port: 80, protocol: UDP, nodePort: 30080}]"), proved, ""},
        Row{"a node port and another's health check",
            web + service("b",
                          "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 30080, ports: "
                          "[{port: 80, nodePort: 30081}]"),
            "services refuted, nodes proved", ""},
        Row{"IPv6",
            service("a", "ipFamilies: [IPv6], externalIPs: ['2001:db8::7'], ports: [{port: 80}]") +
                service("b", "ipFamilies: [IPv6], externalIPs: ['2001:db8::7'], ports: [{port: 80}]"),
            "services refuted, nodes proved", ""},
        Row{"another proxy's Service",
            external("a") + "---\n{apiVersion: v1, kind: Service, metadata: {name: b, labels: "
                            "{service.kubernetes.io/service-proxy-name: other}}, spec: {externalIPs: [198.51.100.7], "
                            "ports: [{port: 80}]}}\n",
            "services refuted, nodes proved", ""},
        Row{"an external address that is a node's, on another's node port",
            nodes(2) + web + service("b", "externalIPs: [192.0.2.2], ports: [{port: 30080}]"),
            "services refuted, nodes proved",
            "warning PC3103 Service default/b takes 192.0.2.2:30080 of node n2, which is a port of Service "
            "default/web\n"},
        Row{"an external address that is a node's, on the Service's own node port",
            nodes(2) +
                service("b", "type: NodePort, externalIPs: [192.0.2.2], ports: [{port: 30080, nodePort: 30080}]"),
            proved, ""}})
    check(row);
}

TEST_CASE("Services, pods and nodes that fight for a port of a node") {
  const std::string shadow =
      "error PC3506 host port 30080 of DaemonSet default/x never gets traffic: node port 30080 of "
      "Service default/web takes it\n";
  for (
      const Row& row :
      {Row{"a host port on a node port", nodes(2) + web + workload("DaemonSet", "x", hosted(30080)),
           "services proved, nodes refuted, placement proved", shadow},
       Row{"another number", nodes(2) + web + workload("DaemonSet", "x", hosted(30081)), all_proved, ""},
       Row{"another protocol",
           nodes(2) + web + workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, protocol: UDP}"),
           all_proved, ""},
       Row{"a container port alone", nodes(2) + web + workload("DaemonSet", "x", "{containerPort: 30080}"), proved, ""},
       Row{"a listener on the host network",
           nodes(2) + web + workload("Deployment", "x", "{containerPort: 30080}", 1, "hostNetwork: true, "),
           "services proved, nodes refuted, placement proved",
           "error PC3506 port 30080 of Deployment default/x never gets traffic: node port 30080 of Service default/web "
           "takes it\n"},
       Row{"an address that takes no node ports",
           profile("nodes: [{name: n1, addresses: [192.0.2.1, 198.51.100.1], primary: [192.0.2.1]}]") + web +
               workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, hostIP: 198.51.100.1}"),
           all_proved, ""},
       Row{"the address that does",
           profile("nodes: [{name: n1, addresses: [192.0.2.1, 198.51.100.1], primary: [192.0.2.1]}]") + web +
               workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, hostIP: 192.0.2.1}"),
           "services proved, nodes refuted, placement proved", shadow},
       Row{"every address takes node ports in the other dialect",
           profile(
               "dialect: iptables, nodes: [{name: n1, addresses: [192.0.2.1, 198.51.100.1], primary: [192.0.2.1]}]") +
               web + workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, hostIP: 198.51.100.1}"),
           "services proved, nodes refuted, placement proved", shadow},
       Row{"loopback takes none in dialect nftables",
           nodes(1) + web + workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, hostIP: 127.0.0.1}"),
           all_proved, ""},
       Row{"an address of another node",
           nodes(2) + web +
               workload("Deployment", "x", "{containerPort: 80, hostPort: 30080, hostIP: 192.0.2.2}", 1,
                        "nodeName: n1, "),
           all_proved, ""},
       Row{"a host port on a Service's address of a node",
           nodes(2) + service("web", "externalIPs: [192.0.2.1], ports: [{port: 8080}]") +
               workload("DaemonSet", "x", hosted(8080)),
           "services proved, nodes refuted, placement proved",
           "error PC3506 host port 8080 of DaemonSet default/x never gets traffic: Service default/web takes "
           "192.0.2.1:8080\n"},
       Row{"not where the pod cannot run",
           nodes(2) + service("web", "externalIPs: [192.0.2.1], ports: [{port: 8080}]") +
               workload("DaemonSet", "x", hosted(8080), 1, "nodeSelector: {disk: hdd}, "),
           all_proved, ""},
       Row{"a health check node port",
           nodes(1) +
               service("b",
                       "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 31000, ports: "
                       "[{port: 80, nodePort: 30081}]") +
               workload("DaemonSet", "x", hosted(31000)),
           "services proved, nodes refuted, placement proved",
           "error PC3506 host port 31000 of DaemonSet default/x is the health check node port of Service default/b, "
           "too\n"},
       Row{"a reserved port", nodes(1) + workload("Deployment", "x", hosted(22)), "nodes refuted, placement proved",
           "error PC3507 Deployment default/x wants port 22 of the node, which is SSH\n"},
       Row{"a reserved port on loopback",
           nodes(1) + workload("Deployment", "x", "{containerPort: 80, hostPort: 22, hostIP: 127.0.0.1}"),
           "nodes refuted, placement proved",
           "warning PC3507 Deployment default/x wants port 22 of the node, which is SSH\n"},
       Row{"nothing is reserved", nodes(1, ", reservedPorts: []") + workload("Deployment", "x", hosted(22)),
           "nodes proved, placement proved", ""},
       Row{"the component that the port is reserved for",
           nodes(1) + workload("DaemonSet", "x", "{containerPort: 6443}", 1, "hostNetwork: true, ",
                               ", namespace: kube-system"),
           "nodes proved, placement proved", ""},
       Row{"a host port in kube-system is no component",
           nodes(1) + workload("DaemonSet", "x", hosted(6443), 1, "", ", namespace: kube-system"),
           "nodes refuted, placement proved",
           "error PC3507 DaemonSet kube-system/x wants port 6443 of the node, which is the API server\n"},
       Row{"a node port that is reserved", nodes(1, ", reservedPorts: [{port: 30080, what: the registry}]") + web,
           "services proved, nodes refuted",
           "error PC3507 Service default/web wants port 30080 of the node, which is the registry\n"},
       Row{"a Service's address of a node on a reserved port",
           nodes(2) + service("b", "externalIPs: [192.0.2.1], ports: [{port: 22}]"), "services proved, nodes refuted",
           "error PC3103 Service default/b takes 192.0.2.1:22 of node n1, which is SSH\n"},
       Row{"port 22 of a cluster IP", nodes(2) + service("b", "ports: [{port: 22}]"), proved, ""},
       Row{"made up nodes have addresses that are nobody else's",
           service("b", "externalIPs: [192.168.0.1], ports: [{port: 22}]"), proved, ""},
       Row{"a host port of the profile",
           profile("nodes: [{name: n1, addresses: [192.0.2.1], hostPorts: [{podIP: 10.40.1.44, containerPort: 5000, "
                   "hostPort: 30080}]}]") +
               web,
           "services proved, nodes refuted, placement proved",
           "error PC3506 host port 30080 of profile 10.40.1.44:5000 never gets traffic: node port 30080 of Service "
           "default/web takes it\n"},
       Row{"IPv6 node ports do not meet IPv4 host addresses",
           profile(
               "serviceCIDRs: [10.96.0.0/16, 'fd96::/108'], nodes: [{name: n1, addresses: [192.0.2.1, 'fd00::1']}]") +
               service("web", "type: NodePort, ipFamilies: [IPv6], ports: [{port: 80, nodePort: 30080}]") +
               workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, hostIP: 0.0.0.0}"),
           all_proved, ""},
       Row{"but IPv6 host addresses",
           profile(
               "serviceCIDRs: [10.96.0.0/16, 'fd96::/108'], nodes: [{name: n1, addresses: [192.0.2.1, 'fd00::1']}]") +
               service("web", "type: NodePort, ipFamilies: [IPv6], ports: [{port: 80, nodePort: 30080}]") +
               workload("DaemonSet", "x", "{containerPort: 80, hostPort: 30080, hostIP: '::'}"),
           "services proved, nodes refuted, placement proved", shadow}})
    check(row);
}

TEST_CASE("placements of host ports") {
  const std::string ssd = "nodeSelector: {disk: ssd}, ", hdd = "nodeSelector: {disk: hdd}, ";
  const std::string refuted = "nodes proved, placement refuted", fits = "nodes proved, placement proved";
  for (const Row& row :
       {Row{"as many pods as nodes", nodes(4) + workload("Deployment", "a", hosted(8080), 4), fits, ""},
        Row{"one too many", nodes(4) + workload("Deployment", "a", hosted(8080), 5), refuted,
            "error PC3503 Deployment default/a wants 5 pods with host port 8080, 4 nodes can take one each\n"},
        Row{"too many for those that match", nodes(4) + workload("Deployment", "a", hosted(8080), 3, ssd), refuted,
            "error PC3503 Deployment default/a wants 3 pods with host port 8080, 2 nodes can take one each\n"},
        Row{"two share the nodes",
            nodes(4) + workload("Deployment", "a", hosted(8080), 2) + workload("Deployment", "b", hosted(8080), 2),
            fits, ""},
        Row{"three are one too many",
            nodes(4) + workload("Deployment", "a", hosted(8080), 2) + workload("Deployment", "b", hosted(8080), 1) +
                workload("Deployment", "c", hosted(8080), 2),
            refuted,
            "error PC6007 Deployment default/a (2 pods), Deployment default/b (1 pod) and Deployment default/c (2 "
            "pods) "
            "need 5 nodes for host port 8080/TCP, and only 4 match\n"},
        Row{"only those that are short are named",
            nodes(6) + workload("Deployment", "a", hosted(8080), 1, hdd) +
                workload("Deployment", "b", hosted(8080), 2, ssd) + workload("Deployment", "c", hosted(8080), 2, ssd),
            refuted, ""},
        Row{"a DaemonSet leaves no room",
            nodes(4) + workload("DaemonSet", "a", hosted(8080)) + workload("Deployment", "b", hosted(8080)), refuted,
            ""},
        Row{"a DaemonSet leaves room elsewhere",
            nodes(4) + workload("DaemonSet", "a", hosted(8080), 1, ssd) + workload("Deployment", "b", hosted(8080), 2),
            fits, ""},
        Row{"other addresses share a node",
            profile("nodes: [{name: n1}]") +
                workload("Deployment", "a", "{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1}") +
                workload("Deployment", "b", "{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.2}"),
            fits, ""},
        Row{"two ports, each shared with another",
            nodes(2) + workload("Deployment", "a", hosted(1) + ", " + hosted(2)) +
                workload("Deployment", "b", hosted(2) + ", " + hosted(3)) +
                workload("Deployment", "c", hosted(3) + ", " + hosted(1)),
            refuted,
            "error PC6007 Deployment default/a (1 pod), Deployment default/b (1 pod) and Deployment default/c (1 pod) "
            "need "
            "3 nodes for their host ports, and only 2 match\n"},
        Row{"host network pods are apart, too",
            nodes(1) + workload("Deployment", "a", "{containerPort: 8080}", 1, "hostNetwork: true, ") +
                workload("Deployment", "b", hosted(8080)) + workload("Deployment", "c", hosted(8080)),
            refuted,
            "error PC6007 Deployment default/a (1 pod), Deployment default/b (1 pod) and Deployment default/c (1 pod) "
            "need "
            "3 nodes for host port 8080/TCP, and only 1 matches\n"},
        Row{"nodes are made up: there are as many as needed", workload("Deployment", "a", hosted(8080), 7), fits,
            "warning PC3503 Deployment default/a wants 7 pods with host port 8080, 3 nodes can take one each\n"},
        Row{"nodes are made up, and a DaemonSet is on each",
            workload("DaemonSet", "a", hosted(8080)) + workload("Deployment", "b", hosted(8080)), refuted, ""},
        Row{"nodes are made up, and labels are asked for", workload("Deployment", "a", hosted(8080), 7, ssd), fits, ""},
        Row{"a taint keeps the node free",
            std::string("---\n{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {taints: [{key: k, effect: "
                        "NoSchedule}]}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: n2}}\n") +
                workload("Deployment", "a", hosted(8080), 2),
            refuted, "error PC3503 Deployment default/a wants 2 pods with host port 8080, 1 node can take one each\n"},
        Row{"unless it is tolerated",
            std::string("---\n{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {taints: [{key: k, effect: "
                        "NoSchedule}]}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: n2}}\n") +
                workload("Deployment", "a", hosted(8080), 2, "tolerations: [{operator: Exists}], "),
            fits, ""}})
    check(row);
}

TEST_CASE("a conflict names everybody, with the line") {
  const Judged judged(nodes(2) + web + workload("DaemonSet", "x", hosted(30080)));
  REQUIRE(judged.of("nodes").size() == 1);
  const Proof& proof = *judged.of("nodes").front();
  CHECK(proof.standing == Standing::refuted);
  CHECK(proof.reason ==
        "tcp from 203.0.113.1 to 192.0.2.1:30080 on n1 is claimed by Service default/web (node port "
        "30080/TCP), DaemonSet default/x (host port 30080/TCP)");
  REQUIRE(proof.witness);
  CHECK(proof.witness->text() == "tcp from 203.0.113.1 to 192.0.2.1:30080");
  CHECK(proof.node == "n1");
  CHECK(proof.placement == std::vector<std::pair<std::string, std::string>>{{"DaemonSet default/x", "n1"}});
  REQUIRE(proof.related.size() == 2);
  CHECK(judged.text(proof.related[0].span) == "30080");
  CHECK(judged.line(proof.related[0].span) == 4);
  CHECK(judged.line(proof.related[1].span) == 6);
  CHECK(judged.proofs.front().queries > 0);
  CHECK(judged.proofs.front().steps > 0);
  CHECK(proof.decided.ends_with("groups judged"));
  const base::Diagnostic& finding = judged.diagnostics.all().back();
  CHECK(finding.object.text() == "DaemonSet default/x");
  CHECK(judged.line(finding.span) == 6);
  REQUIRE(finding.related.size() == 1);
  CHECK(finding.related[0].message == "Service default/web (node port 30080/TCP)");
}

TEST_CASE("a shortage names everybody, with the line") {
  const std::string port = hosted(8080);
  const Judged judged(nodes(6) + workload("Deployment", "a", port, 3) + workload("Deployment", "b", port, 2) +
                      workload("StatefulSet", "c", port, 2));
  REQUIRE(judged.of("placement").size() == 1);
  const Proof& proof = *judged.of("placement").front();
  CHECK(proof.standing == Standing::refuted);
  CHECK(proof.reason ==
        "Deployment default/a (3 pods), Deployment default/b (2 pods) and StatefulSet default/c (2 pods) "
        "need 7 nodes for host port 8080/TCP, and only 6 match");
  REQUIRE(proof.related.size() == 3);
  CHECK(judged.line(proof.related[0].span) == 4);
  CHECK(judged.line(proof.related[2].span) == 8);
  const base::Diagnostic& finding = judged.diagnostics.all().back();
  CHECK(finding.code == "PC6007");
  CHECK(finding.object.text() == "StatefulSet default/c");
  CHECK(finding.related.size() == 2);
}

TEST_CASE("two that meet on one node are one finding, said while resolving or by the proof") {
  const std::string port = hosted(8080);
  const Judged judged(nodes(2) + workload("Deployment", "a", port, 1, "nodeName: n1, ") +
                      workload("Deployment", "b", port, 1, "nodeName: n1, "));
  REQUIRE(judged.of("placement").size() == 1);
  CHECK(judged.of("placement").front()->reason ==
        "Deployment default/a and Deployment default/b meet on n1: both want host port 8080/TCP");
  CHECK(judged.findings().empty());
  std::size_t said = 0;
  for (const base::Diagnostic& d : judged.diagnostics.all()) said += d.code == "PC3504" ? 1 : 0;
  CHECK(said == 1);
}

TEST_CASE("what a proof leaves out is said with it") {
  const Judged judged(
      nodes(2) +
      workload("Deployment", "a", hosted(8080), 1,
               "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}], ") +
      workload("Deployment", "b", hosted(8081), 1, "nodeSelector: {disk: tape}, ") +
      workload("Deployment", "c", "{containerPort: 8082}", 1, "hostNetwork: true, "));
  REQUIRE(judged.of("placement").size() == 1);
  const Proof& proof = *judged.of("placement").front();
  CHECK(proof.standing == Standing::proved);
  CHECK(proof.except ==
        std::vector<std::string>{"Deployment default/b: it may run on none of the nodes, whatever their ports"});
  REQUIRE(proof.assumptions.size() == 2);
  CHECK(proof.assumptions[1] ==
        "topology spread constraints of Deployment default/a: not counted, a pod may stay pending all the same");
  REQUIRE(judged.of("nodes").size() == 1);
  CHECK(judged.of("nodes").front()->assumptions ==
        std::vector<std::string>{
            "a pod on the host network listens on every address of its node, at the ports that it declares"});
}

TEST_CASE("beyond the limit of steps nothing is proved") {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const std::string text = nodes(3) + web + workload("DaemonSet", "x", hosted(30080));
  const manifest::Input input = manifest::read_text("in.yaml", text, false, {}, sources, diagnostics);
  const cluster::Resolved resolved = cluster::resolve(input, {}, diagnostics);
  smt::Session session({.steps = 1});
  const std::vector<Proof> proofs = obligations::prove_no_conflicts(resolved.cluster, session, diagnostics);
  REQUIRE(proofs.size() == 3);
  CHECK(proofs[0].standing == Standing::unknown);
  CHECK(proofs[1].standing == Standing::unknown);
  CHECK(proofs[1].reason == "the limit of 1 steps was reached");
  CHECK(proofs[2].standing == Standing::proved);  // by counting alone
}

TEST_CASE("cvc5 agrees about conflicts") {
  if (!has_second_solver()) return;
  const DumpFolder folder("portcullis-conflicts-second-solver");
  smt::Session session;
  session.dump_to(folder.path());
  const std::string port = hosted(8080);
  for (const std::string& text :
       {nodes(3) + web + workload("DaemonSet", "x", hosted(30080)) +
            service("b", "externalIPs: [192.0.2.1], ports: [{port: 22}]"),
        nodes(6) + workload("Deployment", "a", port, 3) + workload("Deployment", "b", port, 2) +
            workload("StatefulSet", "c", port + ", " + hosted(8081), 2) + workload("Deployment", "d", hosted(8081), 4),
        service("a",
                "externalIPs: ['2001:db8::7', 198.51.100.7], ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]") +
            service("b", "externalIPs: ['2001:db8::7'], ipFamilies: [IPv6], ports: [{port: 80}]")}) {
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    const manifest::Input input = manifest::read_text("in.yaml", text, false, {}, sources, diagnostics);
    const cluster::Resolved resolved = cluster::resolve(input, {}, diagnostics);
    (void)obligations::prove_no_conflicts(resolved.cluster, session, diagnostics);
  }
  const Judgement judgement = judge_again(folder);
  INFO(fmt::format("{}", fmt::join(judgement.disagreements, "\n")));
  CHECK(judgement.disagreements.empty());
  CHECK(judgement.satisfiable + judgement.unsatisfiable == session.queries());
  CHECK(judgement.satisfiable >= 3);
  CHECK(judgement.unsatisfiable >= 3);
}

TEST_CASE("a crowd of claimants stays cheap and is counted") {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text +=
        service(fmt::format("s{}", i), fmt::format("externalIPs: [198.51.100.7], ports: [{{port: {}}}]", 1000 + i / 2));
  const Judged judged(text);
  const auto refuted = judged.of("services");
  REQUIRE(refuted.size() == obligations::most_conflicts);
  CHECK(refuted.back()->reason.ends_with("; 50 more conflicts are not listed"));
}

}  // namespace portcullis::tests
