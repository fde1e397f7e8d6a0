#include "tests/bench/cluster_text.hpp"

#include <iterator>

#include <fmt/format.h>

namespace portcullis::bench {

namespace {

constexpr std::size_t node_port_every = 20;
constexpr std::size_t node_ports = 2600;

struct Numbers {
  std::size_t service;
  [[nodiscard]] std::string cluster_ip() const {
    const std::size_t n = service + 10;
    return fmt::format("10.{}.{}.{}", 96 + n / 65536, n / 256 % 256, n % 256);
  }
  [[nodiscard]] std::size_t node_port() const {
    const std::size_t n = service / node_port_every;
    return service % node_port_every == 0 && n < node_ports ? 30100 + n : 0;
  }
};

std::string pod_ip(std::size_t n) {
  return fmt::format("10.{}.{}.{}", 128 + n / 62500, n / 250 % 250, 1 + n % 250);
}

template <class Out>
void profile_yaml(Out out, const Size& size) {
  fmt::format_to(out,
                 "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nmetadata:\n  name: bench\nspec:\n  podCIDRs:\n  "
                 "- 10.128.0.0/9\n  nodes:\n");
  for (std::size_t i = 0; i < size.nodes; ++i) {
    fmt::format_to(out,
                   "  - name: node-{0}\n    zone: zone-{1}\n    addresses:\n    - 192.168.10.{2}\n    primary:\n    - "
                   "192.168.10.{2}\n",
                   i, i % 3, 10 + i);
  }
}

template <class Out>
void service_yaml(Out out, Numbers n) {
  const std::size_t node_port = n.node_port();
  fmt::format_to(out,
                 "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: svc-{0:05}\n  namespace: bench\n  labels:\n   "
                 " app.kubernetes.io/name: svc-{0:05}\nspec:\n"
                 "  type: {1}\n  clusterIP: {2}\n  clusterIPs:\n  - {2}\n  ipFamilies:\n  - IPv4\n  ipFamilyPolicy: "
                 "SingleStack\n  internalTrafficPolicy: Cluster\n"
                 "  sessionAffinity: None\n  selector:\n    app.kubernetes.io/name: svc-{0:05}\n  ports:\n  - name: "
                 "http\n    port: 80\n    protocol: TCP\n    targetPort: 8080\n",
                 n.service, node_port != 0 ? "NodePort" : "ClusterIP", n.cluster_ip());
  if (node_port != 0) fmt::format_to(out, "    nodePort: {}\n", node_port);
}

template <class Out>
void slice_yaml(Out out, std::size_t service, const Size& size) {
  fmt::format_to(out, "---\naddressType: IPv4\napiVersion: discovery.k8s.io/v1\nendpoints:\n");
  for (std::size_t i = 0; i < size.endpoints; ++i) {
    const std::size_t n = service * size.endpoints + i;
    const std::size_t node = n % size.nodes;
    fmt::format_to(out,
                   "- addresses:\n  - {}\n  conditions:\n    ready: true\n    serving: true\n    terminating: false\n  "
                   "nodeName: node-{}\n  zone: zone-{}\n",
                   pod_ip(n), node, node % 3);
  }
  fmt::format_to(out,
                 "kind: EndpointSlice\nmetadata:\n  labels:\n    kubernetes.io/service-name: svc-{0:05}\n  name: "
                 "svc-{0:05}-a\n  namespace: bench\nports:\n- name: http\n  port: 8080\n  protocol: TCP\n",
                 service);
}

template <class Out>
void service_json(Out out, Numbers n) {
  const std::size_t node_port = n.node_port();
  fmt::format_to(out,
                 R"(,
    {{"apiVersion": "v1", "kind": "Service", "metadata": {{"name": "svc-{0:05}", "namespace": "bench", "labels": {{"app.kubernetes.io/name": "svc-{0:05}"}}}},
      "spec": {{"type": "{1}", "clusterIP": "{2}", "clusterIPs": ["{2}"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None", "selector": {{"app.kubernetes.io/name": "svc-{0:05}"}},
        "ports": [{{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080{3}}}]}}}})",
                 n.service, node_port != 0 ? "NodePort" : "ClusterIP", n.cluster_ip(),
                 node_port != 0 ? fmt::format(", \"nodePort\": {}", node_port) : "");
}

template <class Out>
void slice_json(Out out, std::size_t service, const Size& size) {
  fmt::format_to(out,
                 R"(,
    {{"addressType": "IPv4", "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {{"name": "svc-{0:05}-a", "namespace": "bench",
      "labels": {{"kubernetes.io/service-name": "svc-{0:05}"}}}}, "ports": [{{"name": "http", "port": 8080, "protocol": "TCP"}}], "endpoints": [)",
                 service);
  for (std::size_t i = 0; i < size.endpoints; ++i) {
    const std::size_t n = service * size.endpoints + i;
    const std::size_t node = n % size.nodes;
    fmt::format_to(out, R"({}
      {{"addresses": ["{}"], "conditions": {{"ready": true, "serving": true, "terminating": false}}, "nodeName": "node-{}", "zone": "zone-{}"}})",
                   i == 0 ? "" : ",", pod_ip(n), node, node % 3);
  }
  fmt::format_to(out, "]}}");
}

}  // namespace

std::string yaml_text(const Size& size) {
  std::string text;
  const auto out = std::back_inserter(text);
  profile_yaml(out, size);
  for (std::size_t i = 0; i < size.services; ++i) {
    service_yaml(out, Numbers{i});
    slice_yaml(out, i, size);
  }
  return text;
}

std::string json_text(const Size& size) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, R"({{"apiVersion": "v1", "kind": "List", "items": [
    {{"apiVersion": "portcullis.dev/v1", "kind": "ClusterProfile", "metadata": {{"name": "bench"}}, "spec": {{"podCIDRs": ["10.128.0.0/9"], "nodes": [)");
  for (std::size_t i = 0; i < size.nodes; ++i) {
    fmt::format_to(
        out,
        R"({0}{{"name": "node-{1}", "zone": "zone-{2}", "addresses": ["192.168.10.{3}"], "primary": ["192.168.10.{3}"]}})",
        i == 0 ? "" : ", ", i, i % 3, 10 + i);
  }
  fmt::format_to(out, "]}}}}");
  for (std::size_t i = 0; i < size.services; ++i) {
    service_json(out, Numbers{i});
    slice_json(out, i, size);
  }
  fmt::format_to(out, "\n]}}\n");
  return text;
}

}  // namespace portcullis::bench
