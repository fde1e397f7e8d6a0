// Pieces of a cluster with Ingresses of class nginx: three nodes, pods, Services, a controller behind a balancer.
#pragma once

#include <string>

#include <fmt/format.h>

namespace portcullis::tests {

inline constexpr const char* nodes = R"(
apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: p}
spec:
  serviceCIDRs: [10.96.0.0/12]
  podCIDRs: [10.244.0.0/16]
  nodes:
    - {name: n1, addresses: [192.168.0.11], primary: [192.168.0.11], podCIDRs: [10.244.1.0/24]}
    - {name: n2, addresses: [192.168.0.12], primary: [192.168.0.12], podCIDRs: [10.244.2.0/24]}
    - {name: n3, addresses: [192.168.0.13], primary: [192.168.0.13], podCIDRs: [10.244.3.0/24]}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}, spec: {controller: k8s.io/ingress-nginx}}
---
)";

inline std::string pod(const std::string& ns, const std::string& name, const std::string& app, const std::string& node,
                       const std::string& ip, const std::string& port) {
  return fmt::format(
      "{{apiVersion: v1, kind: Pod, metadata: {{name: {1}, namespace: {0}, labels: {{app: {2}}}}},\n"
      " spec: {{nodeName: {3}, containers: [{{name: c, image: i, ports: [{{containerPort: {5}}}]}}]}},\n"
      " status: {{phase: Running, podIP: {4}, podIPs: [{{ip: {4}}}], conditions: [{{type: Ready, status: "
      "\"True\"}}]}}}}\n"
      "---\n",
      ns, name, app, node, ip, port);
}

inline std::string service(const std::string& name, const std::string& address) {
  return fmt::format(
      "{{apiVersion: v1, kind: Service, metadata: {{name: {0}, namespace: shop}},\n"
      " spec: {{clusterIP: {1}, selector: {{app: {0}}}, ports: [{{port: 80, targetPort: 8080}}]}}}}\n---\n",
      name, address);
}

// The controller: two pods behind a balancer. `policy` is its externalTrafficPolicy; `ranges`: who may use it, and
// there are no node ports then.
inline std::string controller(const std::string& policy, const std::string& ranges = "") {
  const std::string more =
      ranges.empty() ? ""
                     : fmt::format("loadBalancerSourceRanges: [{}], allocateLoadBalancerNodePorts: false,", ranges);
  return pod("edge", "c-1", "c", "n1", "10.244.1.2", "80") + pod("edge", "c-2", "c", "n2", "10.244.2.2", "80") +
         fmt::format(
             "{{apiVersion: v1, kind: Service, metadata: {{name: ingress-nginx-controller, namespace: edge}},\n"
             " spec: {{type: LoadBalancer, clusterIP: 10.96.0.2, selector: {{app: c}}, externalTrafficPolicy: {},{}\n"
             "        ports: [{{name: http, port: 80, targetPort: 80{}}},\n"
             "                {{name: https, port: 443, targetPort: 80{}}}]}},\n"
             " status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.80}}]}}}}}}\n---\n",
             policy, more, ranges.empty() ? ", nodePort: 30080" : "", ranges.empty() ? ", nodePort: 30443" : "");
}

inline std::string ingress(const std::string& name, const std::string& annotations, const std::string& host,
                           const std::string& paths, const std::string& more = "") {
  return fmt::format(
      "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: {}, namespace: shop, "
      "annotations: {{{}}}}},\n"
      " spec: {{ingressClassName: nginx,{} rules: [{{host: \"{}\", http: {{paths: [{}]}}}}]}}}}\n---\n",
      name, annotations, more, host, paths);
}
inline std::string path(const std::string& type, const std::string& path, const std::string& service) {
  return fmt::format("{{pathType: {}, path: {}, backend: {{service: {{name: {}, port: {{number: 80}}}}}}}},", type,
                     path, service);
}

}  // namespace portcullis::tests
