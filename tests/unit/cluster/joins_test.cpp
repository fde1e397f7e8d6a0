#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

using namespace portcullis;
using tests::Texts;
using tests::World;

namespace {

Texts messages(const World& world, std::string_view code) {
  Texts out;
  for (const base::Diagnostic* d : world.findings(code)) out.push_back(d->message);
  return out;
}

std::string service(const std::string& name, const std::string& spec, const std::string& ns = "default") {
  return fmt::format("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}, namespace: {}}}\nspec: {}\n", name, ns,
                     spec);
}

std::string slice(const std::string& metadata, const std::string& address = "203.0.113.5") {
  return fmt::format(
      "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {}\naddressType: IPv4\nports: [{{name: '', "
      "port: 80}}]\nendpoints: [{{addresses: [{}]}}]\n",
      metadata, address);
}

const std::string selecting = "{selector: {app: web}, ports: [{port: 80}]}";
const std::string plain = "{ports: [{port: 80}]}";

}  // namespace

TEST_CASE("a namespace without workloads is told once") {
  const World alone(service("web", selecting) + service("api", selecting) + service("db", plain, "data"));
  CHECK(
      messages(alone, "PC1011") ==
      Texts{"2 Services of namespace `default` select pods, but the input has no workload of that namespace: joins are "
            "not checked"});

  const std::string pod =
      "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default}\nspec: {containers: [{name: c}]}\n";
  CHECK(World(service("web", selecting) + pod).count("PC1011") == 0);
  CHECK(World(service("web", selecting, "other") + pod).count("PC1011") == 1);
  // A workload of a kind that is not read, and one that could not be.
  CHECK(World(service("web", selecting) +
              "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: {metadata: "
              "{labels: {app: web}}, spec: {containers: [{name: c}]}}}\n")
            .count("PC1011") == 0);
  CHECK(World(service("web", selecting) + "---\napiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: d}\n")
            .count("PC1011") == 0);

  const std::string ingress =
      "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {defaultBackend: {service: "
      "{name: web, port: {number: 80}}}}\n";
  CHECK(
      messages(World(ingress), "PC1011") ==
      Texts{"1 Ingress of namespace `default` names Services, but the input has none of that namespace: joins are not "
            "checked"});
  CHECK(World(ingress + service("web", plain)).count("PC1011") == 0);
}

TEST_CASE("an input that is complete has no more workloads") {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto input = manifest::read_text("in.yaml", service("web", selecting), false, {}, sources, diagnostics);
  static_cast<void>(cluster::resolve(input, {{}, true}, diagnostics));
  CHECK(diagnostics.all().empty());
}

TEST_CASE("two default Ingress classes") {
  const auto ingress_class = [](const char* name, const char* is_default) {
    return fmt::format(
        "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {}, annotations: "
        "{{ingressclass.kubernetes.io/is-default-class: '{}'}}}}\nspec: {{controller: example.com/c}}\n",
        name, is_default);
  };
  const World two(ingress_class("a", "true") + ingress_class("b", "false") + ingress_class("c", "true"));
  CHECK(messages(two, "PC2054") ==
        Texts{"`a` and `c` are both default; an Ingress without a class gets the younger one"});
  CHECK(two.text(two.findings("PC2054").front()->span) == "'true'");
  CHECK(World(ingress_class("a", "true") + ingress_class("b", "false")).count("PC2054") == 0);
}

TEST_CASE("slices of no Service") {
  struct Row {
    std::string yaml;
    Texts messages;
    std::string hint;
  };
  const std::string label = "labels: {kubernetes.io/service-name: ";
  const std::string missing = "EndpointSlice default/db-1 belongs to no Service: ";
  const Row rows[] = {
      {service("db", plain) + slice("{name: db-1, " + label + "db}}"), {}, {}},
      {service("db", plain) + slice("{name: db-1, " + label + "bd}}"),
       {missing + "namespace `default` has no Service `bd`"},
       "label it `kubernetes.io/service-name: db`"},
      {service("web", plain) + slice("{name: db-1}"), {missing + "it has no label `kubernetes.io/service-name`"}, ""},
      {slice("{name: db-1}"), {missing + "it has no label `kubernetes.io/service-name`"}, ""},
      // No Service of the namespace is here: it may be in another file.
      {service("db", plain, "other") + slice("{name: db-1, " + label + "db}}"), {}, {}},
      // Somebody's controller looks after it.
      {service("db", plain) + slice("{name: x, labels: {endpointslice.kubernetes.io/managed-by: a.example.com}}"),
       {},
       {}},
      {service("db", plain) + slice("{name: db-1, labels: {endpointslice.kubernetes.io/managed-by: staff}}"),
       {missing + "it has no label `kubernetes.io/service-name`"},
       "label it `kubernetes.io/service-name: db`"},
      // The Service may be what could not be read.
      {service("web", plain) + "---\nkind: Service\nmetadata: {name: db}\n" + slice("{name: db-1, " + label + "db}}"),
       {},
       {}},
  };
  for (const Row& row : rows) {
    const World world(row.yaml);
    INFO(row.yaml << world.said());
    CHECK(messages(world, "PC3008") == row.messages);
    for (const base::Diagnostic* d : world.findings("PC3008")) CHECK(d->hint == row.hint);
  }
}

TEST_CASE("endpoints that are addresses of Services") {
  const std::string web = service(
      "web",
      "{type: LoadBalancer, clusterIP: 10.96.0.20, externalIPs: [198.51.100.7, 192.168.0.11], ports: [{port: 80}]}\n"
      "status: {loadBalancer: {ingress: [{ip: 198.51.100.8}, {ip: 198.51.100.9, ipMode: Proxy}]}}");
  const std::string node =
      "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: "
      "192.168.0.11}]}\n";
  struct Row {
    const char *address, *message;  // nullptr: nothing
  };
  const Row rows[] = {
      {"10.96.0.20", "endpoint 10.96.0.20 is the cluster IP of Service default/web; Services do not chain"},
      {"198.51.100.7", "endpoint 198.51.100.7 is the external IP of Service default/web; Services do not chain"},
      {"198.51.100.8", "endpoint 198.51.100.8 is the balancer address of Service default/web; Services do not chain"},
      {"198.51.100.9", nullptr},  // captured by no node
      {"192.168.0.11", nullptr},  // a node's own: what is sent there arrives
      {"10.96.0.21", nullptr},    // in the range that is only assumed
      {"10.244.1.5", nullptr},
  };
  for (const Row& row : rows) {
    const World world(web + node + slice("{name: x}", row.address));
    INFO(row.address << world.said());
    CHECK(messages(world, "PC3007") == (row.message == nullptr ? Texts{} : Texts{row.message}));
  }

  const World stated(
      "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nspec: {serviceCIDRs: [10.96.0.0/16]}\n" +
      slice("{name: x}", "10.96.0.21") +
      "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\nsubsets: [{addresses: [{ip: 10.96.0.22}], ports: "
      "[{port: 80}]}]\n");
  CHECK(messages(stated, "PC3007") ==
        Texts{"endpoint 10.96.0.21 lies in the Service range 10.96.0.0/16; Services do not chain",
              "endpoint 10.96.0.22 lies in the Service range 10.96.0.0/16; Services do not chain"});
  CHECK(stated.findings("PC3007").front()->field == "endpoints[0].addresses[0]");
  CHECK(stated.findings("PC3007").back()->field == "subsets[0].addresses[0].ip");
}

TEST_CASE("what only an older API server refuses") {
  const auto world = [](const std::string& version, const std::string& spec) {
    const std::string profile =
        version.empty()
            ? ""
            : "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nspec: {kubernetesVersion: " + version + "}\n";
    return World(profile + service("web", spec));
  };
  const std::string kubelet = "{type: LoadBalancer, ports: [{port: 10250}]}";
  CHECK(world("1.32", kubelet).count("PC2003") == 1);
  CHECK(world("1.33", kubelet).count("PC2003") == 0);
  CHECK(world("", kubelet).count("PC2003") == 0);
  CHECK(world("1.32", "{type: NodePort, ports: [{port: 10250}]}").count("PC2003") == 0);

  const auto distribution = [](const char* word) {
    return fmt::format("{{ports: [{{port: 80}}], trafficDistribution: {}}}", word);
  };
  CHECK(world("1.33", distribution("PreferSameZone")).count("PC2028") == 1);
  CHECK(world("1.33", distribution("PreferClose")).count("PC2028") == 0);
  CHECK(world("1.34", distribution("PreferSameZone")).count("PC2028") == 0);

  CHECK(messages(world("latest", plain), "PC2110") == Texts{"`latest` is no version of Kubernetes"});
}
