#include "clusters.hpp"

#include <algorithm>

namespace portcullis::trace::test {

namespace {

cluster::Node node(std::string name, std::string_view own, std::string_view pods) {
  cluster::Node n;
  n.name = std::move(name);
  n.addresses = {address(own)};
  n.primary_v4 = address(own);
  n.pod_cidrs = {*net::Prefix::parse(pods)};
  return n;
}

cluster::Pod pod(std::string name, std::string node, std::string_view at) {
  cluster::Pod p;
  p.ns = "default";
  p.name = std::move(name);
  p.node = std::move(node);
  p.addresses = {address(at)};
  return p;
}

}  // namespace

cluster::Cluster two_nodes(cluster::Dialect dialect) {
  cluster::Cluster c;
  c.profile.dialect = dialect;
  c.profile.service_cidrs = {*net::Prefix::parse("10.3.240.0/20")};
  c.profile.pod_cidrs = {*net::Prefix::parse("10.0.0.0/14")};
  c.profile.detector = {cluster::DetectMode::cluster_cidr, c.profile.pod_cidrs, {}};
  c.nodes = {node("node-a", "10.100.0.2", "10.0.1.0/24"), node("node-b", "10.100.0.3", "10.0.2.0/24")};
  c.pods = {pod("client", "node-a", "10.0.1.9"), pod("test-1", "node-a", "10.0.1.2"),
            pod("test-2", "node-b", "10.0.2.2")};
  return c;
}

cluster::Service& add_service(cluster::Cluster& cluster, std::string name, std::string_view cluster_ip,
                              std::uint16_t node_port) {
  cluster::Service s;
  s.ns = "default";
  s.name = std::move(name);
  s.type = node_port == 0 ? cluster::ServiceType::cluster_ip : cluster::ServiceType::node_port;
  s.families = {net::Family::ipv4};
  s.cluster_ips = {{address(cluster_ip), false, {}}};
  cluster::ServicePort port;
  port.port = 80;
  port.node_port = node_port;
  s.ports = {port};
  cluster.services.push_back(std::move(s));
  return cluster.services.back();
}

void add_endpoint(cluster::Service& service, std::string_view at, std::uint16_t port, std::string node) {
  cluster::Endpoint e;
  e.address = address(at);
  e.port = port;
  e.node = std::move(node);
  service.ports.front().endpoints.push_back(std::move(e));
}

cluster::Service& add_service_test(cluster::Cluster& cluster) {
  cluster::Service& s = add_service(cluster, "service-test", "10.3.241.152", 32213);
  add_endpoint(s, "10.0.1.2", 8080, "node-a");
  add_endpoint(s, "10.0.2.2", 8080, "node-b");
  return s;
}

}  // namespace portcullis::trace::test
