#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/report/cluster_json.hpp"

namespace base = portcullis::base;
namespace cluster = portcullis::cluster;
namespace manifest = portcullis::manifest;
namespace report = portcullis::report;
using nlohmann::json;

namespace {

cluster::Cluster resolved(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("in.yaml", text, false, {}, sources, diagnostics);
  return cluster::resolve(input, {}, diagnostics).cluster;
}

const std::string dns =
    "{apiVersion: v1, kind: Service, metadata: {name: dns}, spec: {clusterIP: 10.96.0.10, type: NodePort, externalIPs: "
    "[198.51.100.7], "
    "ports: [{name: dns, port: 53, protocol: UDP, targetPort: dns-udp}]}}\n"
    "---\n"
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: dns-1, labels: "
    "{kubernetes.io/service-name: dns}}, "
    "addressType: IPv4, ports: [{name: dns, port: 5353, protocol: UDP}], endpoints: [{addresses: [10.244.1.5], "
    "nodeName: node-b, zone: z, "
    "hints: {forZones: [{name: z}]}}, {addresses: [10.244.0.5], conditions: {ready: false}}]}\n";

}  // namespace

TEST_CASE("cluster json: the fields of portcullis/cluster/1") {
  const json out = json::parse(report::cluster_json(resolved(dns)));
  CHECK(out["schema"] == "portcullis/cluster/1");
  CHECK(out["nodes"][0] == json{{"name", "node-a"},
                                {"zone", nullptr},
                                {"addresses", {"192.168.0.1"}},
                                {"podCIDRs", {"10.244.0.0/24"}},
                                {"planned", true}});
  const json& service = out["services"][0];
  CHECK(service["namespace"] == "default");
  CHECK(service["name"] == "dns");
  CHECK(service["type"] == "NodePort");
  CHECK(service["clusterIPs"] == json{"10.96.0.10"});
  CHECK(service["externalIPs"] == json{"198.51.100.7"});
  CHECK(service["health"].is_null());
  CHECK(service["planned"] == json{"ports[0].nodePort"});
  const json& port = service["ports"][0];
  CHECK(port["targetPort"] == "dns-udp");
  CHECK(port["protocol"] == "UDP");
  CHECK(port["nodePort"].is_number());
  CHECK(port["endpoints"].size() == 2);
  CHECK(port["endpoints"][1] == json{{"address", "10.244.1.5:5353"},
                                     {"ready", true},
                                     {"serving", true},
                                     {"terminating", false},
                                     {"node", "node-b"},
                                     {"zone", "z"},
                                     {"forZones", {"z"}},
                                     {"forNodes", json::array()},
                                     {"pod", nullptr},
                                     {"planned", false}});
  bool claimed = false;
  for (const json& claim : out["claims"]) {
    claimed |= claim == json{{"kind", "service-ip"},
                             {"key", "10.96.0.10/UDP/53"},
                             {"owners", {"default/dns:dns/udp"}},
                             {"conflict", false}};
  }
  CHECK(claimed);
  CHECK(out["conntrack"].size() == 3);  // cluster IP, external IP, node port
  CHECK(out["conntrack"][0]["proto"] == "UDP");
}

TEST_CASE("an empty cluster is valid in every form") {
  const cluster::Cluster empty;
  const json out = json::parse(report::cluster_json(empty));
  for (const char* key : {"nodes", "services", "claims", "conntrack"}) CHECK(out[key] == json::array());
  CHECK(report::cluster_yaml(empty) ==
        "schema: portcullis/cluster/1\nnodes: []\nservices: []\nclaims: []\nconntrack: []\n");
  CHECK(report::cluster_table(empty).find("SERVICE") == 0);
}

TEST_CASE("cluster table: a row a port, conflicts below, nothing of the input raw") {
  cluster::Cluster c = resolved(dns);
  c.claims.push_back({cluster::ClaimKind::node_port, "TCP/30080", {{"a\x1b", {}}, {"b", {}}}, true});
  const std::string out = report::cluster_table(c);
  CHECK(out.find("default/dns:dns/udp  NodePort  10.96.0.10,198.51.100.7  53/UDP") != std::string::npos);
  CHECK(out.find("1 of 2 ready: 10.244.1.5:5353") != std::string::npos);
  CHECK(out.find("conflict: node-port TCP/30080 is claimed by a\\x1b and b") != std::string::npos);
  CHECK(out.find("* planned") != std::string::npos);
}
