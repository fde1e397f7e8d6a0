// PC2100-PC2199: planning, the lock file and the profile.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto planning_rules = std::to_array<Rule>({
    {.code = "PC2100",
     .name = "ambiguous-endpoint",
     .severity = Severity::warning,
     .explanation = "Several slices of a Service list one endpoint address and port on different nodes, so its place "
                    "is undecided.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5], nodeName: node-a}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5], nodeName: node-b}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5], nodeName: node-a}])",
     .fix = "Keep one slice for the endpoint.",
     .reported = true},
    {.code = "PC2101",
     .name = "planned-address",
     .severity = Severity::info,
     .explanation = "The input gives no address, so planning chose one.",
     .example = R"(apiVersion: v1
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
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: web, ports: [{containerPort: 8080}]}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5], nodeName: node-a}])",
     .fix = "Nothing has to be done; give slices or pods with addresses to compile for what is there.",
     .reported = true},
    {.code = "PC2102",
     .name = "lock-contradicted",
     .severity = Severity::warning,
     .explanation = "The input gives another value than the lock file. The input wins.",
     .fix = "Write the lock file again with `--write-lock`.",
     .reported = true},
    {.code = "PC2103",
     .name = "allocation-moved",
     .severity = Severity::info,
     .explanation = "Two names hash to one slot, so that the allocation of one of them depends on the other. A lock "
                    "file keeps it still.",
     .fix = "Keep a lock file (`--write-lock`), so that neither moves when the other goes.",
     .reported = true},
    {.code = "PC2104",
     .name = "addresses-exhausted",
     .severity = Severity::error,
     .explanation = "A range has no free address left for what planning must place in it.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/30]
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  selector: {app: a}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec:
  selector: {app: b}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/30]
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  selector: {app: a}
  ports: [{port: 80}])",
     .fix = "Give the profile a larger range.",
     .reported = true},
    {.code = "PC2110",
     .name = "profile-invalid",
     .severity = Severity::error,
     .explanation =
         "A field of the cluster profile or of the kube-proxy configuration has a value that cannot be used.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  masqueradeBit: 32)",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  masqueradeBit: 14)",
     .fix = "Correct the value that the finding points at.",
     .reported = true},
    {.code = "PC2111",
     .name = "profile-contradiction",
     .severity = Severity::error,
     .explanation = "Two documents of the profile give different values for one setting.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  dialect: nftables
---
apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: node}
spec:
  dialect: iptables)",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  dialect: nftables)",
     .fix = "Keep one of the two values.",
     .reported = true},
    {.code = "PC2112",
     .name = "profile-overrides-kube-proxy",
     .severity = Severity::info,
     .explanation = "A profile field differs from the kube-proxy configuration in the input. The profile wins.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  dialect: nftables
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables)",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  dialect: nftables
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables)",
     .fix = "Nothing has to be done if the profile is right; else remove the field from it.",
     .reported = true},
});

}  // namespace portcullis::base
