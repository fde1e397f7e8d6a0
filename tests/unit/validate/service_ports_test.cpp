#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

void check_spec(const std::string& spec, const std::vector<std::string>& expected) {
  const std::string text = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {" + spec + "}}";
  check({"spec", text.c_str(), expected});
}

}  // namespace

TEST_CASE("ports are there and named") {
  check_spec("ports: []", {"PC2002 spec.ports required"});
  check_spec("type: LoadBalancer", {"PC2002 spec.ports required"});
  check_spec("clusterIP: None, ports: []", {});
  check_spec("ports: [{port: 80}, {port: 443, name: https}]", {"PC2007 spec.ports[0].name required"});
  check_spec("ports: [{port: 80, name: \"\"}]", {});
  check_spec("ports: [{port: 80, name: a_b}]", {"PC2008 spec.ports[0].name invalid"});
  check_spec("ports: [{port: 80, name: longer-than-fifteen}]", {});  // that limit is the container port's
  check_spec("ports: [{port: 80, name: a}, {port: 81, name: a}]", {"PC2008 spec.ports[1].name duplicate"});
}

TEST_CASE("numbers, protocols and targets of ports") {
  check_spec("ports: [{port: 65535}]", {});
  check_spec("ports: [{port: 65536, targetPort: 80}]", {"PC2009 spec.ports[0].port invalid"});
  // A target port that is left out is the port, and as wrong as it.
  check_spec("ports: [{port: 0}]", {"PC2009 spec.ports[0].port invalid", "PC2011 spec.ports[0].targetPort invalid"});
  check_spec("ports: [{port: 0, targetPort: 0}]",
             {"PC2009 spec.ports[0].port invalid", "PC2011 spec.ports[0].targetPort invalid"});
  check_spec("ports: [{port: 80, protocol: SCTP}]", {});
  check_spec("ports: [{port: 80, protocol: tcp}]", {"PC2010 spec.ports[0].protocol unsupported"});
  check_spec("ports: [{port: 80, protocol: ICMP}]", {"PC2010 spec.ports[0].protocol unsupported"});
  check_spec("ports: [{port: 80, targetPort: web-port}, {port: 81, name: b, targetPort: 8080}]",
             {"PC2007 spec.ports[0].name required"});
  check_spec("ports: [{port: 80, targetPort: -5}]", {"PC2011 spec.ports[0].targetPort invalid"});
  check_spec("ports: [{port: 80, targetPort: a--b}]", {"PC2011 spec.ports[0].targetPort invalid"});
  check_spec("ports: [{port: 80, targetPort: \"\"}]", {});
  check_spec("ports: [{port: 80, targetPort: \"8080\"}]", {"PC3009 spec.ports[0].targetPort invalid"});
  check_spec("ports: [{port: 80, targetPort: 8080}]", {});
  check_spec("ports: [{port: 80, appProtocol: kubernetes.io/h2c}]", {});
  check_spec("ports: [{port: 80, appProtocol: a b}]", {"PC2012 spec.ports[0].appProtocol invalid"});
}

TEST_CASE("a port and protocol once") {
  check_spec("ports: [{port: 53, name: a, protocol: TCP}, {port: 53, name: b, protocol: UDP}]", {});
  check_spec("ports: [{port: 53, name: a}, {port: 53, name: b, protocol: TCP}]", {"PC2020 spec.ports[1] duplicate"});
}

TEST_CASE("node ports") {
  check_spec("ports: [{port: 80, nodePort: 30080}]", {"PC2018 spec.ports[0].nodePort forbidden"});
  check_spec("ports: [{port: 80, nodePort: 0}]", {});
  check_spec("type: NodePort, ports: [{port: 80, nodePort: 30000}, {port: 81, name: b, nodePort: 32767}]",
             {"PC2007 spec.ports[0].name required"});
  // Out of the range: said, but a dry run would not refuse it.
  check_spec("type: NodePort, ports: [{port: 80, nodePort: 8080}]", {"PC2036 spec.ports[0].nodePort"});
  check_spec("type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 80, nodePort: 32768}]",
             {"PC2036 spec.ports[0].nodePort"});
  CHECK_FALSE(validated("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, ports: [{port: "
                        "80, nodePort: 80}]}}")
                  .accepted);
}

TEST_CASE("one number is one node port, whatever the protocol") {
  const std::string two = "type: NodePort, ports: [{name: a, port: ";
  check_spec(two + "53, nodePort: 30053}, {name: b, port: 53, protocol: UDP, nodePort: 30053}]", {});
  check_spec(two + "53, nodePort: 30053}, {name: b, port: 53, protocol: UDP}]", {});
  check_spec(two + "53}, {name: b, port: 53, protocol: UDP, nodePort: 30053}]", {});
  check_spec(two + "53, nodePort: 30053}, {name: b, port: 53, protocol: UDP, nodePort: 30054}]", {});
  check_spec(two + "80, nodePort: 30053}, {name: b, port: 53, protocol: UDP, nodePort: 30053}]",
             {"PC2037 spec.ports[1].nodePort invalid"});
  check_spec(two + "80, nodePort: 30053}, {name: b, port: 53, nodePort: 30053}]",
             {"PC2037 spec.ports[1].nodePort invalid"});
}

TEST_CASE("entries with one port share what is allocated") {
  check_spec("type: LoadBalancer, ports: [{name: a, port: 80}, {name: b, port: 80}]",
             {"PC2020 spec.ports[1] duplicate", "PC2019 spec.ports[1].nodePort duplicate"});
  check_spec("type: LoadBalancer, ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}]", {});
  check_spec(
      "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{name: a, port: 80}, {name: b, port: 80}]",
      {"PC2020 spec.ports[1] duplicate"});
  check_spec("ports: [{name: a, port: 80, nodePort: 30000}, {name: b, port: 81, nodePort: 30000}]",
             {"PC2018 spec.ports[0].nodePort forbidden", "PC2018 spec.ports[1].nodePort forbidden",
              "PC2019 spec.ports[1].nodePort duplicate"});
}

TEST_CASE("the health check's port is a node port too") {
  const std::string local =
      "type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80, nodePort: 30080}], healthCheckNodePort: ";
  check_spec(local + "30081", {});
  check_spec(local + "30080", {"PC2037 spec.healthCheckNodePort invalid"});
  check_spec(local + "80", {"PC2036 spec.healthCheckNodePort"});
}

}  // namespace portcullis::validate_test
