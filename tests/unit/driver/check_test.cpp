// `check`: what it proves, how it says so, and the exit status.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/driver/command_line.hpp"
#include "tests/unit/driver/workspace.hpp"

using namespace portcullis::driver;
using Catch::Matchers::Contains;

namespace {

constexpr const char* web =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  type: NodePort\n"
    "  clusterIP: 10.96.0.80\n"
    "  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]\n"
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

std::string agent(int host_port) {
  return fmt::format(
      "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec:\n  selector: {{matchLabels: {{app: "
      "a}}}}\n"
      "  template:\n    metadata: {{labels: {{app: a}}}}\n    spec:\n      containers:\n        - name: c\n          "
      "image: i\n          ports: [{{containerPort: 9100, hostPort: {}}}]\n",
      host_port);
}

}  // namespace

TEST_CASE("check: without a policy nobody fights for a port, or a packet shows who does") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("agent.yaml", agent(9100));
  const Run proved = space.run({"check", "web.yaml", "agent.yaml"});
  CHECK(proved.status == exit_done);
  CHECK_THAT(proved.out, Contains("\n5 proved, 0 refuted, 0 unknown\n"));
  space.write("agent.yaml", agent(30080));
  const Run refuted = space.run({"check", "web.yaml", "agent.yaml"});
  CHECK(refuted.status == exit_findings);
  CHECK_THAT(refuted.out, Contains("error[PC3506]") && Contains(" --> agent.yaml:12:51\n") &&
                              Contains("= witness: tcp from 203.0.113.1 to 192.0.2.1:30080, from outside, on n1\n") &&
                              Contains("= placed: DaemonSet default/agent on n1\n") && Contains(" --> web.yaml:7:") &&
                              Contains("\n4 proved, 1 refuted, 0 unknown\n"));
  CHECK(space.run({"check", "web.yaml", "agent.yaml", "--fail-on", "never"}).status == exit_findings);
  CHECK(space.run({"lint", "web.yaml", "agent.yaml"}).status == exit_done);
}

TEST_CASE("check: sentences, each with its verdict and its line") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("agent.yaml", agent(9100));
  space.write("p/a.policy", "forbid host-port\nno conflicts\n");
  const Run run = space.run({"check", "web.yaml", "agent.yaml", "-p", "p"});
  CHECK(run.status == exit_findings);
  CHECK_THAT(run.out, Contains("error[PC6001]: refuted: forbid host-port: DaemonSet default/agent has hostPort 9100") &&
                          Contains(" --> agent.yaml:12:51\n") &&
                          Contains("= note: the sentence\n  --> p/a.policy:1:1") &&
                          Contains("\n6 proved, 1 refuted, 0 unknown\n"));
  space.write("p/a.policy", "forbid host-network\nno conflicts\n");
  CHECK(space.run({"check", "web.yaml", "agent.yaml", "-p", "p/a.policy"}).status == exit_done);
}

TEST_CASE("check: what is left open is no pass") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("ingress.policy", "preserves source from internet to ingress \"shop.example.com\"\n");
  space.write("ingress.yaml",
              "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules: [{host: "
              "shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: "
              "{number: 80}}}}]}}]\n");
  const Run open = space.run({"check", "web.yaml", "ingress.yaml", "-p", "ingress.policy"});
  CHECK(open.status == exit_unknown);
  CHECK_THAT(open.out, Contains("error[PC6002]: unknown: preserves source from internet to ingress") &&
                           Contains(" --> ingress.policy:1:1\n") && Contains("5 proved, 0 refuted, 1 unknown"));
  // A name that nothing has gives no obligation; that is no pass either.
  space.write("names.policy", "no conflicts\nreachable from internet to service default/webb\n");
  CHECK(space.run({"check", "web.yaml", "-p", "names.policy"}).status == exit_findings);
  CHECK(space.run({"check", "web.yaml", "-p", "names.policy", "--fail-on", "never"}).status == exit_unknown);
}

TEST_CASE("check: policies that cannot be read") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("bad.policy", "reachable form internet\nno conflicts\n");
  const Run bad = space.run({"check", "web.yaml", "-p", "bad.policy"});
  CHECK(bad.status == exit_input);
  CHECK_THAT(bad.out, Contains("error[PC4001]") && Contains("5 proved, 0 refuted"));  // the rest is still proved
  CHECK(space.run({"check", "web.yaml", "-p", "missing.policy"}).status == exit_input);
  space.write("empty/readme", "");
  CHECK(space.run({"check", "web.yaml", "-p", "empty"}).status == exit_input);
  CHECK(space.run({"check", "missing.yaml"}).status == exit_input);
}

TEST_CASE("check: a waiver takes a conflict out until its day") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("agent.yaml", agent(30080));
  space.write("w.policy", "waive PC3506 on daemonset default/agent until 2027-03-01 because \"gone in spring\"\n");
  const std::vector<std::string> line{"check", "web.yaml", "agent.yaml", "-p", "w.policy", "--now"};
  const auto on = [&](const std::string& day) {
    std::vector<std::string> all = line;
    all.push_back(day);
    return space.run(all);
  };
  const Run before = on("2027-03-01");
  CHECK(before.status == exit_done);
  CHECK_THAT(before.out, Contains("1 waived in ") && Contains("4 proved, 0 refuted, 0 unknown, 1 refuted and waived"));
  const Run after = on("2027-03-02");
  CHECK(after.status == exit_findings);
  CHECK_THAT(after.out, Contains("error[PC4005]") && Contains("error[PC3506]") && Contains("1 refuted, 0 unknown\n"));
  CHECK(on("2027-02-30").status == exit_usage);
  space.write("agent.yaml", agent(9100));
  CHECK_THAT(on("2027-03-01").out, Contains("warning[PC4006]: nothing to waive: PC3506 does not fire"));
}

TEST_CASE("check: --explain, --dump-smt, each cluster by itself") {
  const Workspace space;
  space.write("a/web.yaml", web);
  space.write("b/web.yaml", web);
  space.write("b/agent.yaml", agent(30080));
  const Run explained = space.run({"check", "a", "--explain"});
  CHECK(explained.status == exit_done);
  CHECK_THAT(
      explained.out,
      Contains("proved: no two Services answer for one address, protocol and port with different fates\n  decided: "
               "8 claims compared, "));
  const Run run = space.run({"check", "--cluster", "a=a", "--cluster", "b=b", "--dump-smt", "smt"});
  CHECK(run.status == exit_findings);
  CHECK_THAT(run.out, Contains("8 proved, 1 refuted, 0 unknown"));
  CHECK(space.exists("smt/check-b"));
}

TEST_CASE("check: theorems that are kept change nothing but the time") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("a.policy",
              "reachable from internet to service default/web port 80\n"
              "unreachable from internet to any node port except service default/web\n");
  const std::vector<std::string> line{"check", "web.yaml", "-p", "a.policy", "--explain"};
  std::vector<std::string> kept = line;
  kept.insert(kept.end(), {"--cache", "theorems/of/ours"});
  const Run plain = space.run(line);
  CHECK(plain.status == exit_done);
  for (int i = 0; i < 2; ++i) {
    const Run run = space.run(kept);
    CHECK(run.status == plain.status);
    CHECK(run.out == plain.out);
    CHECK(run.err == plain.err);
  }
  CHECK(space.exists("theorems/of/ours"));
  // Which packet refutes a sentence is the solver's choice, and may depend on what it was asked before.
  space.write("a.policy", "unreachable from internet to any node port\n");
  const Run refuted = space.run(kept);
  CHECK(refuted.status == exit_findings);
  CHECK_THAT(refuted.out, Contains("error[PC6001]: refuted: unreachable from internet to any node port: ") &&
                              Contains("4 proved, 1 refuted, 0 unknown"));
  space.write("file", "");
  kept.back() = "file/below";
  const Run without = space.run(kept);
  CHECK(without.status == exit_findings);
  CHECK_THAT(without.err, Contains("cannot make directory file/below"));
}

TEST_CASE("check: a sentence about traffic is proved, or refuted with a packet at the line that decides") {
  const Workspace space;
  space.write("web.yaml", web);
  space.write("a.policy",
              "reachable from internet to service default/web port 80\n"
              "unreachable from internet to any node port except service default/web\n");
  const Run proved = space.run({"check", "web.yaml", "-p", "a.policy"});
  CHECK(proved.status == exit_done);
  space.write("a.policy", "unreachable from internet to any node port\n");
  const Run refuted = space.run({"check", "web.yaml", "-p", "a.policy"});
  CHECK(refuted.status == exit_findings);
  CHECK_THAT(refuted.out, Contains("error[PC6001]: refuted: unreachable from internet to any node port: ") &&
                              Contains("--> web.yaml:7:50\n") &&
                              Contains(" to 192.0.2.1:30080, from outside, on n1\n") &&
                              Contains("= note: the sentence\n --> a.policy:1:1\n"));
}

TEST_CASE("check: addresses that take only some sources need not fare like the others") {
  const Workspace space;
  std::string text = web;
  const std::string plain = "type: NodePort\n";
  text.replace(text.find(plain), plain.size(), "type: LoadBalancer\n  loadBalancerSourceRanges: [203.0.113.0/24]\n");
  const std::string after_ports = "nodePort: 30080}]\n";
  text.insert(text.find(after_ports) + after_ports.size(), "status: {loadBalancer: {ingress: [{ip: 198.51.100.9}]}}\n");
  space.write("web.yaml", text);
  const Run run = space.run({"check", "web.yaml", "--explain"});
  CHECK(run.status == exit_done);
  CHECK_THAT(run.out, Contains("except: load-balancer 198.51.100.9:80 of default/web:80 takes only its source ranges"));
}
