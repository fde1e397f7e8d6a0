// PC35xx: host ports and host network. PC36xx: workloads. PC37xx: address families.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto workload_rules = std::to_array<Rule>({
    {.code = "PC3501",
     .name = "host-port",
     .severity = Severity::warning,
     .explanation = "A container takes a port of its node."},
    {.code = "PC3502",
     .name = "host-network",
     .severity = Severity::warning,
     .explanation = "A pod shares the network of its node."},
    {.code = "PC3503",
     .name = "host-port-limits-replicas",
     .severity = Severity::error,
     .explanation = "A workload with a host port wants more pods than there are nodes that can take one: two pods with "
                    "one host port never share a node. A warning where the nodes are assumed. Reported by `check`.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodes: [{name: n1, addresses: [192.0.2.1]}, {name: n2, addresses: [192.0.2.2]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge}
spec:
  replicas: 3
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge}}
    spec:
      containers: [{name: main, image: edge, ports: [{containerPort: 8080, hostPort: 8443}]}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodes: [{name: n1, addresses: [192.0.2.1]}, {name: n2, addresses: [192.0.2.2]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge}
spec:
  replicas: 2
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge}}
    spec:
      containers: [{name: main, image: edge, ports: [{containerPort: 8080, hostPort: 8443}]}])",
     .fix = "Ask for fewer replicas, take a Service instead of the host port, or add nodes.",
     .reported = true},
    {.code = "PC3504",
     .name = "host-port-taken",
     .severity = Severity::error,
     .explanation = "Two workloads that may share a node claim one host port.",
     .example = R"(apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 9100}]}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: exporter}
spec:
  selector: {matchLabels: {app: exporter}}
  template:
    metadata: {labels: {app: exporter}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 9100}]}])",
     .fixed = R"(apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 9100}]}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: exporter}
spec:
  selector: {matchLabels: {app: exporter}}
  template:
    metadata: {labels: {app: exporter}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 9101}]}])",
     .fix = "Give one of them another host port, or keep them off the same nodes.",
     .reported = true},
    {.code = "PC3505",
     .name = "container-port-taken-in-pod",
     .severity = Severity::warning,
     .explanation = "Two containers of a pod declare one port, but they share one network."},
    {.code = "PC3506",
     .name = "host-port-shadowed-by-service",
     .severity = Severity::error,
     .explanation =
         "A host port, or a port of a pod on the host network, equals a port that a Service answers for on the "
         "node. Its packets go to the Service, and the pod never sees them. Reported by `check`.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 30080}]}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 9100}]}])",
     .fix = "Give one of them another port, outside of the node port range.",
     .reported = true},
    {.code = "PC3507",
     .name = "reserved-port",
     .severity = Severity::error,
     .explanation = "A host port or a node port takes a port that the nodes need themselves (SSH, the kubelet, the API "
                    "server, or what the profile reserves). Reported by `check`.",
     .example = R"(apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 10250}]}])",
     .fixed = R"(apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: main, image: agent, ports: [{containerPort: 8080, hostPort: 9100}]}])",
     .fix = "Take another port; correct `reservedPorts` of the profile if the nodes do not need this one.",
     .reported = true},
    {.code = "PC3508",
     .name = "host-network-dns",
     .severity = Severity::info,
     .explanation = "A host-network pod uses the resolver of its node and cannot find Services by name."},
    {.code = "PC3509",
     .name = "host-port-loopback-or-wildcard-mix",
     .severity = Severity::warning,
     .explanation = "One pod claims a host port twice, with and without an address."},
    {.code = "PC3601",
     .name = "probe-port-unknown",
     .severity = Severity::error,
     .explanation = "A probe names a port that its container does not have."},
    {.code = "PC3602",
     .name = "no-readiness-probe",
     .severity = Severity::info,
     .explanation = "A pod behind a Service has no readiness probe, so it gets traffic before it can answer."},
    {.code = "PC3603",
     .name = "selector-template-mismatch",
     .severity = Severity::error,
     .explanation = "A workload does not select its own pods."},
    {.code = "PC3604",
     .name = "selectors-overlap",
     .severity = Severity::warning,
     .explanation = "Two workloads select each other's pods."},
    {.code = "PC3605",
     .name = "single-endpoint",
     .severity = Severity::info,
     .explanation = "An exposed Service has one endpoint only."},
    {.code = "PC3606",
     .name = "service-name-env-collision",
     .severity = Severity::warning,
     .explanation = "The environment variables of a Service collide with those that a container reads."},
    {.code = "PC3607",
     .name = "unknown-service-name",
     .severity = Severity::info,
     .explanation = "A value of the pod names a Service that does not exist."},
    {.code = "PC3701",
     .name = "family-without-endpoints",
     .severity = Severity::warning,
     .explanation = "A Service has an address of a family in which it has no endpoint."},
    {.code = "PC3702",
     .name = "policy-single-family",
     .severity = Severity::warning,
     .explanation = "A policy of one address family stands in front of a dual-stack Service."},
});

}  // namespace portcullis::base
