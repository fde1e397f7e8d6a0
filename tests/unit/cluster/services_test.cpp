#include "compiler/cluster/services.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

using cluster::ServiceType;
using cluster::TrafficPolicy;

namespace {

std::string service(const std::string& spec, const std::string& metadata = "name: web") {
  return "---\n{apiVersion: v1, kind: Service, metadata: {" + metadata + "}, spec: {" + spec + "}}\n";
}

}  // namespace

TEST_CASE("a Service with every default") {
  const World world(service("ports: [{port: 80}]"));
  const cluster::Service& web = world.service("default/web");
  CHECK(web.type == ServiceType::cluster_ip);
  CHECK(web.programmed());
  CHECK(web.families == std::vector{net::Family::ipv4});
  CHECK(web.external_policy == TrafficPolicy::cluster);
  CHECK(web.internal_policy == TrafficPolicy::cluster);
  CHECK_FALSE(web.affinity_seconds);
  REQUIRE(web.ports.size() == 1);
  CHECK(web.ports[0].protocol == net::Protocol::tcp);
  CHECK(web.ports[0].target_port.is_number);
  CHECK(web.ports[0].target_port.number == 80);
  CHECK(service_port_name(web, web.ports[0]) == "default/web:80");
  CHECK(world.text(web.span) == "web");
}

TEST_CASE("given fields are kept, with their places") {
  const World world(service(
      R"(type: LoadBalancer, clusterIP: 10.96.0.20, clusterIPs: [10.96.0.20, 'fd96::20'], externalIPs: [198.51.100.77, 198.51.100.77],
    sessionAffinity: ClientIP, externalTrafficPolicy: Local, internalTrafficPolicy: Local, healthCheckNodePort: 31000,
    loadBalancerSourceRanges: [' 203.0.113.0/24 ', 10.0.0.1/8],
    ports: [{name: dns, protocol: UDP, port: 53, nodePort: 30053, targetPort: dns, appProtocol: example.com/x}]}, status: {loadBalancer:
    {ingress: [{ip: 198.51.100.20}, {ip: 198.51.100.21, ipMode: Proxy}, {hostname: lb.example.com}]})",
      "name: web, namespace: shop, labels: {service.kubernetes.io/service-proxy-name: other}"));
  INFO(world.said());
  const cluster::Service& web = world.service("shop/web");
  CHECK(web.type == ServiceType::load_balancer);
  CHECK(web.skipped);
  CHECK_FALSE(web.programmed());
  REQUIRE(web.cluster_ips.size() == 2);
  CHECK(world.text(web.cluster_ips[1].span) == "'fd96::20'");
  CHECK_FALSE(web.cluster_ips[0].planned);
  REQUIRE(web.external_ips.size() == 1);
  REQUIRE(web.load_balancer_ips.size() == 2);
  CHECK(web.load_balancer_ips[0].vip);
  CHECK_FALSE(web.load_balancer_ips[1].vip);
  CHECK(web.load_balancer_hostnames == Texts{"lb.example.com"});
  CHECK(web.affinity_seconds == 10800U);
  CHECK(web.external_policy == TrafficPolicy::local);
  CHECK(web.internal_policy == TrafficPolicy::local);
  CHECK(web.health_check_node_port == 31000);
  CHECK(web.has_source_ranges);
  REQUIRE(web.source_ranges.size() == 2);
  CHECK(web.source_ranges[0].value.text() == "203.0.113.0/24");
  CHECK(web.source_ranges[1].value.text() == "10.0.0.0/8");
  REQUIRE(web.ports.size() == 1);
  CHECK(service_port_name(web, web.ports[0]) == "shop/web:dns/udp");
  CHECK(web.ports[0].node_port == 30053);
  CHECK(world.text(web.ports[0].node_port_span) == "30053");
  CHECK(web.ports[0].target_port.text == "dns");
}

TEST_CASE("headless, ExternalName and what they do not have") {
  const World world(service("clusterIP: None, selector: {a: b}, ports: [{port: 80}]", "name: h") +
                    service("type: ExternalName, externalName: example.com", "name: e") +
                    service("type: ClusterIP, healthCheckNodePort: 31000, ports: [{port: 80}]", "name: c"));
  CHECK(world.service("default/h").headless);
  CHECK(world.service("default/h").cluster_ips.empty());
  CHECK_FALSE(world.service("default/h").programmed());
  CHECK(world.service("default/e").type == ServiceType::external_name);
  CHECK(world.service("default/e").external_name == "example.com");
  CHECK(world.service("default/e").cluster_ips.empty());
  CHECK(world.service("default/c").health_check_node_port == 0);
}

TEST_CASE("a Service that the API refuses is resolved as far as it makes sense") {
  const World world(service(
      "clusterIP: 10.96.0.300, externalIPs: [nonsense, 198.51.100.7], type: Strange, sessionAffinity: ClientIP, "
      "sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}, ports: [{name: a, port: 0}, {name: b, port: 81, "
      "protocol: tcp, nodePort: 70000}]"));
  CHECK(world.diagnostics.has_errors());
  const cluster::Service& web = world.service("default/web");
  CHECK(web.type == ServiceType::cluster_ip);
  REQUIRE(web.cluster_ips.size() == 1);  // planned in the place of what is no address
  CHECK(web.cluster_ips[0].planned);
  REQUIRE(web.external_ips.size() == 1);
  CHECK(web.affinity_seconds == 10800U);
  REQUIRE(web.ports.size() == 1);
  CHECK(web.ports[0].index == 1);
  CHECK(web.ports[0].node_port == 0);
}

TEST_CASE("of two Services of one name the later one counts") {
  const World world(service("ports: [{port: 80}]") + service("ports: [{port: 81}]"));
  REQUIRE(world.cluster().services.size() == 1);
  CHECK(world.cluster().services[0].ports[0].port == 81);
}

}  // namespace portcullis::tests
