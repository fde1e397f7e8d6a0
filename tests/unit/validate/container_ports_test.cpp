#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

std::string pod(const std::string& spec) {
  return "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" + spec + "}}";
}

void check_ports(const std::string& ports, const std::vector<std::string>& expected, const std::string& more = "") {
  const std::string text = pod("containers: [{name: c, image: i, ports: [" + ports + "]}]" + more);
  check({"ports", text.c_str(), expected});
}
const std::string first = "PC2080 spec.containers[0].ports[0].";

}  // namespace

TEST_CASE("names of container ports") {
  check_ports("{name: event-http, containerPort: 8080}", {});
  check_ports("{name: event-management-http, containerPort: 8080}", {first + "name invalid"});
  check_ports("{name: HTTP, containerPort: 8080}", {first + "name invalid", first + "name invalid"});
  check_ports("{name: a, containerPort: 1}, {name: a, containerPort: 2}",
              {"PC2080 spec.containers[0].ports[1].name duplicate"});
  check({"a name belongs to its container",
         "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: i, ports: [{name: x, "
         "containerPort: 1}]}, "
         "{name: b, image: i, ports: [{name: x, containerPort: 2}]}]}}",
         {}});
}

TEST_CASE("numbers and protocols of container ports") {
  check_ports("{containerPort: 65535, hostPort: 1, protocol: SCTP}", {});
  check_ports("{name: a}", {first + "containerPort required"});
  check_ports("{containerPort: 0}", {first + "containerPort required"});
  check_ports("{containerPort: 65536}", {first + "containerPort invalid"});
  check_ports("{containerPort: 80, hostPort: 70000}", {first + "hostPort invalid"});
  check_ports("{containerPort: 80, protocol: tcp}", {first + "protocol unsupported"});
}

TEST_CASE("host ports of one pod") {
  const std::string second = "PC2080 spec.containers[0].ports[1].hostPort duplicate";
  check_ports("{containerPort: 1, hostPort: 80}, {containerPort: 2, hostPort: 80}", {second});
  check_ports("{containerPort: 1, hostPort: 80}, {containerPort: 2, hostPort: 80, protocol: UDP}", {});
  check_ports("{containerPort: 1, hostPort: 80}, {containerPort: 2, hostPort: 80, hostIP: 192.0.2.1}", {});
  check_ports(
      "{containerPort: 1, hostPort: 80, hostIP: 192.0.2.1}, {containerPort: 2, hostPort: 80, hostIP: 192.0.2.1}",
      {second});
}

TEST_CASE("init containers have their ports for themselves") {
  check({"init and regular",
         "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [{name: a, image: i, ports: "
         "[{containerPort: 1, hostPort: 80}]}], "
         "containers: [{name: b, image: i, ports: [{containerPort: 1, hostPort: 80}, {containerPort: 70000}]}]}}",
         {"PC2080 spec.containers[0].ports[1].containerPort invalid"}});
  check({"index among init containers",
         "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [{name: a, image: i}, {name: b, "
         "image: i, ports: [{}]}], "
         "containers: [{name: c, image: i}]}}",
         {"PC2080 spec.initContainers[1].ports[0].containerPort required"}});
}

TEST_CASE("host network") {
  check_ports("{containerPort: 80}", {}, ", hostNetwork: true");
  check_ports("{containerPort: 80, hostPort: 80}", {}, ", hostNetwork: true");
  check_ports("{containerPort: 80, hostPort: 81}", {first + "containerPort invalid"}, ", hostNetwork: true");
  check_ports("{containerPort: 80, hostPort: 81}", {}, ", hostNetwork: false");
  // The container's ports are the node's: twice is once too often, but only a Pod says so itself.
  check_ports("{containerPort: 80}, {containerPort: 80}", {"PC2080 spec.containers[0].ports[1].hostPort duplicate"},
              ", hostNetwork: true");
  check({"template",
         "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, "
         "template: {metadata: {labels: {a: b}}, "
         "spec: {hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 80}, {containerPort: 80}, "
         "{}]}]}}}}",
         {"PC2080 spec.template.spec.containers[0].ports[2].containerPort required"}});
}

}  // namespace portcullis::validate_test
