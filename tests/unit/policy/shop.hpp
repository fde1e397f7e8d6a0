// The cluster that the tests of binding speak of: three nodes, a web front, a database, a gateway, and the odd ones
// out.
#pragma once

namespace portcullis::tests {

inline constexpr const char* shop = R"(
apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: p}
spec:
  serviceCIDRs: [10.96.0.0/12]
  podCIDRs: [10.244.0.0/16]
  zones: {vpn: [198.51.100.0/24]}
  nodes:
    - {name: n1, addresses: [192.168.0.11], primary: [192.168.0.11], podCIDRs: [10.244.1.0/24], labels: {role: edge}}
    - {name: n2, addresses: [192.168.0.12], primary: [192.168.0.12], podCIDRs: [10.244.2.0/24]}
    - {name: n3, addresses: [192.168.0.13], primary: [192.168.0.13], podCIDRs: [10.244.3.0/24]}
---
{apiVersion: v1, kind: Namespace, metadata: {name: empty}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop, labels: {app: web, tier: front}},
 spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]},
 status: {phase: Running, podIP: 10.244.1.10, podIPs: [{ip: 10.244.1.10}], conditions: [{type: Ready, status: "True"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, labels: {app: web, tier: front, canary: "yes"}},
 spec: {nodeName: n2, containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]},
 status: {phase: Running, podIP: 10.244.2.10, podIPs: [{ip: 10.244.2.10}], conditions: [{type: Ready, status: "True"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db-0, namespace: shop, labels: {app: db, tier: db}},
 spec: {nodeName: n3, containers: [{name: c, image: i, ports: [{name: pg, containerPort: 5432}]}]},
 status: {phase: Running, podIP: 10.244.3.10, podIPs: [{ip: 10.244.3.10}], conditions: [{type: Ready, status: "True"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent, namespace: kube-system, labels: {app: agent}},
 spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 9100}]}]},
 status: {phase: Running, podIP: 192.168.0.11, podIPs: [{ip: 192.168.0.11}], conditions: [{type: Ready, status: "True"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: proxy, namespace: edge, labels: {app: proxy}},
 spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{containerPort: 8443, hostPort: 443}]}]},
 status: {phase: Running, podIP: 10.244.1.20, podIPs: [{ip: 10.244.1.20}], conditions: [{type: Ready, status: "True"}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop, labels: {tier: front}},
 spec: {type: LoadBalancer, clusterIP: 10.96.0.80, selector: {app: web}, externalIPs: [203.0.113.80],
        ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}, {name: admin, port: 8443, nodePort: 30443}]},
 status: {loadBalancer: {ingress: [{ip: 192.0.2.80}]}}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop, labels: {tier: db}},
 spec: {clusterIP: 10.96.0.54, selector: {app: db}, ports: [{name: pg, port: 5432, targetPort: pg}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: db-pods, namespace: shop, labels: {tier: db}},
 spec: {clusterIP: None, selector: {app: db}, ports: [{name: pg, port: 5432, targetPort: pg}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: dns, namespace: kube-system},
 spec: {clusterIP: 10.96.0.10, ports: [{name: dns, protocol: UDP, port: 53}, {name: dns-tcp, port: 53}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: gateway, namespace: edge},
 spec: {type: NodePort, clusterIP: 10.96.0.90, selector: {app: proxy}, ports: [{port: 443, targetPort: 8443, nodePort: 30090}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: mail, namespace: edge},
 spec: {type: LoadBalancer, clusterIP: 10.96.0.25, allocateLoadBalancerNodePorts: false, selector: {app: mail},
        ports: [{port: 25}]}, status: {loadBalancer: {ingress: [{ip: 192.0.2.25}]}}}
---
{apiVersion: v1, kind: Service, metadata: {name: grafana, namespace: ops},
 spec: {clusterIP: 10.96.0.30, selector: {app: grafana}, ports: [{name: http, port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: legacy, namespace: shop},
 spec: {clusterIP: 10.96.0.81, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: elsewhere, namespace: ops}, spec: {type: ExternalName, externalName: example.com}}
---
{apiVersion: v1, kind: Service, metadata: {name: foreign, namespace: ops, labels: {service.kubernetes.io/service-proxy-name: x}},
 spec: {clusterIP: 10.96.0.31, selector: {app: web}, ports: [{port: 80}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: shop, namespace: shop},
 spec: {rules: [{host: shop.example.com, http: {paths: [
   {path: /cart, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}},
   {path: /health, pathType: Exact, backend: {service: {name: web, port: {name: http}}}}]}},
   {host: "*.example.org", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]}}
)";

}  // namespace portcullis::tests
