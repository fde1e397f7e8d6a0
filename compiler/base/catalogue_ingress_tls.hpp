// PC3207–PC3214: TLS, classes, annotations and controllers of Ingresses.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto ingress_tls_rules = std::to_array<Rule>({
    {.code = "PC3207",
     .name = "ingress-without-tls",
     .severity = Severity::warning,
     .explanation =
         "A host is served without TLS: no TLS entry covers it, and no annotation says that TLS ends elsewhere. Not "
         "for `localhost` and names under `.local`, `.test` and `.internal`, nor where the profile gives the "
         "controller `tlsByDefault`.",
     .example = R"(apiVersion: networking.k8s.io/v1
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
     .fixed = R"(apiVersion: networking.k8s.io/v1
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
     .fix = "Add a TLS entry with the host.",
     .reported = true},
    {.code = "PC3208",
     .name = "ingress-tls-host-unused",
     .severity = Severity::warning,
     .explanation =
         "A TLS entry names a host that no rule of the Ingress serves: often a slip, which leaves the host that is "
         "meant without TLS.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: [shop.exmaple.com], secretName: shop-tls}]
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
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Correct the name, or remove it from the TLS entry.",
     .reported = true},
    {.code = "PC3209",
     .name = "ingress-tls-secret-missing",
     .severity = Severity::warning,
     .explanation =
         "A TLS entry names a Secret that the namespace does not have, although the input has Secrets of it, or "
         "objects of which a controller makes some.",
     .example = R"(apiVersion: networking.k8s.io/v1
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
            backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: Secret
metadata: {name: other-tls}
type: kubernetes.io/tls)",
     .fixed = R"(apiVersion: networking.k8s.io/v1
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
            backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: Secret
metadata: {name: shop-tls}
type: kubernetes.io/tls)",
     .fix = "Correct the name, or add the Secret.",
     .reported = true},
    {.code = "PC3210",
     .name = "ingress-class-unknown",
     .severity = Severity::warning,
     .explanation =
         "An Ingress names an IngressClass that the input does not have, or names none and none is the default. No "
         "controller takes it.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: ngnix
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx})",
     .fix = "Correct the name of the class, or list the controller in the profile.",
     .reported = true},
    {.code = "PC3211",
     .name = "ingress-snippet",
     .severity = Severity::warning,
     .explanation =
         "An annotation injects controller configuration, which may change routing in ways that cannot be checked, "
         "and gives whoever may write the Ingress what the controller has.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/server-snippet: return 200;
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
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
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Replace the snippet by annotations of their own.",
     .reported = true},
    {.code = "PC3212",
     .name = "ingress-regex-unescaped",
     .severity = Severity::warning,
     .explanation =
         "ingress-nginx reads all paths of a host as regular expressions, in every Ingress, once one of them has "
         "`use-regex` or a `rewrite-target`: Exact and Prefix paths of the others match the beginning of a path, in "
         "any case of letters.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/use-regex: "true"
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /a.*
            pathType: ImplementationSpecific
            backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /b
            pathType: Exact
            backend: {service: {name: web, port: {number: 80}}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/use-regex: "true"
spec:
  tls: [{hosts: [re.example.com], secretName: shop-tls}]
  rules:
    - host: re.example.com
      http:
        paths:
          - path: /a.*
            pathType: ImplementationSpecific
            backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /b
            pathType: Exact
            backend: {service: {name: web, port: {number: 80}}})",
     .fix = "Give the paths that are regular expressions a host of their own.",
     .reported = true},
    {.code = "PC3213",
     .name = "ingress-backend-is-headless-or-external",
     .severity = Severity::info,
     .explanation =
         "The backend is an ExternalName Service: whoever may change it sends the requests anywhere. Several "
         "controllers refuse it.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: ExternalName, externalName: example.org}
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
     .fix = "Send the requests to a Service of the cluster.",
     .reported = true},
    {.code = "PC3214",
     .name = "ingress-controller-retired",
     .severity = Severity::info,
     .explanation = "A workload runs the controller of ingress-nginx, which gets no fixes any more since March 2026.",
     .example = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: registry.k8s.io/ingress-nginx/controller:v1.12.0, ports: [{containerPort: 8080}]}])",
     .fixed = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: docker.io/haproxytech/kubernetes-ingress:3.1, ports: [{containerPort: 8080}]}])",
     .fix = "Move to Gateway API or another controller.",
     .reported = true},
});

}  // namespace portcullis::base
