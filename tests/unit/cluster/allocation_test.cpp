#include "compiler/cluster/allocation.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

std::string service(const std::string& name, const std::string& spec) {
  return "---\n{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {" + spec + "}}\n";
}
std::string profile(const std::string& spec) {
  return "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {" + spec + "}}\n";
}
std::string many(const std::string& spec, int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += service(fmt::format("s{}", i), spec);
  return text;
}
std::string ip(const World& world, const std::string& id, net::Family family = net::Family::ipv4) {
  const cluster::LocatedAddress* found = world.service(id).cluster_ip(family);
  return found == nullptr ? "-" : found->address.text() + (found->planned ? "*" : "");
}
int last_byte(const std::string& address) {
  return std::stoi(address.substr(address.rfind('.') + 1));
}

}  // namespace

TEST_CASE("cluster IPs come from the dynamic band, then from the static one") {
  // A /26 has 62 addresses: .1 is default/kubernetes', .1 to .16 the static band.
  const World few(profile("serviceCIDRs: [10.9.0.0/26]") + many("ports: [{port: 80}]", 0, 46));
  std::set<std::string> seen;
  for (const cluster::Service& s : few.cluster().services) {
    const std::string text = s.cluster_ips.at(0).address.text();
    CHECK(seen.insert(text).second);
    CHECK(last_byte(text) >= 17);
    CHECK(last_byte(text) <= 62);
  }
  const World all(profile("serviceCIDRs: [10.9.0.0/26]") + many("ports: [{port: 80}]", 0, 61));
  seen.clear();
  for (const cluster::Service& s : all.cluster().services) seen.insert(s.cluster_ips.at(0).address.text());
  CHECK(seen.size() == 61);
  CHECK_FALSE(seen.contains("10.9.0.1"));
  CHECK(all.count("PC2104") == 0);
}

TEST_CASE("an exhausted range names everybody") {
  const World world(profile("serviceCIDRs: [10.9.0.0/29]") + many("ports: [{port: 80}]", 0, 8));
  const auto found = world.findings("PC2104");
  REQUIRE(found.size() == 1);  // five addresses, eight Services
  CHECK(found[0]->related.size() == 8);
  std::size_t without = 0;
  for (const cluster::Service& s : world.cluster().services) without += s.cluster_ips.empty() ? 1 : 0;
  CHECK(without == 3);
}

TEST_CASE("the first address is default/kubernetes'") {
  CHECK(ip(World(service("kubernetes", "ports: [{port: 443}]")), "default/kubernetes") == "10.96.0.1*");
  const World dual(profile("serviceCIDRs: [10.3.0.0/24, 'fd96::/112']") +
                   service("kubernetes", "ipFamilyPolicy: RequireDualStack, ports: [{port: 443}]"));
  CHECK(ip(dual, "default/kubernetes") == "10.3.0.1*");
  CHECK(ip(dual, "default/kubernetes", net::Family::ipv6) == "fd96::1*");
}

TEST_CASE("a planned address hangs on the name alone") {
  const World alone(service("web", "ports: [{port: 80}]"));
  const World among(many("ports: [{port: 80}]", 0, 200) + service("web", "ports: [{port: 80}]"));
  CHECK(ip(alone, "default/web") == ip(among, "default/web"));
}

TEST_CASE("who is moved by another is told, and why") {
  const std::string free = ip(World(service("web", "ports: [{port: 80}]")), "default/web");
  const std::string taken = free.substr(0, free.size() - 1);
  const World world(service("web", "ports: [{port: 80}]") +
                    service("holder", "clusterIP: " + taken + ", ports: [{port: 80}]"));
  CHECK(ip(world, "default/web") != free);
  const auto found = world.findings("PC2103");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->object.name == "web");
  CHECK(found[0]->severity == base::Severity::info);
  REQUIRE(found[0]->related.size() == 1);
  CHECK(world.text(found[0]->related[0].span) == "holder");
  CHECK(found[0]->message.find(taken) != std::string::npos);
}

TEST_CASE("planned addresses keep clear of external and observed ones") {
  const std::string free = ip(World(service("web", "ports: [{port: 80}]")), "default/web");
  const std::string taken = free.substr(0, free.size() - 1);
  CHECK(ip(World(service("web", "ports: [{port: 80}]") +
                 service("x", "externalIPs: [" + taken + "], ports: [{port: 80}]")),
           "default/web") != free);
  const std::string object = "---\n{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: " + taken +
                             "}, spec: {parentRef: {resource: services, namespace: other, name: gone}}}\n";
  CHECK(ip(World(service("web", "ports: [{port: 80}]") + object), "default/web") != free);
}

TEST_CASE("an IPAddress object says which address a Service has") {
  const World world(service("web", "ports: [{port: 80}]") +
                    "---\n{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: 10.96.7.7}, spec: "
                    "{parentRef: {resource: services, "
                    "namespace: default, name: web}}}\n");
  CHECK(ip(world, "default/web") == "10.96.7.7");
  CHECK(world.resolved.lock.cluster_ips.empty());
}

TEST_CASE("families decide which addresses there are") {
  const std::string dual = profile("serviceCIDRs: [10.96.0.0/16, 'fd96::/112']");
  const World world(dual + service("a", "ports: [{port: 80}]") +
                    service("b", "ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]") +
                    service("c", "ipFamilies: [IPv6], ports: [{port: 80}]") +
                    service("d", "ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6], ports: [{port: 80}]"));
  CHECK(world.service("default/a").cluster_ips.size() == 1);
  CHECK(world.service("default/b").cluster_ips.size() == 2);
  CHECK(ip(world, "default/c") == "-");
  CHECK(ip(world, "default/c", net::Family::ipv6) != "-");
  REQUIRE(world.service("default/d").cluster_ips.size() == 2);
  CHECK(world.service("default/d").cluster_ips[0].address.family() == net::Family::ipv6);
  // A single-stack cluster that says so gives no second address; one of which nothing is known does.
  CHECK(ip(World(profile("serviceCIDRs: [10.96.0.0/16]") +
                 service("r", "ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]")),
           "default/r", net::Family::ipv6) == "-");
  CHECK(ip(World(service("r", "ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]")), "default/r",
           net::Family::ipv6) != "-");
}

TEST_CASE("addresses are planned even where the ranges are unknown") {
  const World world(profile("serviceCIDRs: []") + service("web", "ports: [{port: 80}]"));
  CHECK(ip(world, "default/web").starts_with("10."));
  CHECK(world.cluster().profile.service_cidrs.empty());
}

TEST_CASE("the lock is kept, and yields to the input") {
  cluster::Lock lock;
  lock.cluster_ips = {{"default/a", "10.96.5.5"},
                      {"default/b", "10.96.6.6"},
                      {"default/c", "10.96.6.6"},
                      {"default/d", "203.0.113.1"},
                      {"default/e", "no"}};
  const World world(service("a", "ports: [{port: 80}]") + service("b", "clusterIP: 10.96.0.9, ports: [{port: 80}]") +
                        service("c", "ports: [{port: 80}]") + service("d", "ports: [{port: 80}]") +
                        service("e", "ports: [{port: 80}]"),
                    lock);
  CHECK(ip(world, "default/a") == "10.96.5.5*");
  CHECK(ip(world, "default/b") == "10.96.0.9");
  CHECK(ip(world, "default/c") == "10.96.6.6*");
  CHECK(ip(world, "default/d").starts_with("10."));
  Texts contradicted;
  for (const base::Diagnostic* d : world.findings("PC2102")) {
    CHECK(d->severity == base::Severity::warning);
    contradicted.push_back(d->object.name);
  }
  CHECK(contradicted == Texts{"b", "d", "e"});
  CHECK(world.resolved.lock.cluster_ips.at("default/a") == "10.96.5.5");
  CHECK_FALSE(world.resolved.lock.cluster_ips.contains("default/b"));
}

TEST_CASE("node ports: who gets one, and who shares") {
  const World world(
      service("np",
              "type: NodePort, ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP}, {name: o, port: 80}]") +
      service("copy",
              "type: NodePort, ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP, nodePort: 30053}]") +
      service("lb", "type: LoadBalancer, ports: [{port: 80}]") +
      service("plain",
              "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{name: a, port: 80}, {name: b, port: "
              "81, nodePort: 30081}]") +
      service("cip", "ports: [{port: 80}]"));
  INFO(world.said());
  const auto& np = world.service("default/np").ports;
  CHECK(np[0].node_port == np[1].node_port);
  CHECK(np[0].node_port != np[2].node_port);
  for (const auto& port : np) {
    CHECK(port.node_port_planned);
    CHECK(port.node_port >= 30086);  // the static band of 2768 ports is 86 wide
    CHECK(port.node_port <= 32767);
  }
  CHECK(world.service("default/copy").ports[0].node_port == 30053);
  CHECK_FALSE(world.service("default/copy").ports[0].node_port_planned);
  CHECK(world.service("default/lb").ports[0].node_port != 0);
  CHECK(world.service("default/plain").ports[0].node_port == 0);
  CHECK(world.service("default/plain").ports[1].node_port == 30081);
  CHECK(world.service("default/cip").ports[0].node_port == 0);
  const auto& lock = world.resolved.lock.node_ports;
  CHECK(lock.at("default/np:t/TCP") == lock.at("default/np:u/UDP"));
  CHECK(lock.contains("default/lb:80/TCP"));
}

TEST_CASE("health check ports share the node ports' numbers") {
  const World world(profile("nodePortRange: 30000-30001") +
                    service("lb", "type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}]"));
  const cluster::Service& lb = world.service("default/lb");
  CHECK(lb.health_check_node_port_planned);
  CHECK(lb.health_check_node_port != 0);
  CHECK(lb.health_check_node_port != lb.ports[0].node_port);
  CHECK(world.resolved.lock.health_check_node_ports.at("default/lb") == std::to_string(lb.health_check_node_port));
}

TEST_CASE("too many node ports are counted and named") {
  const World world(profile("nodePortRange: 30000-30002") + many("type: NodePort, ports: [{port: 80}]", 0, 5));
  const auto found = world.findings("PC2040");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->message == "5 node ports are needed, 30000-30002 has 3");
  CHECK(found[0]->related.size() == 5);
}

TEST_CASE("planned node ports keep clear of reserved and host ports") {
  const World world(profile("nodePortRange: 30000-30003, reservedPorts: [{port: 30000, endPort: 30001}]") +
                    service("web", "type: NodePort, ports: [{port: 80}]") +
                    "---\n{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i, "
                    "ports: [{containerPort: 1, hostPort: "
                    "30002}]}]}}\n");
  CHECK(world.service("default/web").ports[0].node_port == 30003);
}

TEST_CASE("node ports of the lock") {
  cluster::Lock lock;
  lock.node_ports = {{"default/a:80/TCP", "30999"}, {"default/b:80/TCP", "30999"}, {"default/c:80/TCP", "30888"}};
  lock.health_check_node_ports = {{"default/a", "31999"}};
  const World world(service("a", "type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}]") +
                        service("b", "type: NodePort, ports: [{port: 80}]") +
                        service("c", "type: NodePort, ports: [{port: 80, nodePort: 30007}]"),
                    lock);
  CHECK(world.service("default/a").ports[0].node_port == 30999);
  CHECK(world.service("default/a").health_check_node_port == 31999);
  CHECK(world.service("default/b").ports[0].node_port != 30999);
  CHECK(world.service("default/c").ports[0].node_port == 30007);
  CHECK(world.count("PC2102") == 2);
}

TEST_CASE("balancer addresses come from the pool of the Service's class, unless status has some") {
  const World world(
      profile("loadBalancers: [{name: edge, pool: 198.51.100.0/28}, {name: inner, class: example.com/inner, pool: "
              "10.200.0.0/24, ipMode: Proxy}]") +
      service("a", "type: LoadBalancer, ports: [{port: 80}]") +
      service("b", "type: LoadBalancer, loadBalancerClass: example.com/inner, ports: [{port: 80}]") +
      service("c", "type: LoadBalancer, loadBalancerClass: example.com/none, ports: [{port: 80}]") +
      service("d", "type: LoadBalancer, loadBalancerIP: 198.51.100.3, ports: [{port: 80}]") +
      service("e", "type: LoadBalancer, ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}") +
      service("f", "type: NodePort, ports: [{port: 80}]"));
  INFO(world.said());
  const auto ips = [&](const char* id) {
    Texts out;
    for (const auto& a : world.service(id).load_balancer_ips)
      out.push_back(fmt::format("{}{}{}", a.address.text(), a.vip ? "" : " proxy", a.planned ? "*" : ""));
    return out;
  };
  REQUIRE(ips("default/a").size() == 1);
  CHECK(ips("default/a")[0].starts_with("198.51.100."));
  CHECK(ips("default/a")[0] != "198.51.100.3*");
  REQUIRE(ips("default/b").size() == 1);
  CHECK(ips("default/b")[0].starts_with("10.200.0."));
  CHECK(ips("default/b")[0].ends_with(" proxy*"));
  CHECK(ips("default/c").empty());
  CHECK(ips("default/d") == Texts{"198.51.100.3*"});
  CHECK(ips("default/e") == Texts{"203.0.113.9"});
  CHECK(ips("default/f").empty());
}

TEST_CASE("a pool that is used up, and the lock of balancers") {
  const World world(profile("loadBalancers: [{name: edge, pool: 198.51.100.0/31}]") +
                    many("type: LoadBalancer, ports: [{port: 80}]", 0, 3));
  REQUIRE(world.count("PC2104") == 1);
  CHECK(world.findings("PC2104")[0]->related.size() == 4);  // the balancer, one without, two with
  cluster::Lock lock;
  lock.load_balancers = {{"default/s0", "198.51.100.1"}, {"default/s1", "203.0.113.1"}};
  const World locked(profile("loadBalancers: [{name: edge, pool: 198.51.100.0/31}]") +
                         many("type: LoadBalancer, ports: [{port: 80}]", 0, 2),
                     lock);
  CHECK(locked.service("default/s0").load_balancer_ips.at(0).address.text() == "198.51.100.1");
  CHECK(locked.service("default/s1").load_balancer_ips.at(0).address.text() == "198.51.100.0");
  CHECK(locked.count("PC2102") == 1);
}

}  // namespace portcullis::tests
