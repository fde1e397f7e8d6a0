// Clusters of two nodes: addresses of samples/worked-example.
#pragma once

#include "compiler/cluster/cluster.hpp"

namespace portcullis::trace::test {

[[nodiscard]] inline net::Address address(std::string_view text) {
  return *net::Address::parse(text);
}

// node-a 10.100.0.2 with pods in 10.0.1.0/24, node-b 10.100.0.3 with 10.0.2.0/24, services in 10.3.240.0/20.
[[nodiscard]] cluster::Cluster two_nodes(cluster::Dialect dialect);

// default/service-test: 10.3.241.152:80, node port 32213, pods 10.0.1.2 on node-a and 10.0.2.2 on node-b.
[[nodiscard]] cluster::Service& add_service_test(cluster::Cluster& cluster);
// Without endpoints.
[[nodiscard]] cluster::Service& add_service(cluster::Cluster& cluster, std::string name, std::string_view cluster_ip,
                                            std::uint16_t node_port);
void add_endpoint(cluster::Service& service, std::string_view at, std::uint16_t port, std::string node);

}  // namespace portcullis::trace::test
