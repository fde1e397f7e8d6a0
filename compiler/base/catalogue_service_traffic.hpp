// PC2018-PC2035: what the API server refuses in the traffic settings and families of a Service, one code a rule.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto service_traffic_rules = std::to_array<Rule>({
    {.code = "PC2018",
     .name = "node-port-on-cluster-ip",
     .severity = Severity::error,
     .explanation = "A Service of type ClusterIP names a node port, which only NodePort and LoadBalancer have.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080}])",
     .fix = "Remove `nodePort`, or make the type NodePort.",
     .reported = true},
    {.code = "PC2019",
     .name = "node-port-twice",
     .severity = Severity::error,
     .explanation = "One Service gives the same node port to two entries of one protocol.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 80, nodePort: 30080}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30081}])",
     .fix = "Give each port a node port of its own, or leave the number out.",
     .reported = true},
    {.code = "PC2020",
     .name = "port-twice",
     .severity = Severity::error,
     .explanation = "One Service lists the same port number and protocol twice.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: a, port: 80}, {name: b, port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: a, port: 80}, {name: b, port: 81}])",
     .fix = "Remove one of the two.",
     .reported = true},
    {.code = "PC2021",
     .name = "source-ranges",
     .severity = Severity::error,
     .explanation =
         "loadBalancerSourceRanges holds something that is no CIDR, or stands on a Service that is no LoadBalancer.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
  loadBalancerSourceRanges: [203.0.113.0])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
  loadBalancerSourceRanges: [203.0.113.0/24])",
     .fix = "Write ranges as ADDRESS/LENGTH, on Services of type LoadBalancer only.",
     .reported = true},
    {.code = "PC2022",
     .name = "source-ranges-annotation",
     .severity = Severity::error,
     .explanation = "The source range annotation holds something that is no CIDR, or stands on a Service that is no "
                    "LoadBalancer.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web, annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: "203.0.113.0"}}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web, annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: "203.0.113.0/24"}}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Write ranges as ADDRESS/LENGTH separated by commas, on Services of type LoadBalancer only; better, use "
            "the field.",
     .reported = true},
    {.code = "PC2023",
     .name = "allocate-node-ports-misplaced",
     .severity = Severity::error,
     .explanation = "allocateLoadBalancerNodePorts stands on a Service that is no LoadBalancer.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  allocateLoadBalancerNodePorts: false)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
  allocateLoadBalancerNodePorts: false)",
     .fix = "Remove the field, or make the type LoadBalancer.",
     .reported = true},
    {.code = "PC2024",
     .name = "load-balancer-class",
     .severity = Severity::error,
     .explanation = "loadBalancerClass is no qualified name, or stands on a Service that is no LoadBalancer.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  loadBalancerClass: example.com/internal)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
  loadBalancerClass: example.com/internal)",
     .fix = "Remove the field, or make the type LoadBalancer; the name is `domain/name`.",
     .reported = true},
    {.code = "PC2025",
     .name = "external-traffic-policy",
     .severity = Severity::error,
     .explanation =
         "externalTrafficPolicy is neither Cluster nor Local, or the Service is not reachable from outside at all.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  externalTrafficPolicy: Local)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80}]
  externalTrafficPolicy: Local)",
     .fix = "Write Cluster or Local, on Services that are reachable from outside.",
     .reported = true},
    {.code = "PC2026",
     .name = "health-check-node-port",
     .severity = Severity::error,
     .explanation = "healthCheckNodePort stands on a Service that is no LoadBalancer with externalTrafficPolicy Local.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80}]
  healthCheckNodePort: 30100)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
  externalTrafficPolicy: Local
  healthCheckNodePort: 30100)",
     .fix = "Remove the field, or make the Service a LoadBalancer with externalTrafficPolicy Local.",
     .reported = true},
    {.code = "PC2027",
     .name = "internal-traffic-policy",
     .severity = Severity::error,
     .explanation = "internalTrafficPolicy is neither Cluster nor Local.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  internalTrafficPolicy: local)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  internalTrafficPolicy: Local)",
     .fix = "Write Cluster or Local.",
     .reported = true},
    {.code = "PC2028",
     .name = "traffic-distribution",
     .severity = Severity::error,
     .explanation = "trafficDistribution has a value that Kubernetes does not know.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  trafficDistribution: PreferNear)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  trafficDistribution: PreferClose)",
     .fix = "Use PreferClose, PreferSameZone or PreferSameNode.",
     .reported = true},
    {.code = "PC2029",
     .name = "cluster-ips-mismatch",
     .severity = Severity::error,
     .explanation = "clusterIP and the first entry of clusterIPs differ.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  clusterIP: 10.96.0.9
  clusterIPs: [10.96.0.10])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  clusterIP: 10.96.0.9
  clusterIPs: [10.96.0.9])",
     .fix = "Make both equal, or leave one out.",
     .reported = true},
    {.code = "PC2030",
     .name = "cluster-ips-invalid",
     .severity = Severity::error,
     .explanation = "clusterIPs holds something that is no address, too many entries, or two of one family.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  clusterIP: 10.96.0.300)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  clusterIP: 10.96.0.30)",
     .fix = "Give at most one address of each family, or leave it out.",
     .reported = true},
    {.code = "PC2031",
     .name = "ip-families",
     .severity = Severity::error,
     .explanation = "ipFamilies names an unknown family, one family twice, or contradicts the cluster IPs.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilies: [ipv4])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilies: [IPv4])",
     .fix = "List IPv4, IPv6 or both, the primary one first.",
     .reported = true},
    {.code = "PC2032",
     .name = "ip-family-policy",
     .severity = Severity::error,
     .explanation = "ipFamilyPolicy is not SingleStack, PreferDualStack or RequireDualStack.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilyPolicy: DualStack)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilyPolicy: PreferDualStack)",
     .fix = "Use SingleStack, PreferDualStack or RequireDualStack.",
     .reported = true},
    {.code = "PC2033",
     .name = "single-stack-with-two",
     .severity = Severity::error,
     .explanation = "A SingleStack Service lists two families or two addresses.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/12, "fd96::/108"]
  podCIDRs: [10.244.0.0/16, "fd44::/48"]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilyPolicy: SingleStack
  ipFamilies: [IPv4, IPv6])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/12, "fd96::/108"]
  podCIDRs: [10.244.0.0/16, "fd44::/48"]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilyPolicy: PreferDualStack
  ipFamilies: [IPv4, IPv6])",
     .fix = "Keep one family, or ask for PreferDualStack.",
     .reported = true},
    {.code = "PC2034",
     .name = "topology-annotations-differ",
     .severity = Severity::error,
     .explanation = "The old and the new topology annotation are both set and differ.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web, annotations: {service.kubernetes.io/topology-mode: Auto, service.kubernetes.io/topology-aware-hints: Disabled}}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web, annotations: {service.kubernetes.io/topology-mode: Disabled}}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Keep the newer one, `topology-mode`.",
     .reported = true},
    {.code = "PC2035",
     .name = "status-ingress",
     .severity = Severity::error,
     .explanation = "An entry of the load balancer status is malformed.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
status:
  loadBalancer: {ingress: [{ip: 198.51.100.300}]})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
status:
  loadBalancer: {ingress: [{ip: 198.51.100.30}]})",
     .fix = "Leave the status to the cluster, or correct the entry.",
     .reported = true},
});

}  // namespace portcullis::base
