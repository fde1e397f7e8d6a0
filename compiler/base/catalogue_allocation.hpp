// PC2036-PC2049: node ports, cluster IPs and families against what the cluster has.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto allocation_rules = std::to_array<Rule>({
    {.code = "PC2036",
     .name = "node-port-out-of-range",
     .severity = Severity::error,
     .explanation = "A node port lies outside the range of node ports that the profile gives.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 8080}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080}])",
     .fix = "Use a number of the range, or leave it out to have one allocated.",
     .reported = true},
    {.code = "PC2037",
     .name = "node-port-taken",
     .severity = Severity::error,
     .explanation = "Two Services name one node port. A number belongs to one Service in the whole cluster, whatever "
                    "the protocol.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080, protocol: TCP}]
---
apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  type: NodePort
  selector: {app: dns}
  ports: [{port: 80, nodePort: 30080, protocol: UDP}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: 30080, protocol: TCP}]
---
apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  type: NodePort
  selector: {app: dns}
  ports: [{port: 80, nodePort: 30081, protocol: UDP}])",
     .fix = "Give each Service a number of its own.",
     .reported = true},
    {.code = "PC2038",
     .name = "cluster-ip-taken",
     .severity = Severity::error,
     .explanation = "Two Services name one cluster IP.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.9
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec:
  clusterIP: 10.96.0.9
  selector: {app: api}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.9
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec:
  clusterIP: 10.96.0.10
  selector: {app: api}
  ports: [{port: 80}])",
     .fix = "Leave the address out of one of them, or choose another.",
     .reported = true},
    {.code = "PC2039",
     .name = "cluster-ip-out-of-range",
     .severity = Severity::error,
     .explanation =
         "A cluster IP lies outside the cluster's Service ranges, or is an address of them that is never given out.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/16]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 172.20.0.9
  selector: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/16]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.9
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Leave the address out, or correct the profile's ranges.",
     .reported = true},
    {.code = "PC2040",
     .name = "node-ports-exhausted",
     .severity = Severity::error,
     .explanation = "The Services need more node ports than the range holds.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodePortRange: "30000-30001"
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  type: NodePort
  selector: {app: a}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec:
  type: NodePort
  selector: {app: b}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: c}
spec:
  type: NodePort
  selector: {app: c}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodePortRange: "30000-30001"
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  type: NodePort
  selector: {app: a}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec:
  type: NodePort
  selector: {app: b}
  ports: [{port: 80}])",
     .fix = "Widen the range, or set `allocateLoadBalancerNodePorts: false` where the balancer does without.",
     .reported = true},
    {.code = "PC2041",
     .name = "dual-stack-unavailable",
     .severity = Severity::error,
     .explanation = "A Service demands an address family that the cluster does not have.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/12]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilyPolicy: RequireDualStack)",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  serviceCIDRs: [10.96.0.0/12]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  ipFamilyPolicy: PreferDualStack)",
     .fix = "Ask for PreferDualStack, which takes what is there.",
     .reported = true},
});

}  // namespace portcullis::base
