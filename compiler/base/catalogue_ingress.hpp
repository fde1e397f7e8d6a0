// PC3201–PC3206: hosts, paths and backends of Ingresses.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto ingress_rules = std::to_array<Rule>({
    {.code = "PC3201",
     .name = "ingress-backend-missing",
     .severity = Severity::error,
     .explanation =
         "An Ingress sends requests to a Service that its namespace does not have, although the input has other "
         "Services of it. A backend never leaves the namespace of its Ingress.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: webs}
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
     .fix = "Correct the name, or add the Service to the namespace of the Ingress.",
     .reported = true},
    {.code = "PC3202",
     .name = "ingress-backend-port",
     .severity = Severity::error,
     .explanation =
         "An Ingress names a port that its backend Service does not have. It is the port of the Service that "
         "counts, not its target port.",
     .example = R"(apiVersion: v1
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
            backend: {service: {name: web, port: {number: 8080}}})",
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
     .fix = "Name a port of the Service.",
     .reported = true},
    {.code = "PC3203",
     .name = "ingress-route-taken",
     .severity = Severity::error,
     .explanation =
         "Two Ingresses of one class, or two rules of one Ingress, claim the same host and path for different "
         "backends (a warning where the backends are equal). Who wins is said where the controller is known. Also "
         "reported where nginx would refuse its whole configuration, because two paths make the same location.",
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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: api, port: {number: 80}}})",
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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /api
            pathType: Prefix
            backend: {service: {name: api, port: {number: 80}}})",
     .fix = "Give one of them another path, or remove it.",
     .reported = true},
    {.code = "PC3204",
     .name = "ingress-path-shadowed",
     .severity = Severity::warning,
     .explanation =
         "No request ever reaches a path: the rules that its controller puts in front of it take all of them. It is "
         "computed on the routes that the controller makes of the Ingresses; regular expressions are compared by "
         "`check` only.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /cart
            pathType: Exact
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
          - path: /cart
            pathType: Exact
            backend: {service: {name: cart, port: {number: 80}}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /cart
            pathType: Exact
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
          - path: /cart
            pathType: Prefix
            backend: {service: {name: cart, port: {number: 80}}})",
     .fix = "Remove the path, or make it more specific than the one that takes its requests.",
     .reported = true},
    {.code = "PC3205",
     .name = "ingress-host-split",
     .severity = Severity::info,
     .explanation =
         "Ingresses of several namespaces serve one host. The age of an Ingress decides who gets a path, not its "
         "namespace.",
     .example = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /blog
            pathType: Prefix
            backend: {service: {name: blog, port: {number: 80}}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  tls: [{hosts: [blog.example.com], secretName: shop-tls}]
  rules:
    - host: blog.example.com
      http:
        paths:
          - path: /blog
            pathType: Prefix
            backend: {service: {name: blog, port: {number: 80}}})",
     .fix = "Give each namespace hosts of its own, or share the host by a Gateway with ReferenceGrants.",
     .reported = true},
    {.code = "PC3206",
     .name = "ingress-catch-all",
     .severity = Severity::warning,
     .explanation =
         "A rule without a host, or a default backend without rules, takes the requests for every host that no "
         "other rule has; a note where the Ingress is the only one of its class. Not for solvers of ACME, nor where "
         "the profile gives the controller `allowCatchAll`.",
     .example = R"(apiVersion: v1
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
  rules:
    - http:
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
     .fix = "Name the host.",
     .reported = true},
});

}  // namespace portcullis::base
