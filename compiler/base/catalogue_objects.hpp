// PC2050-PC2099: what the API server refuses in other objects.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto object_rules = std::to_array<Rule>({
    {.code = "PC2050",
     .name = "ingress-host",
     .severity = Severity::error,
     .explanation = "An Ingress host is an address, carries a port or scheme, or has its wildcard in the wrong place.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - host: "shop.example.com:443"
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Write the bare host name; a wildcard is the whole first label.",
     .reported = true},
    {.code = "PC2051",
     .name = "ingress-path-type",
     .severity = Severity::error,
     .explanation = "An Ingress path has no pathType, an unknown one, or a path that its type does not allow.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        backend: {service: {name: web, port: {number: 80}}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Set pathType to Prefix, Exact or ImplementationSpecific, and start the path with `/`.",
     .reported = true},
    {.code = "PC2052",
     .name = "ingress-backend",
     .severity = Severity::error,
     .explanation = "An Ingress backend names no Service, no port, or contradicts itself; or the Ingress has neither "
                    "rules nor a default backend.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  defaultBackend: {service: {name: web}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}})",
     .fix = "Name the Service and one of its port's number and name.",
     .reported = true},
    {.code = "PC2053",
     .name = "ingress-class-contradiction",
     .severity = Severity::error,
     .explanation = "The class field and the class annotation of an Ingress differ.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {kubernetes.io/ingress.class: nginx}}
spec:
  ingressClassName: haproxy
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: haproxy
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Remove the annotation.",
     .reported = true},
    {.code = "PC2054",
     .name = "two-default-ingress-classes",
     .severity = Severity::warning,
     .explanation =
         "More than one IngressClass says that it is the default. An Ingress without a class gets the one that "
         "was created last; older API servers refuse it.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: a
  annotations: {ingressclass.kubernetes.io/is-default-class: "true"}
spec: {controller: example.com/a}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: b
  annotations: {ingressclass.kubernetes.io/is-default-class: "true"}
spec: {controller: example.com/b})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: a
  annotations: {ingressclass.kubernetes.io/is-default-class: "true"}
spec: {controller: example.com/a}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: b}
spec: {controller: example.com/b})",
     .fix = "Keep one of the annotations.",
     .reported = true},
    {.code = "PC2060",
     .name = "endpoint-slice-invalid",
     .severity = Severity::error,
     .explanation =
         "An EndpointSlice or Endpoints object breaks a rule of the API: address family, address, port or size.",
     .example = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [fd44::5]}])",
     .fixed = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5]}])",
     .fix = "Correct the field that the finding names; a slice holds addresses of one family only.",
     .reported = true},
    {.code = "PC2070",
     .name = "network-policy-invalid",
     .severity = Severity::error,
     .explanation = "A NetworkPolicy breaks a rule of the API.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Inbound])",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress])",
     .fix = "Correct the field that the finding names.",
     .reported = true},
    {.code = "PC2080",
     .name = "container-port-invalid",
     .severity = Severity::error,
     .explanation = "A container port has a number, name, protocol or host port that the API refuses.",
     .example = R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: main
    image: web
    ports: [{containerPort: 80800}])",
     .fixed = R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: main
    image: web
    ports: [{containerPort: 8080}])",
     .fix = "Correct the field that the finding names; port names have at most 15 characters.",
     .reported = true},
    {.code = "PC2090",
     .name = "gateway-invalid",
     .severity = Severity::error,
     .explanation = "A Gateway or route breaks a rule of the Gateway API."},
});

}  // namespace portcullis::base
