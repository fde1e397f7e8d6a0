// Typed reading: unknown fields, wrong types, repeated keys, what null means.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using manifest::test::read_string;
using manifest::test::Reading;

namespace {

// A finding as `CODE field: message`, and its hint.
struct Row {
  const char* spec;  // of a Service
  std::vector<std::string> findings;
  const char* hint = nullptr;
};

std::vector<std::string> with_fields(const Reading& reading) {
  std::vector<std::string> out;
  for (const auto& d : reading.diagnostics.all()) out.push_back(d.code + " " + d.field + ": " + d.message);
  return out;
}

Reading service(const std::string& spec) {
  return read_string("apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: " + spec + "\n");
}

}  // namespace

TEST_CASE("fields of a Service are checked as strict decoding does") {
  const Row rows[] = {
      {"{ports: [{port: 80}], selector: {app: web}}", {}},
      {"{prots: []}", {"PC1004 spec.prots: Service has no field `prots`; did you mean `ports`?"}},
      {"{Ports: []}", {"PC1004 spec.Ports: Service has no field `Ports`; did you mean `ports`?"}},
      {"{EXTERNALIPS: []}",
       {"PC1004 spec.EXTERNALIPS: Service has no field `EXTERNALIPS`; did you mean `externalIPs`?"}},
      {"{nonsense: 1}", {"PC1004 spec.nonsense: Service has no field `nonsense`"}},
      {"{ports: [{port: 80}, {prot: 81}]}",
       {"PC1004 spec.ports[1].prot: Service has no field `prot`; did you mean `port`?"}},
      {"{ports: {port: 80}}", {"PC1005 spec.ports: `ports` must be a list, this is a map"}},
      {"{ports: [80]}", {"PC1005 spec.ports[0]: `ports[0]` must be a map, this is the number `80`"}},
      {"{ports: [[]]}", {"PC1005 spec.ports[0]: `ports[0]` must be a map, this is a list"}},
      {"{ports: [{port: '80'}]}",
       {"PC1005 spec.ports[0].port: `port` must be a number, this is the string `'80'`"},
       "write it without quotes: `80`"},
      {"{ports: [{port: http}]}",
       {"PC1005 spec.ports[0].port: `port` must be a number, this is the string `http`"},
       ""},
      {"{ports: [{port: yes}]}", {"PC1005 spec.ports[0].port: `port` must be a number, this is the boolean `yes`"}, ""},
      {"{ports: [{port: 80.5}]}",
       {"PC1005 spec.ports[0].port: `port` must be a whole number, this is the number `80.5`"},
       ""},
      {"{ports: [{port: 4294967376}]}",
       {"PC1005 spec.ports[0].port: `port` must be a 32-bit number, this is the number `4294967376`"},
       ""},
      {"{ports: [{port: 99999999999999999999}]}",
       {"PC1005 spec.ports[0].port: `port` must be a 32-bit number, this is the number `99999999999999999999`"},
       ""},
      {"{ports: [{targetPort: true}]}",
       {"PC1005 spec.ports[0].targetPort: `targetPort` must be a number or a string, this is the boolean `true`"},
       ""},
      {"{ports: [{name: 80}]}",
       {"PC1005 spec.ports[0].name: `name` must be a string, this is the number `80`"},
       "quote it: `\"80\"`"},
      {"{ports: [{name: on}]}",
       {"PC1005 spec.ports[0].name: `name` must be a string, this is the boolean `on`"},
       "`on` is a boolean in YAML 1.1; quote it: `\"on\"`"},
      {"{selector: {version: 1.0}}",
       {"PC1005 spec.selector[version]: `version` must be a string, this is the number `1.0`"},
       "quote it: `\"1.0\"`"},
      {"{selector: [a]}", {"PC1005 spec.selector: `selector` must be a map, this is a list"}},
      {"{externalIPs: 198.51.100.7}",
       {"PC1005 spec.externalIPs: `externalIPs` must be a list, this is the string `198.51.100.7`"}},
      {"{externalIPs: [198.51.100.7, 7]}",
       {"PC1005 spec.externalIPs[1]: `externalIPs[1]` must be a string, this is the number `7`"}},
      {"{publishNotReadyAddresses: 'true'}",
       {"PC1005 spec.publishNotReadyAddresses: `publishNotReadyAddresses` must be a boolean, this is the string "
        "`'true'`"},
       "write it without quotes: `true`"},
      {"{ports: [{port: .inf}]}",
       {"PC1005 spec.ports[0].port: `.inf` is a number that JSON does not have, so no field can hold it"}},
      {"{ports: [{port: !!int abc}]}", {"PC1005 spec.ports[0].port: `abc` is not what its tag says"}},
      {"{type: NodePort, type: ClusterIP}",
       {"PC1003 spec.type: `type` is set twice: `ClusterIP` here, `NodePort` on line 4; the API server takes the last"},
       "remove one"},
      {"{ports: [], ports: []}",
       {"PC1003 spec.ports: `ports` is set twice: here and on line 4; the API server takes the last"}},
      {"{selector: {yes: a, \"true\": b}}",
       {"PC1003 spec.selector.true: `true` is set twice: `b` here, `a` on line 4; the API server takes the last"}},
      {"5", {"PC1005 spec: `spec` must be a map, this is the number `5`"}},
      {"null", {}},
      {"{type: 1, clusterIP: 2}",
       {"PC1005 spec.type: `type` must be a string, this is the number `1`",
        "PC1005 spec.clusterIP: `clusterIP` must be a string, this is the number `2`"}},
  };
  for (const Row& row : rows) {
    INFO(row.spec);
    const Reading reading = service(row.spec);
    CHECK(with_fields(reading) == row.findings);
    REQUIRE(reading.input.objects.size() == 1);
    // A scalar in the place of a string is read as it is written: the object is kept.
    CHECK(reading.input.objects.front().broken == std::ranges::any_of(row.findings, [](const std::string& finding) {
            return finding.find("must be a string") == std::string::npos;
          }));
    CHECK_FALSE(reading.input.unreadable);
    for (const auto& d : reading.diagnostics.all()) {
      CHECK(d.object == base::ObjectRef{"Service", "shop", "web"});
      CHECK(d.reason == base::Reason::none);
      if (row.hint != nullptr) CHECK(d.hint == row.hint);
    }
  }
}

TEST_CASE("null leaves a field alone, and is the zero value inside lists and maps") {
  const Reading reading =
      service("{type: ~, selector: {app: }, externalIPs: [~], ports: [~, {port: null}], sessionAffinityConfig: null}");
  CHECK(reading.lines().empty());
  const auto& service = reading.body<manifest::Service>();
  CHECK_FALSE(service.type);
  REQUIRE(service.selector);
  CHECK(service.selector->entries.at(0).value.value.empty());
  REQUIRE(service.external_ips.size() == 1);
  CHECK(service.external_ips[0].value.empty());
  CHECK(service.ports.size() == 2);
  CHECK_FALSE(service.session_affinity_config_place.known());
}

TEST_CASE("unknown fields of pod templates are warnings and leave the object whole") {
  const Reading reading = read_string(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      hostnetwork: "
      "true\n"
      "      containers: [{name: c, ports: [{containerport: 80}], readinessProbe: {httpget: {}}, env: [{anything: "
      "1}]}]\n");
  CHECK(with_fields(reading) ==
        std::vector<std::string>{
            "PC1004 spec.template.spec.hostnetwork: Deployment has no field `hostnetwork`; did you mean `hostNetwork`?",
            "PC1004 spec.template.spec.containers[0].ports[0].containerport: Deployment has no field `containerport`; "
            "did you mean "
            "`containerPort`?",
            "PC1004 spec.template.spec.containers[0].readinessProbe.httpget: Deployment has no field `httpget`; did "
            "you mean `httpGet`?"});
  for (const auto& d : reading.diagnostics.all()) CHECK(d.severity == base::Severity::warning);
  CHECK_FALSE(reading.input.objects.front().broken);
}

TEST_CASE("metadata of live dumps is known, and checked") {
  const std::string head = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n";
  CHECK(read_string(head + "  creationTimestamp: 2026-01-31T12:00:00Z\n  uid: x\n  resourceVersion: '5'\n  generation: "
                           "3\n  finalizers: [a]\n"
                           "  managedFields: [{manager: k, operation: Update, apiVersion: v1, time: "
                           "'2026-01-31T12:00:00Z', fieldsType: FieldsV1,"
                           " fieldsV1: {'f:a': {}}}]\n  ownerReferences: [{apiVersion: v1, kind: Node, name: node, "
                           "uid: u, controller: true}]\n"
                           "status: {phase: Active}\n")
            .lines()
            .empty());
  CHECK(read_string(head + "  creationTimestamp: null\n").lines().empty());
  CHECK(read_string(head + "  creationTimestamp: 2026-01-31\n").lines().size() == 1);
  CHECK(read_string(head + "  generation: '3'\n").lines().size() == 1);
  CHECK(read_string(head + "  annotations: {a: true}\n").lines() ==
        std::vector<std::string>{"PC1005 5:20 `a` must be a string, this is the boolean `true`"});
}

TEST_CASE("directives of a strategic merge patch are no unknown fields") {
  CHECK(read_string("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n$patch: delete\n").lines().empty());
}

TEST_CASE("a value through an alias is reported where it stands, with the use beside it") {
  const Reading reading = read_string(
      "apiVersion: v1\nkind: Service\nmetadata: {name: web, annotations: {a: &n '80'}}\nspec:\n  ports:\n  - port: "
      "*n\n");
  REQUIRE(reading.lines() ==
          std::vector<std::string>{"PC1005 3:43 `port` must be a number, this is the string `'80'`"});
  const auto& finding = reading.diagnostics.all().front();
  CHECK(finding.field == "spec.ports[0].port");
  REQUIRE(finding.related.size() == 1);
  CHECK(reading.sources.begin(finding.related[0].span) == base::Position{6, 11});
}

TEST_CASE("merge keys bring what a map does not say itself") {
  const Reading reading = read_string(
      "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: &s {app: web, tier: a}\n  ports:\n"
      "  - &p {port: 80, name: one}\n  - <<: *p\n    name: two\n  - {name: three, <<: [{port: 81, name: no}, *p]}\n");
  const auto& ports = reading.body<manifest::Service>().ports;
  REQUIRE(ports.size() == 3);
  CHECK(ports[1].port->value == 80);
  CHECK(ports[1].name->value == "two");
  CHECK(ports[2].port->value == 81);
  CHECK(ports[2].name->value == "three");
}

// `key "name" already set in map` is what an API server with strict field validation says to each of these (its decoder
// carries out a merge where the `<<` stands, and takes what comes later without that validation).
TEST_CASE("a key that a merge brings as well is told") {
  struct Row {
    const char* ports;
    std::vector<std::string> findings;
    base::Severity severity = base::Severity::warning;
  };
  const char* const strict = "an API server that decodes strictly refuses that";
  const Row rows[] = {
      {"  - &p {port: 80, name: one}\n  - {<<: *p, targetPort: 8080}\n", {}},
      {"  - &p {port: 80, name: one}\n  - {<<: *p, name: two}\n",
       {fmt::format("PC1015 7:14 `name` is set here and brought by the `<<` on line 7; {}", strict)}},
      {"  - &p {port: 80, name: one}\n  - {name: two, <<: *p}\n",
       {"PC1015 7:6 `name` is set here and brought by the `<<` on line 7; YAML keeps this value, kubectl takes the "
        "merged "
        "one"},
       base::Severity::error},
      {"  - &p {port: 80, name: one}\n  - {<<: [*p, {port: 81}]}\n",
       {fmt::format("PC1015 7:6 `port` is brought twice; {}", strict)}},
      {"  - &p {port: 80, name: one}\n  - {<<: *p, <<: {port: 81}}\n",
       {"PC1015 7:14 `port` is brought twice; YAML keeps the first value, kubectl takes the last"},
       base::Severity::error},
  };
  for (const Row& row : rows) {
    INFO(row.ports);
    const Reading reading =
        read_string(std::string("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n") + row.ports);
    CHECK(reading.lines() == row.findings);
    for (const auto& d : reading.diagnostics.all()) {
      CHECK(d.severity == row.severity);
      CHECK(d.field.starts_with("spec.ports[1]."));
    }
  }
}
