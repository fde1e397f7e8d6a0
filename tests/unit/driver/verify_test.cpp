// `verify`: a ruleset that does what the manifests say, and one that does not.
#include <catch2/catch.hpp>

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
    "  clusterIP: 10.96.0.80\n"
    "  ports: [{port: 80, targetPort: 8080}]\n"
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

// The ruleset of n1, with one text replaced everywhere.
void compile(const Workspace& space, const std::string& from, const std::string& to) {
  REQUIRE(space.run({"compile", "web.yaml", "--to", "nftables", "-o", "n1.nft"}).status == exit_done);
  std::string text = space.read("n1.nft");
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  space.write("n1.nft", text);
}

const std::vector<std::string> line{"verify", "web.yaml", "--ruleset", "n1.nft"};

std::vector<std::string> with(const std::vector<std::string>& more) {
  std::vector<std::string> all = line;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("verify: what holds is proved, and said") {
  const Workspace space;
  space.write("web.yaml", web);
  compile(space, "8080", "8080");
  const Run run = space.run(line);
  CHECK(run.status == exit_done);
  CHECK(run.out ==
        "proved: the ruleset of node n1 means what the program means, for every IPv4 packet\n"
        "1 proved, 0 refuted, 0 unknown\n");
  CHECK_THAT(space.run(with({"--explain"})).out,
             Contains("\n  decided: ") && Contains(" anchors; ") && Contains("\n  assumed: "));
  for (const char* method : {"each", "plain"}) CHECK(space.run(with({"--prove", method})).out == run.out);
  CHECK_THAT(space.run(with({"--prove", "plain", "--explain"})).out, Contains(" regions, each by the plain encoding"));
}

TEST_CASE("verify: what does not hold is a finding with a packet and the line that decides") {
  const Workspace space;
  space.write("web.yaml", web);
  compile(space, "8080", "8081");
  const Run run = space.run(line);
  CHECK(run.status == exit_findings);
  CHECK_THAT(run.out, Contains("error[PC6004]: refuted: the ruleset of node n1") && Contains("10.244.1.5:8081") &&
                          Contains(" --> web.yaml:6:18\n") && Contains(" to 10.96.0.80:80, from outside, on n1\n") &&
                          Contains("\n0 proved, 1 refuted, 0 unknown\n"));
  CHECK_THAT(space.run(with({"--prove", "plain"})).out,
             Contains("error[PC6004]: refuted: the ruleset of node n1") && Contains("10.244.1.5:8081"));
  CHECK(space.run(with({"-o", "json=out.json"})).status == exit_findings);
  const std::string json = space.read("out.json");
  CHECK_THAT(json, Contains("\"schema\": \"portcullis/findings/1\"") && Contains("\"code\": \"PC6004\"") &&
                       Contains("\"verdict\": \"refuted\"") && Contains("\"dst\": \"10.96.0.80\""));
  CHECK_THAT(space.run(with({"-o", "github"})).out,
             Contains("::error file=web.yaml,line=6,") && Contains("title=PC6004 ruleset-differs::refuted: "));
}

TEST_CASE("verify: a foreign rule that decides is a finding of its own") {
  const Workspace space;
  space.write("web.yaml", web);
  compile(space, "8080", "8080");
  const std::string ours = space.read("n1.nft");
  const auto guard = [](const std::string& rule) {
    return "table ip guard {\n  chain forward {\n    type filter hook forward priority -10; policy accept;\n    " +
           rule + "\n  }\n}\n";
  };
  space.write("n1.nft", ours + guard("ip daddr 10.244.1.5 tcp dport 8080 drop"));
  const Run run = space.run(line);
  CHECK(run.status == exit_findings);
  CHECK_THAT(run.err, Contains("warning[PC6005]: ") && Contains(" to 10.96.0.80:80 is decided by foreign rule "
                                                                "`ip daddr 10.244.1.5 tcp dport 8080 drop` of ip guard "
                                                                "forward\n"));
  // One that decides nothing; one of ours; one where nothing is ours.
  space.write("n1.nft", ours + guard("ip daddr 10.244.1.5 tcp dport 8081 counter"));
  CHECK(space.run(line).status == exit_done);
  compile(space, "8080", "8081");
  CHECK_THAT(space.run(line).err, !Contains("PC6005"));
  space.write("n1.nft", guard("drop"));
  const Run other = space.run(line);
  CHECK(other.status == exit_findings);
  CHECK_THAT(other.err, !Contains("PC6005"));
}

TEST_CASE("verify: rules that no packet reaches are told with --explain alone") {
  const Workspace space;
  space.write("web.yaml", web);
  compile(space, "jump services", "jump services\n\t\tip daddr 192.0.2.9 return\n\t\tip daddr 192.0.2.9 drop");
  const std::string dead = "  dead: rule 3 of ip portcullis nat_prerouting (n1.nft:";
  const Run explained = space.run(with({"--explain", "-o", "text", "-o", "json=out.json"}));
  CHECK(explained.status == exit_done);
  CHECK_THAT(explained.out, Contains(dead) && Contains("): ip daddr 192.0.2.9 drop\n"));
  CHECK_THAT(space.read("out.json"), Contains("\"dead\": [") && Contains("): ip daddr 192.0.2.9 drop\""));
  CHECK_THAT(space.run(line).out, !Contains("dead"));
  // A long rule is not told in full.
  std::string many = "ip daddr { 192.0.2.1";
  for (int i = 2; i < 100; ++i) many += ", 192.0.2." + std::to_string(i);
  std::string text = space.read("n1.nft");
  text.insert(text.find("ip daddr 192.0.2.9 drop"), many + " } ");
  space.write("n1.nft", text);
  CHECK_THAT(space.run(with({"--explain"})).out,
             Contains(dead) && Contains("192.0.2.9, ") && Contains("…\n") && !Contains("192.0.2.99"));
  const std::vector<std::string> compiling{"compile", "web.yaml", "--to", "nftables", "-o", "n1.nft", "--explain"};
  CHECK_THAT(space.run(compiling).err, Contains("  dead: rule 1 of ip portcullis refuse (nftables.nft:"));
}

TEST_CASE("verify: a limit leaves it open, a ruleset that cannot be read is no verdict") {
  const Workspace space;
  space.write("web.yaml", web);
  compile(space, "8080", "8080");
  const Run open = space.run(with({"--limit", "1"}));
  CHECK(open.status == exit_unknown);
  CHECK_THAT(open.out, Contains("error[PC6002]: unknown: the ruleset of node n1") && Contains("the limit of 1 steps"));
  CHECK(space.run({"verify", "web.yaml", "--ruleset", "missing.nft"}).status == exit_input);
  CHECK(space.run(with({"-o", "yaml"})).status == exit_usage);
}

TEST_CASE("verify: a mask is not taken for its value") {
  const Workspace space;
  space.write("web.yaml", web);
  compile(space, "8080", "8080");
  const std::string ours = space.read("n1.nft");
  const auto run = [&](const std::string& rule, const std::vector<std::string>& more = {}) {
    space.write("n1.nft", ours +
                              "table ip guard {\n  set ports { type inet_service; elements = { 7936 }; }\n"
                              "  set nets { type ipv4_addr; elements = { 10.9.0.0 }; }\n"
                              "  chain first {\n    type filter hook prerouting priority -250; policy accept;\n    " +
                              rule + "\n  }\n}\n");
    return space.run(with(more));
  };
  // What the rule does, it does to the ports beside the one that it names.
  CHECK(run("tcp dport & 0xff00 == 0x1f00 tcp dport != 0x1f00 drop").status == exit_findings);
  CHECK(run("tcp dport & 0xff00 == 0x1f00 tcp dport != 0x1f00 drop", {"--prove", "plain"}).status == exit_findings);
  for (const char* rule : {"tcp dport & 0xff00 @ports drop", "tcp dport & 0x00ff == 0x50 tcp dport != 0x50 drop",
                           "ip daddr & 255.255.0.0 @nets drop", "ip daddr & 0.0.255.255 == 0.0.1.5 drop"}) {
    INFO(rule);
    const Run left_open = run(rule, {"--explain"});
    CHECK(left_open.status == exit_unknown);
    CHECK_THAT(left_open.out, Contains("dead: not known"));
  }
}
