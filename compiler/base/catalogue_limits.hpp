// PC5xxx: what a backend cannot do, and texts that cannot be read. PC6xxx: proofs.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto limits_rules = std::to_array<Rule>({
    {.code = "PC5001",
     .name = "backend-protocol",
     .severity = Severity::error,
     .explanation = "The target cannot serve a protocol that a Service port needs. A warning where it can if the "
                    "node's kernel has the modules for it, as with SCTP.",
     .fix = "Make sure that the node loads the modules that the head of the ruleset lists.",
     .reported = true},
    {.code = "PC5002",
     .name = "backend-feature",
     .severity = Severity::error,
     .explanation = "The target has no form for something that the cluster asks for. Only a note where the rules are "
                    "emitted and foreign rules of the node could still decide otherwise.",
     .fix = "Use another backend, or change the value.",
     .reported = true},
    {.code = "PC5003",
     .name = "backend-capacity",
     .severity = Severity::error,
     .explanation = "Something exceeds what a table, map or set of the target holds. Only a note where the target "
                    "forgets the oldest entries, as with the clients that session affinity remembers.",
     .fix = "Enough for most Services; raise the limit where the hint says how, or use another backend.",
     .reported = true},
    {.code = "PC5004",
     .name = "affinity-timeout-not-exact",
     .severity = Severity::warning,
     .explanation = "The target rounds or caps the time for which session affinity remembers a client."},
    {.code = "PC5005",
     .name = "health-check-port-not-served",
     .severity = Severity::info,
     .explanation = "A health check node port needs an answer over HTTP, which packet rules cannot give."},
    {.code = "PC5006",
     .name = "ingress-annotation-not-modelled",
     .severity = Severity::warning,
     .explanation = "An annotation changes routing and the target does not implement it.",
     .fix = "Leave the annotation out, or let something in front of the proxy do what it asks for.",
     .reported = true},
    {.code = "PC5007",
     .name = "path-needs-regex",
     .severity = Severity::warning,
     .explanation = "A path is compiled to a regular expression that is tried in turn instead of a look-up."},
    {.code = "PC5008",
     .name = "udp-flows-stay",
     .severity = Severity::info,
     .explanation = "Known UDP flows outlive a change of endpoints unless conntrack is cleaned up."},
    {.code = "PC5009",
     .name = "dialect-difference",
     .severity = Severity::info,
     .explanation = "The two dialects answer some packet of the object differently."},
    {.code = "PC5010",
     .name = "ir-text",
     .severity = Severity::error,
     .explanation = "A file that should hold a program in its text form (`compile --to ir` writes it) has a line that "
                    "is no line of one.",
     .fix = "Write the line as `compile --to ir` would.",
     .reported = true},
    {.code = "PC5012",
     .name = "iptables-text",
     .severity = Severity::error,
     .explanation = "A dump of iptables rules has a line that cannot be read: a target, option or value that is not "
                    "known. Leaving it out would change what the rules mean.",
     .fix = "Take the dump with `iptables-save`; leave out tables that have nothing to do with Services.",
     .reported = true},
    {.code = "PC5014",
     .name = "nftables-text",
     .severity = Severity::error,
     .explanation = "A dump of nftables rules has a line that cannot be read: a statement, expression or value that is "
                    "not known. Leaving it out would change what the rules mean.",
     .fix = "Take the dump with `nft list ruleset`; leave out tables that have nothing to do with Services.",
     .reported = true},
    {.code = "PC5015",
     .name = "ebpf-text",
     .severity = Severity::error,
     .explanation =
         "The tables of a node (`node.pcl`, which `compile --to ebpf` writes) have a line that is no line of "
         "such a file. Leaving it out would change what the tables mean.",
     .fix = "Compile the file anew; it is not made to be edited.",
     .reported = true},
    {.code = "PC6001",
     .name = "refuted",
     .severity = Severity::error,
     .explanation = "What was to be proved is false. The finding has a packet that shows it, where there is one, and "
                    "stands at the line of the manifest that decides. Reported by `check`.",
     .fix = "Change what the line says; if the traffic is meant, change the sentence, or except what it is about.",
     .policy = R"(forbid host-port)",
     .policy_fixed = R"(forbid host-port except in namespace edge)",
     .reported = true},
    {.code = "PC6002",
     .name = "unknown",
     .severity = Severity::error,
     .explanation =
         "The sentence is neither proved nor refuted: the step limit was reached, or an object that is not "
         "modelled could change the answer. It counts as not proved: the exit status is 3. Reported by `check` "
         "and `verify`.",
     .fix = "The finding says what stood in the way: raise `--limit`, or put the sentence in other words.",
     .reported = true},
    {.code = "PC6003",
     .name = "vacuous",
     .severity = Severity::error,
     .explanation =
         "The sentence holds only because no packet meets its condition, so that it says nothing. Reported by "
         "`check`.",
     .fix = "Correct the zone or the target; remove the sentence if what it was about is gone.",
     .reported = true},
    {.code = "PC6004",
     .name = "ruleset-differs",
     .severity = Severity::error,
     .explanation = "A ruleset and the manifests give a packet different fates. The finding names the packet and both "
                    "answers. Reported by `verify`.",
     .fix = "Compile and load the ruleset anew, or bring the manifests to what the node does.",
     .reported = true},
    {.code = "PC6005",
     .name = "foreign-rule-decides",
     .severity = Severity::warning,
     .explanation =
         "A node's ruleset differs from the manifests, and the rule that decides the packet is none of portcullis' "
         "but one that somebody has put beside them. The finding stands at that rule. Reported by `verify`.",
     .fix = "Remove the foreign rule, or let it pass the packets that Services are about.",
     .reported = true},
    {.code = "PC6006",
     .name = "lost-with-node",
     .severity = Severity::error,
     .explanation =
         "A sentence with `surviving` holds as long as all nodes are there, and no longer when those that the "
         "finding names are lost. Reported by `check`.",
     .fix = "Let the pods run on more nodes, or ask to survive fewer.",
     .policy = R"(reachable from internet to service shop/db surviving any 1 node)",
     .policy_fixed = R"(reachable from internet to service shop/web surviving any 1 node)",
     .reported = true},
    {.code = "PC6007",
     .name = "placement-conflict",
     .severity = Severity::error,
     .explanation =
         "No placement of the workloads gives each of their pods its host ports: some pod cannot run, whatever "
         "the scheduler does. Reported by `check`.",
     .example = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodes: [{name: n1, addresses: [192.0.2.1]}, {name: n2, addresses: [192.0.2.2]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  replicas: 1
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers: [{name: main, image: a, ports: [{containerPort: 8080, hostPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
spec:
  replicas: 1
  selector: {matchLabels: {app: b}}
  template:
    metadata: {labels: {app: b}}
    spec:
      containers: [{name: main, image: b, ports: [{containerPort: 8080, hostPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: c}
spec:
  replicas: 1
  selector: {matchLabels: {app: c}}
  template:
    metadata: {labels: {app: c}}
    spec:
      containers: [{name: main, image: c, ports: [{containerPort: 8080, hostPort: 8080}]}])",
     .fixed = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: cluster}
spec:
  nodes: [{name: n1, addresses: [192.0.2.1]}, {name: n2, addresses: [192.0.2.2]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  replicas: 1
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers: [{name: main, image: a, ports: [{containerPort: 8080, hostPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
spec:
  replicas: 1
  selector: {matchLabels: {app: b}}
  template:
    metadata: {labels: {app: b}}
    spec:
      containers: [{name: main, image: b, ports: [{containerPort: 8080, hostPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: c}
spec:
  replicas: 1
  selector: {matchLabels: {app: c}}
  template:
    metadata: {labels: {app: c}}
    spec:
      containers: [{name: main, image: c, ports: [{containerPort: 8080, hostPort: 8081}]}])",
     .fix = "Give one of them another host port, or let them run on more nodes.",
     .reported = true},
    {.code = "PC6008",
     .name = "replay-disagrees",
     .severity = Severity::error,
     .explanation =
         "The solver's counterexample is none when the interpreter plays it through: a defect of portcullis. "
         "Nothing is said of the input then; the exit status is 70. No waiver takes it.",
     .fix = "Please report it, with the command line and the input that shows it.",
     .reported = true},
    {.code = "PC6009",
     .name = "reach-widened",
     .severity = Severity::warning,
     .explanation = "Packets reach a workload that did not reach it in the version before: one finding for where they "
                    "come from (internet, pods, nodes), the workload and its port. Reported by `diff`.",
     .fix = "If the traffic is not meant, take back what the line says.",
     .reported = true},
    {.code = "PC6010",
     .name = "reach-lost",
     .severity = Severity::warning,
     .explanation = "Packets no longer reach a workload that reached it in the version before; an error if a sentence "
                    "`reachable` of a policy (`-p`) demands that they do. Reported by `diff`.",
     .fix = "If the traffic is still meant, bring back what the line says.",
     .reported = true},
    {.code = "PC6011",
     .name = "guard-spelled-around",
     .severity = Severity::warning,
     .explanation =
         "A rule of an Ingress refuses a request because of who sends it, and the same request with its path "
         "spelled otherwise (`//admin`, `/x/../admin`, `/%61dmin`) gets to the same Service by another rule. "
         "Only an info if few servers read the path as the same one. Reported by `check`.",
     .fix = "Guard the rule that lets it through, too, or have the Service refuse paths in other spellings.",
     .reported = true},
    {.code = "PC6012",
     .name = "guard-missing-at-host",
     .severity = Severity::warning,
     .explanation = "A rule of an Ingress refuses a request because of who sends it, and the same request at another "
                    "host of the same controller gets to the same Service. Reported by `check`.",
     .fix = "Guard the rules of the other host in the same way, or give it another Service.",
     .reported = true},
    {.code = "PC6013",
     .name = "route-without-endpoint",
     .severity = Severity::error,
     .explanation = "A rule of an Ingress sends requests to a Service of the input that has no endpoint: they are "
                    "answered with 503 or the like. A warning if only a share of them goes there. Said of namespaces "
                    "of which the input has pods or endpoints. Reported by `check`.",
     .fix = "Correct the Service's selector or its EndpointSlices, or send the rule elsewhere.",
     .reported = true},
});

}  // namespace portcullis::base
