#include "compiler/trace/trace.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "clusters.hpp"

namespace portcullis::trace {

namespace {

using cluster::Dialect;
using test::add_endpoint;
using test::add_service;
using test::add_service_test;
using test::address;
using test::two_nodes;

net::Packet packet(const Tracer& tracer, std::string_view src, std::string_view dst, std::uint16_t port,
                   const std::string& node) {
  net::Packet p;
  p.src = address(src);
  p.dst = address(dst);
  p.dport = port;
  p.from = tracer.infer_from(p.src, node);
  return p;
}

// One line a hop, `at: what`; the fate and what follows come first.
std::string told(const Trace& trace) {
  std::string text = fmt::format("[{}] {}{}\n", trace.node, ir::text(trace.fate),
                                 trace.after ? fmt::format(", {}", to_string(*trace.after)) : "");
  for (const Hop& hop : trace.hops) text += fmt::format("{}: {}\n", hop.at, hop.what);
  return text;
}

std::string tell(const cluster::Cluster& cluster, std::string_view src, std::string_view dst, std::uint16_t port,
                 const std::string& node = {}) {
  Tracer tracer(cluster);
  return told(tracer.trace(packet(tracer, src, dst, port, node), node));
}

// The LoadBalancer example: the Service behind 35.184.97.156.
cluster::Cluster with_balancer(Dialect dialect) {
  cluster::Cluster c = two_nodes(dialect);
  cluster::Service& s = add_service(c, "openvpn", "10.3.241.52", 32213);
  s.type = cluster::ServiceType::load_balancer;
  s.load_balancer_ips = {{address("35.184.97.156"), true, false, {}}};
  add_endpoint(s, "10.0.2.2", 8080, "node-b");
  cluster::LoadBalancerPool pool;
  pool.name = "cloud";
  pool.pool = {*net::Prefix::parse("35.184.97.156/32")};
  c.profile.load_balancers = {pool};
  return c;
}

const std::vector<Dialect> both{Dialect::nftables, Dialect::iptables};

}  // namespace

TEST_CASE("claim 1, 2: any source that reaches a node gets from the cluster IP to a pod, by a route through one node") {
  for (const Dialect dialect : both) {
    cluster::Cluster c = two_nodes(dialect);
    (void)add_service_test(c);
    CHECK(tell(c, "192.0.2.7", "10.3.241.152", 80) ==
          "[node-a] dnat 10.0.1.2:8080* 10.0.2.2:8080*\n"
          "client: sends TCP to 10.3.241.152:80\n"
          "network: no device has an address of the services network: it takes a static route through a node, here "
          "node-a, and all of it hangs on that node\n"
          "node-a nat prerouting: the cluster-ip 10.3.241.152:80 of default/service-test:80: one of the endpoints "
          "10.0.1.2:8080 and 10.0.2.2:8080, here 10.0.2.2:8080, marked for masquerade because the source is no pod\n"
          "node-a filter forward: let through\n"
          "node-a nat postrouting: masqueraded: the source becomes 10.100.0.2 instead of 192.0.2.7\n"
          "node-b filter forward: no rule of this node is about 10.0.2.2:8080; the source stays 10.100.0.2\n"
          "pod default/test-2: delivered to port 8080; the source is 10.100.0.2\n");
  }
}

TEST_CASE("claim 3: a node address without listener and rule is refused by the kernel") {
  for (const Dialect dialect : both) {
    cluster::Cluster c = two_nodes(dialect);
    (void)add_service_test(c);
    const std::string way =
        "[node-b] none, refused\n"
        "client: sends TCP to 10.100.0.3:80\n"
        "node-b nat prerouting: no Service, node port or host port of this node is 10.100.0.3:80\n"
        "node-b filter input: let through\n"
        "node-b socket: refused: nothing listens, no rule matches (TCP RST, 'connection refused')\n";
    CHECK(tell(c, "192.0.2.7", "10.100.0.3", 80) == way);
    CHECK(tell(c, "192.0.2.7", "10.100.0.3", 80, "node-b") == way);
  }
}

TEST_CASE("claim 4: the node port goes where the cluster IP goes") {
  for (const Dialect dialect : both) {
    cluster::Cluster c = two_nodes(dialect);
    (void)add_service_test(c);
    Tracer tracer(c);
    for (const std::string node : {"node-a", "node-b"}) {
      const std::string own = node == "node-a" ? "10.100.0.2" : "10.100.0.3";
      const Trace port = tracer.trace(packet(tracer, "192.0.2.7", own, 32213, node), node);
      const Trace cluster_ip = tracer.trace(packet(tracer, "192.0.2.7", "10.3.241.152", 80, node), node);
      CHECK(port.fate == cluster_ip.fate);
      CHECK(ir::text(port.fate) == "dnat 10.0.1.2:8080* 10.0.2.2:8080*");
      CHECK_FALSE(port.after);
    }
  }
}

TEST_CASE("claim 5, 8: from client over balancer, node port and rules to the pod, and the source on its way") {
  for (const Dialect dialect : both) {
    const cluster::Cluster c = with_balancer(dialect);
    Tracer tracer(c);
    const Trace trace = tracer.trace(packet(tracer, "192.0.2.7", "35.184.97.156", 80, ""), "");
    CHECK(told(trace) ==
          "[node-a] dnat 10.0.2.2:8080*\n"
          "client: sends TCP to 35.184.97.156:80\n"
          "balancer cloud: passes it to node port 32213 of any of node-a and node-b, here node-a; the source stays "
          "192.0.2.7\n"
          "node-a nat prerouting: node port 32213 of default/openvpn:80: the endpoint 10.0.2.2:8080, marked for "
          "masquerade\n"
          "node-a filter forward: let through\n"
          "node-a nat postrouting: masqueraded: the source becomes 10.100.0.2 instead of 192.0.2.7\n"
          "node-b filter forward: no rule of this node is about 10.0.2.2:8080; the source stays 10.100.0.2\n"
          "pod default/test-2: delivered to port 8080; the source is 10.100.0.2\n");
    std::vector<std::string> packets;
    for (const Hop& hop : trace.hops) packets.push_back(hop.packet);
    CHECK(packets == std::vector<std::string>{"192.0.2.7 → 35.184.97.156:80", "192.0.2.7 → 10.100.0.2:32213",
                                              "192.0.2.7 → 10.0.2.2:8080", "192.0.2.7 → 10.0.2.2:8080",
                                              "10.100.0.2 → 10.0.2.2:8080", "10.100.0.2 → 10.0.2.2:8080",
                                              "10.100.0.2 → 10.0.2.2:8080"});
    REQUIRE(trace.hops[2].because);
    CHECK(trace.hops[2].because->object == "Service default/openvpn");
    CHECK(trace.hops[2].because->field == "spec.ports[0].nodePort");
  }
}

TEST_CASE("claim 8: policy Local keeps the source, and the balancer asks for nodes that have a pod") {
  cluster::Cluster c = with_balancer(Dialect::nftables);
  c.services.front().external_policy = cluster::TrafficPolicy::local;
  c.services.front().health_check_node_port = 31000;
  CHECK(tell(c, "192.0.2.7", "35.184.97.156", 80) ==
        "[node-b] dnat 10.0.2.2:8080\n"
        "client: sends TCP to 35.184.97.156:80\n"
        "balancer cloud: passes it to node port 32213 of node-b; the source stays 192.0.2.7\n"
        "node-b nat prerouting: node port 32213 of default/openvpn:80: the source is not a pod and not an address of "
        "this node, the endpoint 10.0.2.2:8080 on this node (policy Local)\n"
        "node-b filter forward: let through\n"
        "node-b nat postrouting: the source stays 192.0.2.7\n"
        "pod default/test-2: delivered to port 8080; the source is 192.0.2.7\n");
  CHECK(tell(c, "192.0.2.7", "10.100.0.2", 32213) ==
        "[node-a] drop\n"
        "client: sends TCP to 10.100.0.2:32213\n"
        "node-a nat prerouting: node port 32213 of default/openvpn:80: the source is not a pod and not an address of "
        "this node, not translated on this node\n"
        "node-a filter input: dropped without an answer: default/openvpn:80 has endpoints, but none that may serve "
        "here\n");
  c.services.front().ports.front().endpoints.clear();
  CHECK(tell(c, "192.0.2.7", "35.184.97.156", 80) ==
        "[] none, lost\nclient: sends TCP to 35.184.97.156:80\nbalancer cloud: no node answers its health check\n");
}

TEST_CASE("a balancer that keeps its address as destination") {
  cluster::Cluster c = with_balancer(Dialect::nftables);
  c.profile.load_balancers.front().via_node_port = false;
  const std::string way = tell(c, "192.0.2.7", "35.184.97.156", 80);
  CHECK_THAT(way, Catch::Contains("balancer cloud: passes it unchanged to any of node-a and node-b, here node-a\n"
                                  "node-a nat prerouting: the load-balancer 35.184.97.156:80 of default/openvpn:80"));
  // Nobody names the balancer: ipMode decides.
  c.profile.load_balancers.clear();
  CHECK_THAT(tell(c, "192.0.2.7", "35.184.97.156", 80),
             Catch::Contains("balancer default/openvpn: passes it unchanged"));
  c.services.front().load_balancer_ips.front().vip = false;
  CHECK_THAT(tell(c, "192.0.2.7", "35.184.97.156", 80),
             Catch::Contains("balancer default/openvpn: passes it to node port"));
  // A pod's packet to such an address is left to the balancer, and comes back through a node port.
  CHECK(tell(c, "10.0.1.9", "35.184.97.156", 80) ==
        "[node-a] dnat 10.0.2.2:8080*\n"
        "pod default/client: sends TCP to 35.184.97.156:80\n"
        "node-a filter forward: no rule of this node is about 35.184.97.156:80; the source stays 10.0.1.9\n"
        "balancer default/openvpn: passes it to node port 32213 of any of node-a and node-b, here node-a; the source "
        "stays 10.0.1.9\n"
        "node-a nat prerouting: node port 32213 of default/openvpn:80: the endpoint 10.0.2.2:8080, marked for "
        "masquerade\n"
        "node-a filter forward: let through\n"
        "node-a nat postrouting: masqueraded: the source becomes 10.100.0.2 instead of 10.0.1.9\n"
        "node-b filter forward: no rule of this node is about 10.0.2.2:8080; the source stays 10.100.0.2\n"
        "pod default/test-2: delivered to port 8080; the source is 10.100.0.2\n");
}

TEST_CASE("a balancer's port that its Service does not have") {
  CHECK(tell(with_balancer(Dialect::nftables), "192.0.2.7", "35.184.97.156", 81) ==
        "[] none, lost\nclient: sends TCP to 35.184.97.156:81\nbalancer cloud: default/openvpn has no port 81/TCP\n");
}

TEST_CASE("claim 12: a host port leads straight to its container, on its node only") {
  cluster::Cluster c = two_nodes(Dialect::nftables);
  cluster::HostPort port;
  port.pod_ip = address("10.0.1.2");
  port.container_port = 5000;
  port.host_port = 5001;
  port.owner = "pod default/test-1:5000";
  c.nodes.front().host_ports = {port};
  CHECK(tell(c, "192.0.2.7", "10.100.0.2", 5001) ==
        "[node-a] dnat 10.0.1.2:5000\n"
        "client: sends TCP to 10.100.0.2:5001\n"
        "node-a nat prerouting: host port 5001 of pod default/test-1:5000: the source is not inside 127.0.0.1/32, the "
        "endpoint 10.0.1.2:5000\n"
        "node-a filter forward: let through\n"
        "node-a nat postrouting: the source stays 192.0.2.7\n"
        "pod default/test-1: delivered to port 5000; the source is 192.0.2.7\n");
  CHECK_THAT(tell(c, "192.0.2.7", "10.100.0.3", 5001), Catch::StartsWith("[node-b] none, refused\n"));
}

TEST_CASE("claim 13: a pod on the host network is the node's own listener") {
  cluster::Cluster c = two_nodes(Dialect::nftables);
  c.claims = {{cluster::ClaimKind::host_network, "node-a/*/TCP/9100", {{"pod default/exporter:9100", {}}}, false}};
  CHECK(tell(c, "192.0.2.7", "10.100.0.2", 9100) ==
        "[node-a] none, delivered\n"
        "client: sends TCP to 10.100.0.2:9100\n"
        "node-a nat prerouting: no Service, node port or host port of this node is 10.100.0.2:9100\n"
        "node-a filter input: let through\n"
        "node-a socket: delivered: pod default/exporter:9100 (on the host network); the source is 192.0.2.7\n");
  CHECK_THAT(tell(c, "192.0.2.7", "10.100.0.3", 9100), Catch::StartsWith("[node-b] none, refused\n"));

  cluster::Service& s = add_service(c, "exporter", "10.3.241.60", 32000);
  add_endpoint(s, "10.100.0.2", 9100, "node-a");
  CHECK_THAT(
      tell(c, "192.0.2.7", "10.100.0.2", 32000),
      Catch::Contains("node-a filter input: let through; marked, but delivered here: the source stays 192.0.2.7\n"
                      "node-a socket: delivered"));
  CHECK_THAT(tell(c, "192.0.2.7", "10.100.0.3", 32000),
             Catch::Contains("node-b nat postrouting: masqueraded: the source becomes 10.100.0.3 instead of 192.0.2.7\n"
                             "node-a nat prerouting: no Service") &&
                 Catch::Contains("node-a socket: delivered"));
}

TEST_CASE("between pods and out of the cluster") {
  cluster::Cluster c = two_nodes(Dialect::nftables);
  (void)add_service_test(c);
  struct Row {
    std::string src, dst;
    std::uint16_t port;
    std::string node, head, last;
  };
  const std::vector<Row> rows{
      {"10.0.1.9", "10.0.2.2", 8080, "", "[node-b] none, delivered",
       "pod default/test-2: delivered to port 8080; the source is 10.0.1.9"},
      {"10.0.1.9", "10.0.1.2", 8080, "", "[node-a] none, delivered",
       "pod default/test-1: delivered to port 8080; the source is 10.0.1.9"},
      {"10.0.1.9", "10.0.2.2", 8080, "node-a", "[node-a] none, forwarded",
       "network: leaves node-a towards node-b, where 10.0.2.2 is"},
      {"10.0.1.9", "10.0.1.2", 8080, "node-a", "[node-a] none, delivered",
       "pod default/test-1: delivered to port 8080; the source is 10.0.1.9"},
      {"10.0.1.9", "10.0.2.77", 80, "", "[node-b] none, lost", "network: no pod of the input has 10.0.2.77"},
      {"10.0.1.9", "10.1.9.9", 80, "", "[node-a] none, lost", "network: no pod of the input has 10.1.9.9"},
      {"10.0.1.9", "198.51.100.9", 53, "", "[node-a] none, forwarded",
       "network: leaves the cluster towards 198.51.100.9:53"},
      {"10.0.1.9", "198.51.100.9", 53, "node-a", "[node-a] none, forwarded",
       "network: leaves node-a towards 198.51.100.9:53"},
      {"10.0.1.9", "10.100.0.3", 80, "node-a", "[node-a] none, forwarded",
       "network: leaves node-a towards the node node-b"},
      {"192.0.2.7", "198.51.100.9", 53, "", "[] none, lost", "network: nothing in the cluster has 198.51.100.9"},
      {"10.0.1.9", "10.3.241.152", 81, "", "[node-a] reject",
       "node-a filter forward: refused with ICMP port unreachable: 10.3.241.152 is a cluster IP, and no Service port "
       "of it is 81/TCP"},
      {"10.0.1.9", "10.3.241.9", 80, "", "[node-a] drop",
       "node-a filter forward: dropped without an answer: 10.3.241.9 is in the Service range 10.3.240.0/20 and of no "
       "Service that is served here"},
      {"10.100.0.2", "10.3.241.152", 80, "", "[node-a] dnat 10.0.1.2:8080* 10.0.2.2:8080*",
       "pod default/test-2: delivered to port 8080; the source is 10.100.0.2"},
      {"127.0.0.1", "127.0.0.1", 80, "", "[node-a] none, refused",
       "node-a socket: refused: nothing listens, no rule matches (TCP RST, 'connection refused')"},
  };
  for (const Row& row : rows) {
    const std::string way = tell(c, row.src, row.dst, row.port, row.node);
    CAPTURE(row.src, row.dst, row.port, row.node, way);
    CHECK_THAT(way, Catch::StartsWith(row.head + "\n"));
    CHECK_THAT(way, Catch::EndsWith("\n" + row.last + "\n"));
  }
}

TEST_CASE("dialect iptables leaves an unknown service address to the routing table, where it is lost") {
  cluster::Cluster c = two_nodes(Dialect::iptables);
  (void)add_service_test(c);
  CHECK(tell(c, "10.0.1.9", "10.3.241.9", 80) ==
        "[node-a] none, lost\n"
        "pod default/client: sends TCP to 10.3.241.9:80\n"
        "node-a filter forward: no rule of this node is about 10.3.241.9:80; the source stays 10.0.1.9\n"
        "network: 10.3.241.9 belongs to no device, and no rule of node-a took it\n");
}

TEST_CASE("source ranges, conflicts, foreign policy") {
  for (const Dialect dialect : both) {
    CAPTURE(to_string(dialect));
    cluster::Cluster c = with_balancer(dialect);
    c.services.front().source_ranges = {{*net::Prefix::parse("203.0.113.0/24"), {}}};
    c.services.front().has_source_ranges = true;
    c.profile.load_balancers.front().via_node_port = false;
    const std::string way = tell(c, "192.0.2.7", "35.184.97.156", 80);
    CHECK_THAT(way, Catch::StartsWith("[node-a] drop\n"));
    CHECK_THAT(way, Catch::EndsWith(
                        "dropped without an answer: 192.0.2.7 is outside the source ranges of default/openvpn:80\n"));
  }
  cluster::Cluster c = two_nodes(Dialect::nftables);
  (void)add_service_test(c);
  (void)add_service(c, "thief", "10.3.241.152", 0);
  CHECK_THAT(
      tell(c, "10.0.1.9", "10.3.241.152", 80),
      Catch::StartsWith("[node-a] conflict\n") &&
          Catch::EndsWith("claimed by default/service-test:80 and default/thief:80; which of them gets the packet "
                          "is not defined\n"));
  c.services.pop_back();
  c.profile.forward_policy = cluster::ForwardPolicy::drop;
  CHECK(
      tell(c, "10.0.1.9", "10.3.241.152", 80) ==
      "[node-a] drop\n"
      "pod default/client: sends TCP to 10.3.241.152:80\n"
      "node-a nat prerouting: the cluster-ip 10.3.241.152:80 of default/service-test:80: translated to an endpoint of "
      "default/service-test:80\n"
      "node-a filter forward: dropped without an answer: the FORWARD policy of another table\n");
}

TEST_CASE("a hairpin is masqueraded") {
  cluster::Cluster c = two_nodes(Dialect::nftables);
  cluster::Service& s = add_service(c, "self", "10.3.241.70", 0);
  add_endpoint(s, "10.0.1.2", 8080, "node-a");
  CHECK(tell(c, "10.0.1.2", "10.3.241.70", 80) ==
        "[node-a] dnat 10.0.1.2:8080*\n"
        "pod default/test-1: sends TCP to 10.3.241.70:80\n"
        "node-a nat prerouting: the cluster-ip 10.3.241.70:80 of default/self:80: the endpoint 10.0.1.2:8080, marked "
        "for masquerade because the sender is the endpoint itself\n"
        "node-a filter forward: let through\n"
        "node-a nat postrouting: masqueraded: the source becomes an address of node-a instead of 10.0.1.2\n"
        "pod default/test-1: delivered to port 8080; the source is 10.100.0.2\n");
}

TEST_CASE("where a source starts") {
  const cluster::Cluster c = two_nodes(Dialect::nftables);
  const Tracer tracer(c);
  struct Row {
    std::string source, node;
    net::PacketFrom from;
  };
  const std::vector<Row> rows{
      {"10.0.1.9", "node-a", net::PacketFrom::pod},       {"10.0.1.9", "node-b", net::PacketFrom::remote_pod},
      {"10.0.1.77", "node-a", net::PacketFrom::pod},      {"10.0.1.77", "", net::PacketFrom::pod},
      {"10.100.0.2", "node-a", net::PacketFrom::node},    {"10.100.0.2", "node-b", net::PacketFrom::external},
      {"10.100.0.2", "", net::PacketFrom::node},          {"127.0.0.1", "node-a", net::PacketFrom::node},
      {"192.0.2.7", "node-a", net::PacketFrom::external}, {"10.3.241.152", "node-a", net::PacketFrom::remote_pod},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source, row.node);
    CHECK(to_string(tracer.infer_from(address(row.source), row.node)) == to_string(row.from));
  }
}

}  // namespace portcullis::trace
