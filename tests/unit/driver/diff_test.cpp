// `diff`: versions as paths and as revisions, and what changes between them.
#include <filesystem>

#include <catch2/catch.hpp>

#include "compiler/driver/command_line.hpp"
#include "tests/git/repository.hpp"
#include "tests/unit/driver/workspace.hpp"

using namespace portcullis::driver;
using Catch::Matchers::Contains;
using portcullis::tests::GitRepository;

namespace {

std::string web(const std::string& port) {
  return "apiVersion: v1\n"
         "kind: Service\n"
         "metadata: {name: web}\n"
         "spec:\n"
         "  clusterIP: 10.96.0.80\n"
         "  ports: [{port: " +
         port +
         ", targetPort: 8080}]\n"
         "---\n"
         "apiVersion: discovery.k8s.io/v1\n"
         "kind: EndpointSlice\n"
         "metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\n"
         "addressType: IPv4\n"
         "ports: [{name: '', port: 8080}]\n"
         "endpoints: [{addresses: [10.244.1.5], nodeName: n1}]\n"
         "---\n"
         "apiVersion: portcullis.dev/v1\n"
         "kind: ClusterProfile\n"
         "metadata: {name: cluster}\n"
         "spec: {nodes: [{name: n1, addresses: [192.0.2.1]}]}\n";
}

}  // namespace

TEST_CASE("diff: a revision and the working tree") {
  const Workspace space;
  GitRepository git(".");
  git.commit("main", {{"k8s/web.yaml", {web("80")}}});
  git.head("main");
  space.write("k8s/web.yaml", web("81"));
  const Run run = space.run({"diff", "main", "--", "k8s"});
  CHECK(run.status == exit_done);
  CHECK_THAT(run.out, Contains("newly allowed: default/web:81 cluster-ip, on n1\n") &&
                          Contains("    after: k8s/web.yaml:6 Service default/web") &&
                          Contains("    before: main:k8s/web.yaml:6 Service default/web"));
  // The same without `--`, and of everything below.
  CHECK(space.run({"diff", "main", "k8s"}).out == run.out);
  CHECK_THAT(space.run({"diff", "main"}).out, Contains("    after: ./k8s/web.yaml:6 "));
  CHECK(space.run({"diff", "main", "k8s", "--exit-code"}).status == exit_findings);
  CHECK_THAT(space.run({"diff", "HEAD", "k8s", "-o", "json"}).out, Contains("\"before\": \"HEAD\"") &&
                                                                       Contains("\"after\": \"the working tree\"") &&
                                                                       Contains("\"file\": \"HEAD:k8s/web.yaml\""));
  // Nothing was written, and what is on disk counts.
  CHECK(space.read("k8s/web.yaml") == web("81"));
  CHECK_FALSE(space.exists(".git/index"));
  space.write("k8s/web.yaml", web("80"));
  CHECK(space.run({"diff", "main", "--", "k8s"}).out ==
        "no packet fares otherwise: main and the working tree mean the same\n");
}

TEST_CASE("diff: two revisions, and where a branch left another") {
  const Workspace space;
  GitRepository git(".");
  const std::string first = git.commit("main", {{"web.yaml", {web("80")}}});
  git.tag("v1", first);
  git.commit("topic", {{"web.yaml", {web("82")}}}, first);
  git.commit("main", {{"web.yaml", {web("81")}}});
  git.head("main");
  const Run two = space.run({"diff", "v1", "main"});
  CHECK(two.status == exit_done);
  CHECK_THAT(two.out, Contains("after: main:web.yaml:6 ") && Contains("before: v1:web.yaml:6 "));
  CHECK(space.run({"diff", "v1..main", "--", "web.yaml"}).out == two.out);
  CHECK_THAT(space.run({"diff", "v1..", "--", "."}).out,
             Contains("default/web:81") && Contains("after: HEAD:web.yaml:6 "));
  // What main did meanwhile is no change of the topic's.
  CHECK_THAT(space.run({"diff", "main..topic"}).out, Contains("default/web:81") && Contains("default/web:82"));
  const Run fork = space.run({"diff", "main...topic"});
  CHECK_THAT(fork.out, !Contains("default/web:81") && Contains("default/web:82") &&
                           Contains("before: " + first.substr(0, 10) + ":web.yaml:6 "));
}

TEST_CASE("diff: the lock file of a revision is part of it") {
  const Workspace space;
  GitRepository git(".");
  const std::string lock = "schema: portcullis/lock/1\nclusterIPs:\n  default/web: ";
  const std::string planned = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
  git.commit("main", {{"web.yaml", {planned}}, {"portcullis.lock", {lock + "10.96.0.7\n"}}});
  git.head("main");
  space.write("web.yaml", planned);
  space.write("portcullis.lock", lock + "10.96.0.8\n");
  const Run run = space.run({"diff", "main", "web.yaml"});
  CHECK(run.status == exit_done);
  CHECK_THAT(run.out, Contains("10.96.0.7") && Contains("10.96.0.8"));
}

TEST_CASE("diff: what cannot be read is a finding, and no verdict") {
  const Workspace space;
  space.write("web.yaml", web("80"));
  const Run outside = space.run({"diff", "main", "web.yaml"});
  CHECK(outside.status == exit_input);
  CHECK_THAT(outside.err,
             Contains("error[PC1001]: neither the working directory nor one above it is a git repository"));
  GitRepository git(".");
  git.commit("main", {{"web.yaml", {web("80")}}, {"broken.yaml", {"kind: Service\nmetadata: {name: a\n"}}});
  git.head("main");
  CHECK(space.run({"diff", "main", "web.yaml"}).status == exit_done);
  const Run unknown = space.run({"diff", "mian", "web.yaml"});
  CHECK(unknown.status == exit_input);
  CHECK_THAT(unknown.err, Contains("no revision `mian` in the repository") && Contains("did you mean `main`?"));
  const Run absent = space.run({"diff", "main", "--", "wbe.yaml"});
  CHECK(absent.status == exit_input);
  CHECK_THAT(absent.err, Contains("cannot read `main:wbe.yaml`: the revision has no such path"));
  const Run broken = space.run({"diff", "main"});
  CHECK(broken.status == exit_input);
  CHECK_THAT(broken.err, Contains(" --> main:broken.yaml:"));
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{{"diff"},
                                                                                    {"diff", "web.yaml"},
                                                                                    {"diff", "--", "web.yaml"},
                                                                                    {"diff", "main", "-"},
                                                                                    {"diff", "a", "b", "c", "--"},
                                                                                    {"diff", "a..b", "c", "--"}})
    CHECK(space.run(line).status == exit_usage);
}

TEST_CASE("diff: two paths, and two dialects") {
  const Workspace space;
  space.write("base/web.yaml", web("80"));
  space.write("head/web.yaml", web("81"));
  CHECK_THAT(space.run({"diff", "base", "head"}).out, Contains("after: head/web.yaml:6 "));
  CHECK(space.run({"diff", "base", "base"}).out == "no packet fares otherwise: base and base mean the same\n");
  CHECK(space.run({"diff", "--dialect", "iptables,nftables", "--", "base"}).status == exit_done);
}
