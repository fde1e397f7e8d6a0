// PC30xx: Services and their endpoints.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto endpoints_rules = std::to_array<Rule>({
    {.code = "PC3001",
     .name = "service-selects-nothing",
     .severity = Severity::warning,
     .explanation = "The selector of a Service matches no pod of its namespace, although the input has pods there."},
    {.code = "PC3002",
     .name = "service-without-endpoints",
     .severity = Severity::warning,
     .explanation = "A Service has no selector, and no EndpointSlice or Endpoints of the input belongs to it."},
    {.code = "PC3003",
     .name = "target-port-name-unknown",
     .severity = Severity::error,
     .explanation = "A target port is a name that no container of the selected pods has for this protocol."},
    {.code = "PC3004",
     .name = "target-port-not-declared",
     .severity = Severity::info,
     .explanation = "A target port is a number that the selected containers, which do declare ports, do not declare."},
    {.code = "PC3005",
     .name = "service-selects-different-workloads",
     .severity = Severity::info,
     .explanation = "One Service balances over workloads that offer different ports, or over the pods of a Job."},
    {.code = "PC3006",
     .name = "endpoint-port-name-mismatch",
     .severity = Severity::error,
     .explanation =
         "A port of a Service has no counterpart of the same name and protocol in the EndpointSlices of that Service."},
    {.code = "PC3007",
     .name = "endpoint-is-a-service-ip",
     .severity = Severity::error,
     .explanation = "An endpoint address is itself the address of a Service. A translated packet is not translated "
                    "again, so it goes nowhere.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.20
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: alias-1, labels: {kubernetes.io/service-name: alias}}
addressType: IPv4
ports: [{name: "", port: 80}]
endpoints: [{addresses: [10.96.0.20]}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.20
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: alias-1, labels: {kubernetes.io/service-name: alias}}
addressType: IPv4
ports: [{name: "", port: 80}]
endpoints: [{addresses: [10.244.1.5]}])",
     .fix = "Point at the pods themselves, or use type ExternalName.",
     .reported = true},
    {.code = "PC3008",
     .name = "orphan-endpoint-slice",
     .severity = Severity::warning,
     .explanation =
         "An EndpointSlice belongs to no Service: it has no service-name label, or that Service does not exist.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, labels: {kubernetes.io/service-name: bd}}
addressType: IPv4
ports: [{name: "", port: 5432}]
endpoints: [{addresses: [203.0.113.5]}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: "", port: 5432}]
endpoints: [{addresses: [203.0.113.5]}])",
     .fix = "Give the slice the label `kubernetes.io/service-name` with the name of its Service.",
     .reported = true},
    {.code = "PC3009",
     .name = "quoted-port-number",
     .severity = Severity::error,
     .explanation = "A port is a string of digits. Strings are port names, and a port name needs a letter.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: "8080"}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}])",
     .fix = "Remove the quotes.",
     .reported = true},
    {.code = "PC3010",
     .name = "headless-with-balancing-fields",
     .severity = Severity::warning,
     .explanation = "A headless Service carries settings that only balancing has a use for."},
    {.code = "PC3011",
     .name = "statefulset-service",
     .severity = Severity::warning,
     .explanation = "The governing Service of a StatefulSet is missing, is not headless, or selects other pods."},
    {.code = "PC3012",
     .name = "external-name-target",
     .severity = Severity::warning,
     .explanation = "An ExternalName points to something that it cannot usefully be an alias of."},
    {.code = "PC3013",
     .name = "local-policy-without-local-endpoints",
     .severity = Severity::warning,
     .explanation =
         "internalTrafficPolicy is Local, but some nodes that may call the Service have no endpoint of their own."},
    {.code = "PC3014",
     .name = "session-affinity-lost",
     .severity = Severity::info,
     .explanation =
         "Clients of this Service come through an ingress controller, so that affinity by client address sees the "
         "controller only.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  sessionAffinity: ClientIP
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
     .fix = "Bind clients by a cookie of the controller.",
     .reported = true},
    {.code = "PC3015",
     .name = "port-name-protocol-mismatch",
     .severity = Severity::info,
     .explanation = "The name of a port speaks of another protocol than the port has."},
    {.code = "PC3016",
     .name = "udp-port-missing-protocol",
     .severity = Severity::warning,
     .explanation =
         "A port without a protocol is TCP, but the container declares the target port for UDP or SCTP only."},
});

}  // namespace portcullis::base
