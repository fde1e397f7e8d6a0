#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

void check_policy(const std::string& spec, const std::vector<std::string>& expected) {
  const std::string text =
      "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np}, spec: {podSelector: {}, " + spec +
      "}}";
  check({"policy", text.c_str(), expected});
}
void check_port(const std::string& port, const std::vector<std::string>& expected) {
  check_policy("ingress: [{ports: [{" + port + "}]}]", expected);
}
void check_peer(const std::string& peer, const std::vector<std::string>& expected) {
  check_policy("egress: [{to: [{" + peer + "}]}]", expected);
}
void check_selector(const std::string& selector, const std::vector<std::string>& expected) {
  const std::string text =
      "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np}, spec: {podSelector: {" + selector +
      "}}}";
  check({"selector", text.c_str(), expected});
}

}  // namespace

TEST_CASE("policy types") {
  check_policy("policyTypes: [Ingress, Egress]", {});
  check_policy("policyTypes: []", {});
  check_policy("policyTypes: [ingress]", {"PC2070 spec.policyTypes[0] unsupported"});
  check_policy("policyTypes: [Ingress, Egress, ingress]", {"PC2070 spec.policyTypes invalid"});
}

TEST_CASE("ports of a policy") {
  const std::string port = "PC2070 spec.ingress[0].ports[0].";
  check_port("port: 80, endPort: 90, protocol: UDP", {});
  check_port("port: http", {});
  check_port("protocol: ICMP", {port + "protocol unsupported"});
  check_port("port: 0", {port + "port invalid"});
  check_port("port: HTTP", {port + "port invalid", port + "port invalid"});
  check_port("port: '80'", {"PC3009 spec.ingress[0].ports[0].port invalid"});
  check_port("port: 90, endPort: 80", {port + "endPort invalid"});
  check_port("port: 80, endPort: 70000", {port + "endPort invalid"});
  check_port("port: 80, endPort: 0", {port + "endPort invalid", port + "endPort invalid"});
  check_port("port: http, endPort: 90", {port + "endPort invalid"});
  check_port("endPort: 90", {port + "endPort invalid"});
}

TEST_CASE("peers") {
  const std::string peer = "PC2070 spec.egress[0].to[0]";
  check_peer("podSelector: {}, namespaceSelector: {}", {});
  check_peer("ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}", {});
  check_peer("", {peer + " required"});
  check_peer("podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}", {peer + " forbidden"});
  check_peer("ipBlock: {cidr: ''}", {peer + ".ipBlock.cidr required"});
  check_peer("ipBlock: {cidr: x, except: [x]}", {peer + ".ipBlock.cidr invalid"});
  check_peer("ipBlock: {cidr: 10.0.0.1/8, except: [10.1.0.0/16]}", {peer + ".ipBlock.cidr invalid"});
  check_peer("ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}", {peer + ".ipBlock.except[0] invalid"});
  check_peer("ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/7]}", {peer + ".ipBlock.except[0] invalid"});
  check_peer("ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/64', x]}",
             {peer + ".ipBlock.except[0] invalid", peer + ".ipBlock.except[1] invalid"});
  check_policy("ingress: [{from: [{}]}]", {"PC2070 spec.ingress[0].from[0] required"});
  check_policy("ingress: [{}], egress: [{to: [], ports: []}]", {});
}

TEST_CASE("selectors") {
  const std::string at = "PC2070 spec.podSelector.";
  check_selector(
      "matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [a, b]}, {key: x, operator: "
      "Exists}]",
      {});
  check_selector("matchLabels: {a b: c}", {at + "matchLabels invalid"});
  const std::string expression = at + "matchExpressions[0].";
  check_selector("matchExpressions: [{key: tier, operator: in, values: [a]}]", {expression + "operator invalid"});
  check_selector("matchExpressions: [{key: tier, operator: NotIn}]", {expression + "values required"});
  check_selector("matchExpressions: [{key: tier, operator: DoesNotExist, values: [a]}]",
                 {expression + "values forbidden"});
  check_selector("matchExpressions: [{key: a b, operator: In, values: [a, x y]}]",
                 {expression + "key invalid", expression + "values[1] invalid"});
}

}  // namespace portcullis::validate_test
