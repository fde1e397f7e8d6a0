// Streams, lists, kinds: what is an object, what is passed over, what is said about whole documents.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using manifest::test::read_string;
using manifest::test::Reading;

namespace {

std::vector<std::string> names(const Reading& reading) {
  std::vector<std::string> out;
  for (const auto& object : reading.input.objects) out.push_back(manifest::reference(object).text());
  return out;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("documents of a stream") {
  const std::string a = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}";
  const std::string b = "{apiVersion: v1, kind: Namespace, metadata: {name: b}}";
  const std::vector<std::pair<std::string, Strings>> rows = {
      {a, {"Namespace a"}},
      {a + "\n---\n" + b, {"Namespace a", "Namespace b"}},
      {"---\n" + a + "\n---\n" + b + "\n---\n", {"Namespace a", "Namespace b"}},
      {"--- " + a + "\n--- # comment\n" + b, {"Namespace a", "Namespace b"}},
      {"---\n---\n# nothing\n---\n~\n---\n" + a, {"Namespace a"}},
      {a + "\n...\n---\n" + b + "\n...\n", {"Namespace a", "Namespace b"}},
      {a + "\r\n---\r\n" + b + "\r\n", {"Namespace a", "Namespace b"}},
      {"\xEF\xBB\xBF" + a, {"Namespace a"}},
      {"%YAML 1.1\n---\n" + a + "\n---\n" + b, {"Namespace a", "Namespace b"}},
      {"%TAG !s! tag:yaml.org,2002:\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: !s!str 5}}\n",
       {"Namespace 5"}},
      {"%YAML 1.1\n---\na: [\n---\n" + a + "\n---\n}\n---\n" + b, {"Namespace a", "Namespace b"}},
      {a + "\n---\na: b\n", {"Namespace a"}},
      {a + "\n---\n- a\n---\ntext\n", {"Namespace a"}},
      {a + "\n---not: a document\n", {"Namespace a"}},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(names(read_string(text)) == expected);
  }
}

TEST_CASE("lists are opened") {
  const Reading list = read_string(
      "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n- {apiVersion: v1, kind: Service, "
      "metadata: {name: a}}\n"
      "- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n"
      "- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Namespace, metadata: {name: inner}}]}\n");
  CHECK(list.lines().empty());
  CHECK(names(list) == Strings{"Service default/a", "Namespace inner"});
  CHECK(list.input.documents == 3);
  CHECK(list.input.passed_over == 1);
  CHECK(list.sources.begin(list.input.objects[0].place) == base::Position{5, 4});

  const Reading typed = read_string(
      "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n  spec: {nonsense: 1}\n- {kind: Service, "
      "metadata: {name: b, name: c}}\n");
  CHECK(names(typed) == Strings{"Service default/a", "Service default/c"});
  CHECK(typed.lines() ==
        Strings{"PC1004 5:10 Service has no field `nonsense`",
                "PC1003 6:39 `name` is set twice: `c` here, `b` on line 6; the API server takes the last"});
  CHECK(typed.input.objects[0].broken);
  CHECK(typed.input.objects[1].broken);
  CHECK(typed.diagnostics.all()[1].field == "metadata.name");

  CHECK(names(read_string(
            "{\"apiVersion\":\"v1\",\"kind\":\"NamespaceList\",\"items\":[{\"metadata\":{\"name\":\"a\"}}]}", true)) ==
        Strings{"Namespace a"});
}

TEST_CASE("several JSON objects in one text") {
  const std::string a = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a{\"}"}})";
  const std::string b = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}})";
  for (const char* between : {"", " ", "\n", "\n\n  "}) {
    CHECK(names(read_string(a + between + b + between, true)) == Strings{"Namespace a{\"}", "Namespace b"});
  }
  CHECK(read_string("", true).lines().size() == 1);
}

TEST_CASE("what is no object") {
  struct Row {
    const char* text;
    Strings findings;
    const char* hint = "";
    base::Severity severity = base::Severity::error;
  };
  const Row rows[] = {
      {"kind: Service\nmetadata: {name: web}\n",
       {"PC1006 1:7 this document has `kind: Service` but no `apiVersion`"},
       "add `apiVersion: v1`"},
      {"kind: Ingress\n",
       {"PC1006 1:7 this document has `kind: Ingress` but no `apiVersion`"},
       "add `apiVersion: networking.k8s.io/v1`"},
      {"kind: Widget\n",
       {"PC1006 1:7 this document has `kind: Widget` but no `apiVersion`"},
       "",
       base::Severity::warning},
      {"apiVersion: v1\nmetadata: {name: web}\n",
       {"PC1006 1:13 this document has `apiVersion: v1` but no `kind`"},
       "",
       base::Severity::warning},
      {"apiVersion: v1\nkind:\n",
       {"PC1006 1:13 this document has `apiVersion: v1` but no `kind`"},
       "",
       base::Severity::warning},
      {"apiVersion: 1\nkind: Service\n", {"PC1005 1:13 `apiVersion` must be a string, this is `1`"}},
      {"apiVersion: v1\nkind: {a: b}\n", {"PC1005 2:7 `kind` must be a string"}},
      {"", {"PC1006 1:1 `case` holds no Kubernetes object"}, "", base::Severity::warning},
      {"# nothing\n", {"PC1006 1:1 `case` holds no Kubernetes object"}, "", base::Severity::warning},
      {"a: b\n", {"PC1006 1:1 `case` holds no Kubernetes object"}, "", base::Severity::warning},
      {"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", {}},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Reading reading = read_string(row.text);
    CHECK(reading.lines() == row.findings);
    CHECK(reading.input.objects.empty());
    for (const auto& d : reading.diagnostics.all()) {
      CHECK(d.hint == row.hint);
      CHECK(d.severity == row.severity);
    }
  }
  const Reading lost = read_string("kind: Deployment\nmetadata: {name: web, namespace: shop}\n");
  CHECK(lost.input.lost == std::vector<base::ObjectRef>{{"Deployment", "shop", "web"}});
}

// `kubernetesVersion` of the profile decides, wherever it stands in the input.
TEST_CASE("a version that the profile's Kubernetes still serves is not removed") {
  const std::string slice = "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: a}\n";
  const auto profile = [](const char* version) {
    return std::string("---\napiVersion: portcullis.dev/v1\nkind: ClusterProfile\nspec: {kubernetesVersion: ") +
           version + "}\n";
  };
  const char* const removed =
      "PC1007 1:13 `discovery.k8s.io/v1beta1` EndpointSlice is not served since Kubernetes 1.25";
  for (const char* version : {"1.25", "1.36", "\"v1.36.2\""}) {
    INFO(version);
    CHECK(read_string(slice + profile(version)).lines() == Strings{removed});
  }
  for (const char* version : {"1.24", "'1.16'", "v1.24.17"}) {
    INFO(version);
    const Reading reading = read_string(slice + profile(version));
    REQUIRE(reading.lines().size() == 1);
    CHECK(reading.lines().front().starts_with(
        "PC1014 1:13 EndpointSlice default/a has an API version that Kubernetes 1."));
    CHECK(reading.diagnostics.all().front().severity == base::Severity::warning);
    CHECK(reading.input.lost.size() == 1);
  }
  // What is no version decides nothing here; the profile says so itself.
  CHECK(read_string(slice + profile("old")).lines() == Strings{removed});
}

TEST_CASE("versions that are not served") {
  struct Row {
    const char *version, *kind, *finding;
  };
  const Row rows[] = {
      {"networking.k8s.io/v1beta1", "Ingress",
       "PC1007 1:14 `networking.k8s.io/v1beta1` Ingress is not served since Kubernetes 1.22"},
      {"extensions/v1beta1", "Ingress", "PC1007 1:14 `extensions/v1beta1` Ingress is not served since Kubernetes 1.22"},
      {"extensions/v1beta1", "NetworkPolicy",
       "PC1007 1:14 `extensions/v1beta1` NetworkPolicy is not served since Kubernetes 1.16"},
      {"discovery.k8s.io/v1beta1", "EndpointSlice",
       "PC1007 1:14 `discovery.k8s.io/v1beta1` EndpointSlice is not served since Kubernetes 1.25"},
      {"apps/v1beta2", "Deployment", "PC1007 1:14 `apps/v1beta2` Deployment is not served since Kubernetes 1.16"},
      {"v1", "Deployment", "PC1007 1:14 `v1` Deployment is not served by Kubernetes"},
      {"apps/v1", "Service", "PC1007 1:14 `apps/v1` Service is not served by Kubernetes"},
      {"serving.knative.dev/v1", "Service", nullptr},
      {"networking.k8s.io/v1beta1", "ServiceCIDR", nullptr},
  };
  for (const Row& row : rows) {
    INFO(row.version << " " << row.kind);
    const Reading reading =
        read_string(std::string("{apiVersion: ") + row.version + ", kind: " + row.kind + ", metadata: {name: a}}");
    CHECK(reading.lines() == (row.finding == nullptr ? Strings{} : Strings{row.finding}));
    CHECK(reading.input.documents == 1);
    CHECK(reading.input.lost.size() == (row.finding == nullptr ? 0 : 1));
  }
}

TEST_CASE("kinds that are only misspelt") {
  CHECK(read_string("apiVersion: v1\nkind: service\nmetadata: {name: a}\n").lines() ==
        Strings{"PC1007 2:7 `v1` has no kind `service`; did you mean `Service`?"});
  CHECK(read_string("apiVersion: v1\nkind: Services\nmetadata: {name: a}\n").input.lost.size() == 1);
  CHECK(read_string("apiVersion: example.com/v1\nkind: service\nmetadata: {name: a}\n").lines().empty());
  CHECK(read_string("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n").lines().empty());
}

TEST_CASE("the same object twice in a file") {
  const auto service = [](const char* ns, const char* name) {
    return std::string("---\napiVersion: v1\nkind: Service\nmetadata: {name: ") + name +
           (*ns == 0 ? "" : std::string(", namespace: ") + ns) + "}\n";
  };
  CHECK(read_string(service("", "a") + service("default", "a")).lines() ==
        Strings{"PC1009 8:18 Service default/a is defined twice; the later one replaces the first"});
  CHECK(read_string(service("", "a") + service("x", "a") + service("", "b")).lines().empty());
  CHECK(read_string("{apiVersion: v1, kind: Pod, metadata: {generateName: a}}\n---\n{apiVersion: v1, kind: Pod, "
                    "metadata: {generateName: a}}\n")
            .lines()
            .empty());
  const std::string hook =
      "---\n{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {helm.sh/hook-delete-policy: x}}}\n";
  CHECK(read_string(hook + hook).lines().empty());
  manifest::ReadOptions options;
  options.default_namespace = "shop";
  CHECK(read_string(service("", "a") + service("shop", "a"), false, options).lines().size() == 1);
}

TEST_CASE("kinds that decide traffic and are not modelled are named once a namespace") {
  const std::string policy = "---\n{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a}}\n";
  const Reading reading =
      read_string(policy + "---\n{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: b}}\n" +
                  "---\n{apiVersion: v1, kind: Service, metadata: {name: s, labels: "
                  "{service.kubernetes.io/service-proxy-name: x}}}\n");
  CHECK(reading.lines() ==
        Strings{"PC1014 2:72 `CiliumNetworkPolicy` a decides traffic too, and portcullis does not model it",
                "PC1014 6:62 Service s is left to another proxy, and portcullis does not model that"});
  CHECK_FALSE(reading.diagnostics.has_errors());
}

TEST_CASE("two objects without a line between them are one finding") {
  const Reading reading = read_string(
      "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n");
  CHECK(reading.lines() ==
        Strings{"PC1003 5:1 `apiVersion` is set twice: `v1` here, `v1` on line 1; the API server takes the last"});
  CHECK(reading.diagnostics.all()[0].hint == "if another object begins here, put a line `---` before it");
}

TEST_CASE("repeated keys are found in kinds that are not read, too") {
  CHECK(read_string("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec:\n  a: 1\n  b: 2\n  a: 1\n")
            .lines() == Strings{"PC1003 7:3 `a` is set twice: `1` here, `1` on line 5; the API server takes the last"});
  CHECK(
      read_string("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {a: .inf}\n").lines().empty());
}
