// PC1xxx: the manifest itself.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto manifest_rules = std::to_array<Rule>({
    {.code = "PC1001",
     .name = "yaml-syntax",
     .severity = Severity::error,
     .explanation = "A document cannot be parsed as YAML or JSON. The other documents of the file are still read.",
     .example = R"(kind: Service
	metadata: {name: web})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Correct the line that the finding points at; YAML indents with spaces only, and text with `: ` in it "
            "needs quotes.",
     .reported = true},
    {.code = "PC1002",
     .name = "template-not-rendered",
     .severity = Severity::error,
     .explanation = "A document holds Helm template actions: it is the source of a manifest, not a manifest.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports:
  - port: {{ .Values.port }})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Render the chart first: `helm template CHART | portcullis lint -`.",
     .reported = true},
    {.code = "PC1003",
     .name = "duplicate-key",
     .severity = Severity::error,
     .explanation = "One mapping has the same key twice. The API server keeps the last value without a word, so the "
                    "first is lost.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
  selector: {app: api})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Keep one of the two.",
     .reported = true},
    {.code = "PC1004",
     .name = "unknown-field",
     .severity = Severity::error,
     .explanation = "A type that portcullis reads has no field of this name. Strict validation refuses it; without it "
                    "the value is dropped silently.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selectors: {app: web}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Correct the spelling, or remove the field.",
     .reported = true},
    {.code = "PC1005",
     .name = "wrong-type",
     .severity = Severity::error,
     .explanation =
         "A field holds a value of another type than the API asks for, such as a bare number where a string is due.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {version: 1.0}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {version: "1.0"}
  ports: [{port: 80}])",
     .fix = "Quote what has to be text; take the quotes off what has to be a number.",
     .reported = true},
    {.code = "PC1006",
     .name = "not-an-object",
     .severity = Severity::error,
     .explanation =
         "A document has `kind` or `apiVersion` but not both, or a file that was named holds no Kubernetes object.",
     .example = R"(kind: Service
metadata: {name: web}
spec:
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Add the missing `apiVersion` or `kind`.",
     .reported = true},
    {.code = "PC1007",
     .name = "removed-api-version",
     .severity = Severity::error,
     .explanation = "The object uses an API version that current Kubernetes no longer serves.",
     .example = R"(apiVersion: discovery.k8s.io/v1beta1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5]}])",
     .fixed = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.244.1.5]}])",
     .fix = "Move the object to the version that is served.",
     .reported = true},
    {.code = "PC1008",
     .name = "deprecated-api-version",
     .severity = Severity::info,
     .explanation = "The object, field or annotation is still accepted, but has a successor.",
     .example = R"(apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets: [{addresses: [{ip: 203.0.113.5}], ports: [{port: 5432}]}])",
     .fixed = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{port: 5432}]
endpoints: [{addresses: [203.0.113.5]}])",
     .fix = "Move to the successor.",
     .reported = true},
    {.code = "PC1009",
     .name = "duplicate-object",
     .severity = Severity::error,
     .explanation = "Two documents define the same object. Applied together, the later one replaces the earlier.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: api}
  ports: [{port: 80}])",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}])",
     .fix = "Rename one, or lint variants apart with `--cluster NAME=PATH`.",
     .reported = true},
    {.code = "PC1010",
     .name = "patch-as-manifest",
     .severity = Severity::info,
     .explanation = "The file is a Kustomize patch: a fragment that makes sense only on top of its base."},
    {.code = "PC1011",
     .name = "nothing-to-join",
     .severity = Severity::info,
     .explanation = "Services of a namespace select pods and the input has no workload of that namespace, or its "
                    "Ingresses name Services and the input has none there: what refers to what cannot be checked.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}])",
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
      containers: [{name: main, image: web, ports: [{containerPort: 8080}]}])",
     .fix = "Add what is missing to the input, or say `complete: true` in .portcullis.yaml if there is no more.",
     .reported = true},
    {.code = "PC1012",
     .name = "suppression-without-reason",
     .severity = Severity::error,
     .explanation = "A finding is ignored without saying why, for an unknown code, or past its date."},
    {.code = "PC1013",
     .name = "suppression-unused",
     .severity = Severity::warning,
     .explanation = "A finding is ignored that is no longer there."},
    {.code = "PC1014",
     .name = "not-modelled",
     .severity = Severity::info,
     .explanation =
         "An object takes part in deciding traffic, but portcullis does not model its kind: results hold without it.",
     .example = R"(apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web}
spec: {endpointSelector: {}})",
     .fixed = R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {}
  policyTypes: [Ingress])",
     .fix = "Nothing has to be done; keep in mind that the answers hold without this object.",
     .reported = true},
    {.code = "PC1015",
     .name = "merged-key-set-again",
     .severity = Severity::warning,
     .explanation =
         "A mapping sets a key that its merge key `<<` brings as well. YAML lets the mapping's own value hold, "
         "and so does kubectl where the key follows the `<<`; an API server that decodes strictly refuses "
         "the document. An error where the key stands before the `<<`: there kubectl takes the merged value.",
     .example = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - &http {name: http, port: 80}
  - {<<: *http, name: alt, targetPort: 8080, port: 81})",
     .fixed = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - {name: http, port: 80}
  - {name: alt, targetPort: 8080, port: 81})",
     .fix = "Write the values out, or merge a mapping that leaves the key out.",
     .reported = true},
});

}  // namespace portcullis::base
