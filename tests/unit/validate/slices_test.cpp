#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

std::string slice(const std::string& rest, const std::string& type = "IPv4") {
  return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1}, addressType: " + type + ", " +
         rest + "}";
}
void check_slice(const std::string& rest, const std::vector<std::string>& expected, const std::string& type = "IPv4") {
  const std::string text = slice(rest, type);
  check({"slice", text.c_str(), expected});
}
void check_endpoint(const std::string& endpoint, const std::vector<std::string>& expected,
                    const std::string& type = "IPv4") {
  check_slice("ports: [{port: 80}], endpoints: [{" + endpoint + "}]", expected, type);
}
std::string repeated(const std::string& text, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += (i > 0 ? ", " : "") + text;
  return out;
}

}  // namespace

TEST_CASE("address types") {
  check_slice("ports: [], endpoints: []", {});
  check_slice("ports: [], endpoints: []", {"PC2060 addressType unsupported"}, "ipv4");
  check_slice("ports: [], endpoints: []", {"PC2060 addressType required"}, "\"\"");
  check({"absent",
         "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web.1}, endpoints: []}",
         {"PC2060 addressType required"}});
  // Nothing is known of the addresses of an unknown type.
  check_endpoint("addresses: [foo]", {"PC2060 addressType unsupported"}, "ipv4");
}

TEST_CASE("addresses of a slice") {
  check_endpoint("addresses: [10.1.2.3]", {});
  check_endpoint("addresses: [10.1.2.3, 10.1.2.3]", {});
  check_endpoint("addresses: ['fd00::1']", {}, "IPv6");
  check_endpoint("addresses: [a.example.com, 10.1.2.3]", {}, "FQDN");
  check_endpoint("addresses: []", {"PC2060 endpoints[0].addresses required"});
  check_endpoint("addresses: [" + repeated("10.1.2.3", 100) + "]", {});
  check_endpoint("addresses: [" + repeated("10.1.2.3", 101) + "]", {"PC2060 endpoints[0].addresses toomany"});
  check_endpoint("addresses: [10.1.2]", {"PC2060 endpoints[0].addresses[0] invalid"});
  check_endpoint("addresses: [010.1.2.3]", {"PC2060 endpoints[0].addresses[0] invalid"});
  check_endpoint("addresses: ['::ffff:10.0.0.1']", {"PC2060 endpoints[0].addresses[0] invalid"});
  check_endpoint("addresses: [127.0.0.1]", {"PC2060 endpoints[0].addresses[0] invalid"});
  // The other family is a fault of the list, by the server's own path.
  check_endpoint("addresses: ['fd00::1']", {"PC2060 endpoints[0].addresses invalid"});
  check_endpoint("addresses: [0.0.0.0]",
                 {"PC2060 endpoints[0].addresses invalid", "PC2060 endpoints[0].addresses[0] invalid"}, "IPv6");
  check_endpoint("addresses: [foo]", {"PC2060 endpoints[0].addresses[0] invalid"}, "FQDN");
  check_endpoint("addresses: ['']", {"PC2060 endpoints[0].addresses[0] required"}, "FQDN");
}

TEST_CASE("names of an endpoint") {
  const std::string base = "addresses: [10.1.2.3], ";
  check_endpoint(base + "nodeName: node.example.com, hostname: h1, zone: any thing", {});
  check_endpoint(base + "nodeName: N_1", {"PC2060 endpoints[0].nodeName invalid"});
  check_endpoint(base + "nodeName: ''", {"PC2060 endpoints[0].nodeName invalid"});
  check_endpoint(base + "hostname: a.b", {"PC2060 endpoints[0].hostname invalid"});
  check_endpoint(base + "deprecatedTopology: {a b: c}", {"PC2060 endpoints[0].deprecatedTopology invalid"});
}

TEST_CASE("hints") {
  const std::string base = "addresses: [10.1.2.3], hints: ";
  check_endpoint(base + "{forZones: [{name: za}, {name: zb}], forNodes: [{name: n1}]}", {});
  check_endpoint(base + "{forZones: []}", {});
  check_endpoint(base + "{forZones: [{name: za}, {name: za}]}",
                 {"PC2060 endpoints[0].hints.forZones[1].name duplicate"});
  check_endpoint(base + "{forZones: [{name: bad zone}]}", {"PC2060 endpoints[0].hints.forZones[0].name invalid"});
  check_endpoint(
      base + "{forNodes: [{name: N 1}, {name: n1}, {name: n1}]}",
      {"PC2060 endpoints[0].hints.forNodes[0].name invalid", "PC2060 endpoints[0].hints.forNodes[2].name duplicate"});
  // Nine zones end the check: what the nodes are is not looked at.
  check_endpoint(base + "{forZones: [" + repeated("{name: za}", 9) + "], forNodes: [{name: N 1}]}",
                 {"PC2060 endpoints[0].hints.forZones toomany"});
}

TEST_CASE("ports of a slice") {
  const auto ports = [](const std::string& list, const std::vector<std::string>& expected) {
    check_slice("ports: [" + list + "], endpoints: []", expected);
  };
  ports("{name: http, port: 0}, {name: '', port: 70000, protocol: UDP}, {}", {"PC2060 ports[2].name duplicate"});
  ports("{name: HTTP}", {"PC2060 ports[0].name invalid"});
  ports("{name: a}, {name: a}", {"PC2060 ports[1].name duplicate"});
  ports("{protocol: tcp}", {"PC2060 ports[0].protocol unsupported"});
  ports("{appProtocol: a b}", {"PC2060 ports[0].appProtocol invalid"});
}

TEST_CASE("sizes of a slice") {
  const auto endpoints = [](std::size_t n) {
    return "ports: [], endpoints: [" + repeated("{addresses: [10.1.2.3]}", n) + "]";
  };
  check_slice(endpoints(1000), {});
  check_slice(endpoints(1001), {"PC2060 endpoints toomany"});
}

TEST_CASE("Endpoints") {
  const auto subset = [](const std::string& rest, const std::vector<std::string>& expected) {
    const std::string text = "{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [{" + rest + "}]}";
    check({"subset", text.c_str(), expected});
  };
  subset("addresses: [{ip: 10.1.2.3, nodeName: n1, hostname: h1}], ports: [{port: 80}]", {});
  subset("notReadyAddresses: [{ip: 10.1.2.3}]", {});
  subset("ports: [{port: 80}]", {"PC2060 subsets[0] required"});
  subset("addresses: [{ip: 10.1.2}]", {"PC2060 subsets[0].addresses[0].ip invalid"});
  subset("notReadyAddresses: [{ip: 127.0.0.1}]", {"PC2060 subsets[0].notReadyAddresses[0].ip invalid"});
  subset("addresses: [{ip: 127.0.0.1, nodeName: N_1}]", {"PC2060 subsets[0].addresses[0].nodeName invalid"});
  subset("addresses: [{ip: 10.1.2.3}], ports: [{port: 80}, {port: 81, name: b}]",
         {"PC2060 subsets[0].ports[0].name required"});
  subset("addresses: [{ip: 10.1.2.3}], ports: [{port: 70000, name: A, protocol: tcp, appProtocol: a b}]",
         {"PC2060 subsets[0].ports[0].appProtocol invalid", "PC2060 subsets[0].ports[0].name invalid",
          "PC2060 subsets[0].ports[0].port invalid", "PC2060 subsets[0].ports[0].protocol unsupported"});
}

TEST_CASE("Nodes") {
  const auto node = [](const std::string& spec, const std::vector<std::string>& expected) {
    const std::string text = "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {" + spec + "}}";
    check({"node", text.c_str(), expected});
  };
  node("podCIDR: 10.244.0.0/24, podCIDRs: [10.244.0.0/24, 'fd00::/64']", {});
  node("podCIDR: 10.244.0.1/24", {"PC2060 spec.podCIDRs[0] invalid"});
  node("podCIDRs: [10.244.0.0/24, 10.244.1.0/24]", {"PC2060 spec.podCIDRs invalid"});
  node("podCIDRs: [10.244.0.0/24, 10.244.0.0/24]",
       {"PC2060 spec.podCIDRs invalid", "PC2060 spec.podCIDRs[1] duplicate"});
  node("taints: [{key: a, effect: NoSchedule}, {key: a, effect: NoExecute, value: b}]", {});
  node("taints: [{key: a b, effect: noSchedule}, {key: c}]",
       {"PC2060 metadata.taints[0].effect unsupported", "PC2060 metadata.taints[0].key invalid",
        "PC2060 metadata.taints[1].effect required"});
  check({"name", "{apiVersion: v1, kind: Node, metadata: {name: N_1}}", {"PC2060 metadata.name invalid"}});
  check({"namespace", "{apiVersion: v1, kind: Node, metadata: {name: n1, namespace: ignored}}", {}});
}

}  // namespace portcullis::validate_test
