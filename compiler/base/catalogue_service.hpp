// PC2001-PC2017: what the API server refuses in names, ports and addresses of a Service, one code a rule.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto service_rules = std::to_array<Rule>({
    {.code = "PC2001",
     .name = "service-name",
     .severity = Severity::error,
     .explanation = "The name of a Service becomes a DNS name and must be a DNS label: lower-case letters, digits and "
                    "hyphens, at most 63.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: Web_1}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web-1}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Choose a name of lower-case letters, digits and inner hyphens that starts with a letter or digit.",
     .reported = true},
    {.code = "PC2002",
     .name = "service-without-ports",
     .severity = Severity::error,
     .explanation = "A Service that is neither headless nor an ExternalName needs at least one port.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "List the ports that clients use.",
     .reported = true},
    {.code = "PC2003",
     .name = "load-balancer-kubelet-port",
     .severity = Severity::error,
     .explanation =
         "A LoadBalancer Service may not take port 10250, where every kubelet listens. API servers since 1.33 "
         "accept it; it is reported where the profile's `kubernetesVersion` is older.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec: {kubernetesVersion: "1.32"}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 10250}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec: {kubernetesVersion: "1.32"}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 443, targetPort: 10250}])",
     .fix = "Use another port.",
     .reported = true},
    {.code = "PC2004",
     .name = "headless-with-node-ports",
     .severity = Severity::error,
     .explanation = "A headless Service has no address to translate, so it cannot be of type NodePort or LoadBalancer.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: None
  selector: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Drop `clusterIP: None`, or make the type ClusterIP.",
     .reported = true},
    {.code = "PC2005",
     .name = "external-name-with-cluster-ip",
     .severity = Severity::error,
     .explanation = "An ExternalName Service is a DNS alias: it has no cluster IP and no address family.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ExternalName
  externalName: db.example.com
  clusterIP: 10.96.0.9)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ExternalName
  externalName: db.example.com)",
     .fix = "Remove the addresses and families.",
     .reported = true},
    {.code = "PC2006",
     .name = "external-name-invalid",
     .severity = Severity::error,
     .explanation = "The target of an ExternalName Service is missing or is no host name.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ExternalName
  externalName: "db.example.com:5432")",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ExternalName
  externalName: db.example.com)",
     .fix = "Give the bare DNS name, without scheme or port.",
     .reported = true},
    {.code = "PC2007",
     .name = "port-name-missing",
     .severity = Severity::error,
     .explanation = "A Service with several ports must name each of them.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}, {port: 443}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}, {name: https, port: 443}])",
     .fix = "Name every port.",
     .reported = true},
    {.code = "PC2008",
     .name = "port-name-invalid",
     .severity = Severity::error,
     .explanation = "A port name is no DNS label or is used twice in the Service.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}, {name: http, port: 81}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}, {name: alt, port: 81}])",
     .fix = "Use names of lower-case letters, digits and hyphens, each once.",
     .reported = true},
    {.code = "PC2009",
     .name = "port-out-of-range",
     .severity = Severity::error,
     .explanation = "A port number is not between 1 and 65535.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80000, targetPort: 8080}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Use a number from 1 to 65535.",
     .reported = true},
    {.code = "PC2010",
     .name = "protocol-unknown",
     .severity = Severity::error,
     .explanation = "The protocol of a port is not TCP, UDP or SCTP. Case counts.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: dns}
  ports: [{port: 53, protocol: udp}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: dns}
  ports: [{port: 53, protocol: UDP}])",
     .fix = "Write TCP, UDP or SCTP in capitals.",
     .reported = true},
    {.code = "PC2011",
     .name = "target-port-invalid",
     .severity = Severity::error,
     .explanation = "A target port is neither a number between 1 and 65535 nor a well-formed port name.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: web_port}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: web-port}])",
     .fix = "Give a number from 1 to 65535 or the name of a container port (at most 15 characters).",
     .reported = true},
    {.code = "PC2012",
     .name = "app-protocol-invalid",
     .severity = Severity::error,
     .explanation = "An appProtocol is no qualified name.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, appProtocol: "http 2"}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, appProtocol: kubernetes.io/h2c}])",
     .fix = "Use an IANA service name or `domain/name`.",
     .reported = true},
    {.code = "PC2013",
     .name = "selector-invalid",
     .severity = Severity::error,
     .explanation = "A selector key or value does not follow the syntax of labels.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: "web server"}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web-server}
  ports: [{port: 80}])",
     .fix = "Use label values of at most 63 letters, digits, `-`, `_` and `.`.",
     .reported = true},
    {.code = "PC2014",
     .name = "session-affinity-unknown",
     .severity = Severity::error,
     .explanation = "The session affinity is neither None nor ClientIP, or its settings contradict it.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  sessionAffinity: clientIP)",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  sessionAffinity: ClientIP)",
     .fix = "Write None or ClientIP.",
     .reported = true},
    {.code = "PC2015",
     .name = "affinity-timeout",
     .severity = Severity::error,
     .explanation = "The affinity timeout is not between 1 and 86400 seconds.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 600}})",
     .fix = "Give a time from 1 second to a day.",
     .reported = true},
    {.code = "PC2016",
     .name = "external-ip-invalid",
     .severity = Severity::error,
     .explanation = "An external IP is no address, or one that never leaves its host or link.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  externalIPs: [127.0.0.1])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  externalIPs: [198.51.100.7])",
     .fix = "Give an address that other machines can reach.",
     .reported = true},
    {.code = "PC2017",
     .name = "service-type-unknown",
     .severity = Severity::error,
     .explanation = "The Service type is not ClusterIP, NodePort, LoadBalancer or ExternalName.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: Nodeport
  selector: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Use ClusterIP, NodePort, LoadBalancer or ExternalName.",
     .reported = true},
});

}  // namespace portcullis::base
