#include "compiler/cluster/nodes.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

Texts addresses(const cluster::Node& node) {
  Texts out;
  for (const net::Address& a : node.addresses) out.push_back(a.text());
  return out;
}
Texts ranges(const cluster::Node& node) {
  Texts out;
  for (const net::Prefix& p : node.pod_cidrs) out.push_back(p.text());
  return out;
}

}  // namespace

TEST_CASE("three nodes are planned where none is given") {
  const World world("");
  REQUIRE(world.cluster().nodes.size() == 3);
  const char* names[] = {"node-a", "node-b", "node-c"};
  for (std::size_t i = 0; i < 3; ++i) {
    const cluster::Node& node = world.cluster().nodes[i];
    CHECK(node.name == names[i]);
    CHECK(node.planned);
    CHECK(addresses(node) == Texts{fmt::format("192.168.0.{}", i + 1)});
    CHECK(ranges(node) == Texts{fmt::format("10.244.{}.0/24", i)});
    CHECK(node.primary_v4->text() == fmt::format("192.168.0.{}", i + 1));
  }
}

TEST_CASE("a dual-stack cluster has dual-stack nodes") {
  const World world(
      "{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: [10.96.0.0/16, "
      "'fd96::/112']}}");
  const cluster::Node& node = world.cluster().nodes.front();
  CHECK(addresses(node) == Texts{"192.168.0.1", "fd00:192:168::1"});
  CHECK(ranges(node) == Texts{"10.244.0.0/24", "fd00:10:244::/64"});
  CHECK(node.primary_v6->text() == "fd00:192:168::1");
}

TEST_CASE("Node objects: internal addresses before external ones, zone, ranges, taints") {
  const World world(R"(
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/zone: za, disk: ssd}}
spec: {podCIDRs: [10.1.0.0/24, 'fd01::/64'], unschedulable: true, taints: [{key: k, value: v, effect: NoExecute}]}
status:
  addresses: [{type: Hostname, address: n1}, {type: ExternalIP, address: 203.0.113.1}, {type: InternalIP, address: 10.0.0.1}, {type: InternalIP, address: 'fd00::1'}]
)");
  REQUIRE(world.cluster().nodes.size() == 1);
  const cluster::Node& node = world.cluster().nodes.front();
  CHECK(node.zone == "za");
  CHECK(addresses(node) == Texts{"10.0.0.1", "fd00::1", "203.0.113.1"});
  CHECK(node.primary_v4->text() == "10.0.0.1");
  CHECK(node.primary_v6->text() == "fd00::1");
  CHECK(ranges(node) == Texts{"10.1.0.0/24", "fd01::/64"});
  REQUIRE(node.taints.size() == 2);
  CHECK(node.taints[1].key == "node.kubernetes.io/unschedulable");
  CHECK_FALSE(node.planned);
  CHECK_FALSE(node.addresses_planned);
  CHECK(world.cluster().profile.nodes_given);
  CHECK(node.is_local(net::Address::parse("127.8.0.1").value()));
  CHECK(node.is_local(net::Address::parse("203.0.113.1").value()));
  CHECK_FALSE(node.is_local(net::Address::parse("203.0.113.2").value()));
}

TEST_CASE("a Node object and a profile node of one name are one, the profile wins where it speaks") {
  const World world(R"(
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {a: x, topology.kubernetes.io/zone: za}}, status: {addresses: [{type: InternalIP, address: 10.0.0.1}]}}
---
{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {nodes: [
  {name: n1, addresses: [192.168.50.10, 192.168.60.10], primary: [192.168.60.10], labels: {b: w}, hostPorts: [{podIP: 10.40.1.44, podNet: 10.40.1.0/24, containerPort: 5000, hostPort: 5001}]},
  {name: n0, primary: [192.168.50.9], zone: zz}]}}
)");
  INFO(world.said());
  REQUIRE(world.cluster().nodes.size() == 2);
  const cluster::Node& zero = world.cluster().nodes[0];
  CHECK(zero.name == "n0");
  CHECK(addresses(zero) == Texts{"192.168.50.9"});
  CHECK(zero.zone == "zz");
  const cluster::Node& one = world.cluster().nodes[1];
  CHECK(addresses(one) == Texts{"192.168.50.10", "192.168.60.10"});
  CHECK(one.primary_v4->text() == "192.168.60.10");
  CHECK(one.zone == "za");
  CHECK(one.labels.at("a") == "x");
  CHECK(one.labels.at("b") == "w");
  REQUIRE(one.host_ports.size() == 1);
  CHECK(one.host_ports[0].owner == "profile 10.40.1.44:5000");
  CHECK(one.host_ports[0].pod_net->text() == "10.40.1.0/24");
}

TEST_CASE("what a node lacks is planned by its name, clear of what others have") {
  std::string text =
      "---\n{apiVersion: v1, kind: Node, metadata: {name: given}, spec: {podCIDR: 10.244.7.0/24}, status: {addresses: "
      "[{type: InternalIP, address: 192.168.0.9}]}}\n";
  for (int i = 0; i < 150; ++i)
    text += fmt::format("---\n{{apiVersion: v1, kind: Node, metadata: {{name: n{}}}}}\n", i);
  const World world(text);
  CHECK(world.count("PC2104") == 0);
  std::set<std::string> seen, shares;
  for (const cluster::Node& node : world.cluster().nodes) {
    REQUIRE(node.addresses.size() == 1);
    REQUIRE(node.pod_cidrs.size() == 1);
    CHECK(seen.insert(node.addresses[0].text()).second);
    CHECK(shares.insert(node.pod_cidrs[0].text()).second);
  }
  // One node less leaves the others, but for those that had to give way to it.
  const World fewer(text.substr(0, text.rfind("---")));
  std::size_t moved = 0;
  for (const cluster::Node& node : fewer.cluster().nodes)
    moved += node.addresses == world.cluster().node(node.name)->addresses ? 0 : 1;
  CHECK(moved <= 2);
}

TEST_CASE("a pod range too small for its nodes says so, naming them") {
  const World world(R"(
{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {podCIDRs: [10.0.0.0/29], nodes: [{name: a}, {name: b}, {name: c}]}}
)");
  const auto found = world.findings("PC2104");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->related.size() == 1);
}

}  // namespace portcullis::tests
