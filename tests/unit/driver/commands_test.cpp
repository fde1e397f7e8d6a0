// Whole commands: what they print where, and their exit status.
#include <catch2/catch.hpp>

#include "tests/unit/driver/workspace.hpp"

namespace driver = portcullis::driver;
using driver::Run;
using driver::Workspace;

namespace {

const std::string web =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  clusterIP: 10.96.0.20\n"
    "  ports: [{port: 80, targetPort: 8080}]\n"
    "---\n"
    "apiVersion: discovery.k8s.io/v1\n"
    "kind: EndpointSlice\n"
    "metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\n"
    "addressType: IPv4\n"
    "ports: [{name: \"\", port: 8080}]\n"
    "endpoints: [{addresses: [10.244.0.5], nodeName: node-a}, {addresses: [10.244.1.5], nodeName: node-b}]\n";
const std::string broken =
    "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{port: 80}, {port: 443}]}\n";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("lint: exit status") {
  const Workspace here;
  here.write("web.yaml", web);
  here.write("broken.yaml", broken);
  here.write("syntax.yaml", "kind: Service\n\tmetadata: {}\n");
  here.write("empty/README.md", "nothing\n");
  CHECK(here.run({"lint", "web.yaml"}).status == 0);
  const Run refused = here.run({"lint", "broken.yaml"});
  CHECK(refused.status == 1);
  CHECK(has(refused.out, "error[PC2007]"));
  CHECK(refused.err.empty());
  CHECK(here.run({"lint", "broken.yaml", "--fail-on", "never"}).status == 0);
  const Run unreadable = here.run({"lint", "syntax.yaml", "broken.yaml", "--fail-on", "never"});
  CHECK(unreadable.status == 2);
  CHECK(has(unreadable.out, "PC1001"));
  CHECK(has(unreadable.out, "PC2007"));  // the rest is reported all the same
  CHECK(here.run({"lint", "absent.yaml"}).status == 2);
  const Run nothing = here.run({"lint", "empty"});
  CHECK(nothing.status == 2);
  CHECK(has(nothing.err, "no Kubernetes object in empty"));
  CHECK(here.run({"lint", "-"}, web).status == 0);
  CHECK(here.run({"lint", "-"}, broken).status == 1);
}

TEST_CASE("lint: each --cluster is a cluster of its own") {
  const Workspace here;
  here.write("blue.yaml", web);
  here.write(
      "green.yaml",
      "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {clusterIP: 10.96.0.20, ports: [{port: 80}]}\n");
  const Run together = here.run({"lint", "blue.yaml", "green.yaml"});
  CHECK(together.status == 1);
  CHECK(has(together.out, "PC2038"));
  const Run apart = here.run({"lint", "--cluster", "blue=blue.yaml", "--cluster", "green=green.yaml"});
  CHECK(apart.status == 0);
  CHECK(has(apart.out, "2 Services"));
  CHECK(has(here.run({"resolve", "-n", "shop", "green.yaml"}).out, "shop/api"));
}

TEST_CASE("lint: several outputs, written whole") {
  const Workspace here;
  here.write("broken.yaml", broken);
  const Run run = here.run({"lint", "broken.yaml", "-o", "json=out.json", "-o", "sarif=out.sarif", "-o", "text"});
  CHECK(run.status == 1);
  CHECK(has(run.out, "error[PC2007]"));
  CHECK(has(here.read("out.json"), "portcullis/findings/1"));
  CHECK(has(here.read("out.sarif"), "\"2.1.0\""));
  CHECK(here.run({"lint", "broken.yaml", "-o", "json=absent/out.json"}).status == 2);
}

TEST_CASE("lint: -q says errors only, --color paints") {
  const Workspace here;
  here.write("broken.yaml", broken);
  const Run quiet = here.run({"lint", "-q", "broken.yaml"});
  CHECK(has(quiet.out, "PC2007"));
  CHECK_FALSE(has(quiet.out, "in 1 Service"));
  CHECK_FALSE(has(quiet.out, "\x1b"));
  CHECK(has(here.run({"lint", "--color", "always", "broken.yaml"}).out, "\x1b[1;31m"));
}

TEST_CASE("configuration: found upwards, the command line wins, what is wrong is said") {
  const Workspace here;
  here.write(".portcullis.yaml", "namespace: shop\nfailOn: never\n");
  here.write("broken.yaml", broken);
  const Run run = here.run({"lint", "-o", "json", "broken.yaml"});
  CHECK(run.status == 0);
  CHECK(has(run.out, "\"namespace\": \"shop\""));
  CHECK(has(here.run({"lint", "-o", "json", "-n", "other", "broken.yaml"}).out, "\"namespace\": \"other\""));
  CHECK(here.run({"lint", "--fail-on", "error", "broken.yaml"}).status == 1);
  here.write("other.yaml", "failOn: sometimes\nnamespaces: x\n");
  const Run bad = here.run({"lint", "--config", "other.yaml", "broken.yaml"});
  CHECK(bad.status == 2);
  CHECK(has(bad.out, "`failOn` is `sometimes`"));
  CHECK(has(bad.out, "did you mean `namespace`?"));
  CHECK(here.run({"lint", "--config", "absent.yaml", "broken.yaml"}).status == 2);
}

TEST_CASE("configuration: a complete input has nothing more to join") {
  const Workspace here;
  here.write("web.yaml",
             "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {a: b}, ports: [{port: 80}]}\n");
  CHECK(has(here.run({"lint", "-v", "web.yaml"}).out, "PC1011"));
  for (const char* value : {"true", "false"}) {
    here.write(".portcullis.yaml", std::string("complete: ") + value + "\n");
    CHECK(has(here.run({"lint", "-v", "web.yaml"}).out, "PC1011") == (std::string_view(value) == "false"));
  }
  here.write(".portcullis.yaml", "complete: yes\n");
  CHECK(has(here.run({"lint", "web.yaml"}).out, "`complete` is `yes`"));
}

TEST_CASE("compile: an object that is served and not read is said") {
  const Workspace here;
  here.write("web.yaml", web);
  here.write("old.yaml",
             "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nspec: {kubernetesVersion: '1.24'}\n---\n"
             "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: old}\n");
  const Run run = here.run({"compile", "web.yaml", "old.yaml", "--to", "ir", "--node", "node-a"});
  CHECK(run.status == 0);
  CHECK(has(run.err, "warning[PC1014]"));
  here.write("old.yaml", "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: old}\n");
  CHECK(here.run({"compile", "web.yaml", "old.yaml", "--to", "ir", "--node", "node-a"}).status == 2);
}

TEST_CASE("compile: to standard output, a file, a directory, all nodes") {
  const Workspace here;
  here.write("web.yaml", web);
  const Run out = here.run({"compile", "web.yaml", "--to", "ir", "--node", "node-a"});
  INFO(out.err);
  CHECK(out.status == 0);
  CHECK(has(out.out, "program node-a ipv4 dialect nftables"));
  CHECK(has(out.out, "default/web:80"));
  CHECK(here.run({"compile", "web.yaml", "--to", "ir", "--node", "node-a", "-o", "a.ir"}).status == 0);
  CHECK(here.read("a.ir") == out.out);
  CHECK(here.run({"compile", "web.yaml", "--to", "nftables", "--node", "node-a", "-o", "dir"}).status == 0);
  CHECK(has(here.read("dir/nftables.nft"), "table"));
  CHECK(here.run({"compile", "web.yaml", "--to", "nftables", "--all-nodes", "-o", "all", "--jobs", "1"}).status == 0);
  CHECK(here.run({"compile", "web.yaml", "--to", "nftables", "--all-nodes", "-o", "more", "--jobs", "8"}).status == 0);
  for (const char* node : {"node-a", "node-b", "node-c"}) {
    CHECK(here.read(std::string("all/") + node + "/nftables.nft") ==
          here.read(std::string("more/") + node + "/nftables.nft"));
  }
  CHECK(here.read("all/node-a/nftables.nft") == here.read("dir/nftables.nft"));
}

TEST_CASE("compile: without nodes of its own a cluster has assumed ones, and that is said") {
  const Workspace here;
  here.write("web.yaml", web);
  const Run run = here.run({"compile", "web.yaml", "--to", "ir"});
  CHECK(run.status == 0);
  CHECK(has(run.err, "the input has no nodes: this is node-a"));
  CHECK(has(run.out, "program node-a ipv4"));
}

TEST_CASE("compile: what has no meaning is refused, and nothing is written") {
  const Workspace here;
  here.write("web.yaml", web);
  here.write("broken.yaml", broken);
  const Run run = here.run({"compile", "web.yaml", "broken.yaml", "--to", "ir", "--node", "node-a", "-o", "out.ir"});
  CHECK(run.status == 2);
  CHECK(has(run.err, "error[PC2007]"));
  CHECK_FALSE(here.exists("out.ir"));
  // What compiling a Service does not need does not stop it; neither does a Service without endpoints.
  here.write(
      "other.yaml",
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec: {rules: []}\n---\n"
      "apiVersion: v1\nkind: Service\nmetadata: {name: lonely}\nspec: {clusterIP: 10.96.0.21, ports: [{port: 80}]}\n");
  const Run other = here.run({"compile", "web.yaml", "other.yaml", "--to", "ir", "--node", "node-a"});
  CHECK(other.status == 0);
  CHECK(has(other.out, "default/lonely:80"));
}

TEST_CASE("compile: a node's name cannot lead out of the output directory") {
  const Workspace here;
  here.write("in/web.yaml", web);
  here.write("in/profile.yaml",
             "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nmetadata: {name: c}\nspec: {nodes: [{name: "
             "../../evil, addresses: [192.168.0.1]}]}\n");
  const Run run = here.run({"compile", "in", "--to", "ir", "--all-nodes", "-o", "out/deep/"});
  CHECK(run.status == 2);
  CHECK_FALSE(here.exists("evil"));
  CHECK_FALSE(here.exists("out/evil"));
}

TEST_CASE("resolve: forms, and the lock file keeps what was planned") {
  const Workspace here;
  here.write("in/web.yaml",
             "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, ports: [{port: 80}]}\n");
  CHECK(has(here.run({"resolve", "in"}).out, "SERVICE"));
  CHECK(has(here.run({"resolve", "in", "-o", "json"}).out, "\"schema\": \"portcullis/cluster/1\""));
  CHECK(has(here.run({"resolve", "in", "-o", "yaml"}).out, "schema: portcullis/cluster/1\n"));
  CHECK_FALSE(here.exists("portcullis.lock"));
  CHECK(here.run({"resolve", "in", "--write-lock"}).status == 0);
  CHECK(has(here.read("portcullis.lock"), "portcullis/lock/1"));
  here.write("my.lock", "schema: portcullis/lock/1\nclusterIPs: {default/web: 10.96.0.99}\n");
  CHECK(has(here.run({"resolve", "in", "--lock", "my.lock"}).out, "10.96.0.99*"));
  CHECK(here.run({"resolve", "in", "--lock", "absent.lock"}).status == 2);
  const Run refused = here.run({"resolve", "-", "-o", "json"}, broken);
  CHECK(refused.status == 2);
  CHECK(has(refused.out, "portcullis/cluster/1"));  // printed all the same
}

TEST_CASE("trace: a sentence, a file, and bad packets in their place") {
  const Workspace here;
  here.write("in/web.yaml", web);
  const Run sentence = here.run({"trace", "in", "--node", "node-a", "tcp from 192.0.2.7 to 10.96.0.20:80"});
  CHECK(sentence.status == 0);
  CHECK(has(sentence.out, "1/2  10.244.0.5:8080"));
  CHECK(has(sentence.out, "in/web.yaml:"));
  here.write("packets.yaml",
             "- {src: 192.0.2.7, dst: 10.96.0.20, dport: 80}\n- {src: 192.0.2.7}\n- {src: 192.0.2.7, dst: 10.96.0.20, "
             "dport: 81}\n");
  const Run file = here.run({"trace", "in", "--node", "node-a", "--packets", "packets.yaml", "-o", "json"});
  CHECK(file.status == 2);
  const std::size_t dnat = file.out.find("\"fate\": \"dnat\"");
  const std::size_t error = file.out.find("\"error\": \"`dst` is missing\"");
  const std::size_t reject = file.out.find("\"fate\": ", dnat + 1);
  CHECK(dnat < error);
  CHECK(error < reject);
  CHECK(reject != std::string::npos);
  here.write("packets.yaml", "not a list\n");
  CHECK(here.run({"trace", "in", "--packets", "packets.yaml"}).status == 2);
  CHECK(here.run({"trace", "in", "--packets", "absent.yaml"}).status == 2);
}

TEST_CASE("explain: by code, by name, all") {
  const Workspace here;
  const Run code = here.run({"explain", "PC2007"});
  CHECK(code.status == 0);
  CHECK(has(code.out, "port-name-missing"));
  CHECK(code.out == here.run({"explain", "port-name-missing"}).out);
  CHECK(has(here.run({"explain"}).out, "PC2007"));
}
