// PC31xx: what is reachable from outside.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto exposure_rules = std::to_array<Rule>({
    {.code = "PC3101",
     .name = "external-ips",
     .severity = Severity::warning,
     .explanation =
         "External IPs draw the traffic of any address to a Service; whoever may create Services may take it."},
    {.code = "PC3102",
     .name = "frontend-taken",
     .severity = Severity::error,
     .explanation = "Two Services claim the same address, protocol and port. Which of them answers is left to chance.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  externalIPs: [198.51.100.7]
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec:
  externalIPs: [198.51.100.7]
  selector: {app: api}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  externalIPs: [198.51.100.7]
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec:
  externalIPs: [198.51.100.8]
  selector: {app: api}
  ports: [{port: 80}])",
     .fix = "Give one of them another address or port.",
     .reported = true},
    {.code = "PC3103",
     .name = "frontend-on-node-address",
     .severity = Severity::warning,
     .explanation =
         "A Service address is also the address of a node, and takes a port there that another Service or the "
         "node itself has. Reported by `check`.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodes: [{name: n1, addresses: [192.0.2.1]}]
---
apiVersion: v1
kind: Service
metadata: {name: gateway}
spec:
  externalIPs: [192.0.2.1]
  selector: {app: gateway}
  ports: [{port: 22}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodes: [{name: n1, addresses: [192.0.2.1]}]
---
apiVersion: v1
kind: Service
metadata: {name: gateway}
spec:
  externalIPs: [198.51.100.7]
  selector: {app: gateway}
  ports: [{port: 22}])",
     .fix = "Give the Service an address that no node has, or another port.",
     .reported = true},
    {.code = "PC3104",
     .name = "load-balancer-open-to-world",
     .severity = Severity::warning,
     .explanation = "A load balancer admits every source address."},
    {.code = "PC3105",
     .name = "source-ranges-miss-family",
     .severity = Severity::warning,
     .explanation = "Source ranges name one address family; the Service also has the other, which stays closed or open "
                    "by accident."},
    {.code = "PC3106",
     .name = "source-ranges-bypassed-by-node-port",
     .severity = Severity::warning,
     .explanation = "Source ranges guard the balancer address, but the node ports of the same Service stay open."},
    {.code = "PC3107",
     .name = "node-port-exposed",
     .severity = Severity::warning,
     .explanation = "A node port opens the Service on every address of every node."},
    {.code = "PC3108",
     .name = "ingress-and-load-balancer-mixed",
     .severity = Severity::warning,
     .explanation =
         "A workload behind an Ingress is also reached by a load balancer or node port, past the Ingress with "
         "its TLS, its hosts and its rules about sources. Not where the balancer of the Ingress stands "
         "outside the cluster and comes in by this node port.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Make the Service of type ClusterIP.",
     .reported = true},
    {.code = "PC3109",
     .name = "source-address-lost",
     .severity = Severity::info,
     .explanation = "Traffic from outside arrives with a node's source address although something behind the Service "
                    "looks at it."},
    {.code = "PC3110",
     .name = "local-policy-single-node",
     .severity = Severity::warning,
     .explanation = "externalTrafficPolicy is Local and the endpoints stand on fewer nodes than are needed."},
    {.code = "PC3111",
     .name = "static-node-port",
     .severity = Severity::info,
     .explanation = "A fixed node port lies in the band from which Kubernetes hands out ports by itself."},
    {.code = "PC3112",
     .name = "http-options-on-l4-balancer",
     .severity = Severity::info,
     .explanation =
         "A load balancer Service asks by annotation for TLS or HTTP, or three and more of a namespace serve HTTP "
         "on 80 and 443: a balancer serves one Service, without hosts and paths.",
     .example = R"(apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-ssl-ports: https
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{name: https, port: 443, targetPort: 8080}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Share one address by an Ingress or Gateway.",
     .reported = true},
    {.code = "PC3113",
     .name = "sensitive-port-exposed",
     .severity = Severity::warning,
     .explanation = "A port of a database or administrative protocol is reachable from outside the cluster."},
});

}  // namespace portcullis::base
