// What the prover refutes, with real packets: the witness of a sentence of `check` fares in the kernel as the proof
// says, and the witness against a ruleset (`verify`, `compile`) fares otherwise than the manifests want.
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/surroundings.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "tests/kernel/fates.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/programs.hpp"
#include "tests/unit/policy/bound_world.hpp"
#include "verifier/obligations/reach.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;

constexpr const char* manifests = R"(
{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: [10.96.0.0/16, "fd96::/112"],
 podCIDRs: [10.244.0.0/16, "fd40::/64"], nodes: [
 {name: n1, addresses: [192.168.0.11, "fd11::1"], primary: [192.168.0.11, "fd11::1"], podCIDRs: [10.244.1.0/24, "fd40::1:0/112"]},
 {name: n2, addresses: [192.168.0.12, "fd11::2"], primary: [192.168.0.12, "fd11::2"], podCIDRs: [10.244.2.0/24, "fd40::2:0/112"]}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, ipFamilyPolicy: RequireDualStack,
 clusterIPs: [10.96.0.80, "fd96::80"], clusterIP: 10.96.0.80, ports: [{name: http, port: 80, nodePort: 30080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: empty}, spec: {clusterIP: 10.96.0.50, ports: [{name: http, port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-4, labels: {kubernetes.io/service-name: web}},
 addressType: IPv4, ports: [{name: http, port: 8080}], endpoints: [{addresses: [10.244.1.5], nodeName: n1}, {addresses: [10.244.2.5], nodeName: n2}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-6, labels: {kubernetes.io/service-name: web}},
 addressType: IPv6, ports: [{name: http, port: 8080}], endpoints: [{addresses: ["fd40::1:5"], nodeName: n1}, {addresses: ["fd40::2:5"], nodeName: n2}]}
)";

// The witness as it meets the node's rules in the kernel.
kernel::Foretold at_node(const verdict::Proof& proof, const ir::Fate& fate) {
  net::Packet packet = *proof.witness;
  packet.sport = 0;  // every flow has a port of its own
  return {packet, fate};
}

bool reaches(const ir::Fate& fate) {
  return fate.kind == ir::Fate::Kind::dnat && std::ranges::any_of(fate.targets, [](const ir::Target& t) {
           return t.then == ir::Then::local || t.then == ir::Then::forward;
         });
}

// A ruleset with one text replaced, read back: the proof that it means the program.
verdict::Proof prove(const kernel::Rulesets& rules, const ir::Program& program) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  netfilter::Model model;
  if (!rules.nft.empty()) {
    const auto ruleset = nftables::read(sources.add("rules", rules.nft.front()), sources, diagnostics);
    REQUIRE(ruleset);
    model = nftables::model(*ruleset, std::span(&program, 1));
    netfilter::add_foreign_checks(model, program);
  } else {
    const auto& texts = program.family == net::Family::ipv4 ? rules.iptables : rules.ip6tables;
    std::string text;
    for (const std::string& t : texts) text += t;
    const auto ruleset = iptables::read(sources.add("rules", text), sources, diagnostics);
    REQUIRE(ruleset);
    model = iptables::model(*ruleset, &program);
    netfilter::set_foreign_policies(model, program);
  }
  smt::Session session;
  return obligations::prove_translation("ruleset", program, model, netfilter::facts(program), session);
}

struct Fault {
  const char *backend, *pattern, *instead;
  net::Family family;
};

}  // namespace

TEST_CASE("a sentence that is refuted fails in the kernel, too") {
  if (!kernel::permitted()) return;
  struct Row {
    const char* sentence;
    bool delivered;  // what the witness shows
  };
  const Row rows[] = {
      {"unreachable from internet to any node port", true},
      {"unreachable from pods to service web", true},
      {"reachable from pods to service empty", false},
  };
  for (const auto& backend : kernel::backends()) {
    if (!backend.why_not().empty()) continue;
    for (const Row& row : rows) {
      INFO(backend.name << ": " << row.sentence);
      const tests::BoundWorld world(manifests, {row.sentence});
      smt::Session session;
      std::size_t refuted = 0;
      for (const verdict::Proof& proof : obligations::prove(world.bound, world.cluster, session)) {
        if (proof.standing != verdict::Standing::refuted) continue;
        ++refuted;
        REQUIRE(proof.witness);
        const kernel::NodePrograms programs(world.cluster, proof.node);
        const kernel::Foretold foretold = at_node(proof, programs.fate(*proof.witness));
        INFO(proof.reason);
        CHECK(reaches(foretold.fate) == row.delivered);
        kernel::Namespace node(programs.setup());
        node.load(kernel::rulesets(backend, programs));
        CHECK(kernel::check(node, std::span(&foretold, 1)) == std::vector<std::string>{});
      }
      CHECK(refuted > 0);
    }
  }
}

TEST_CASE("a ruleset that is refuted does something else in the kernel") {
  if (!kernel::permitted()) return;
  using net::Family;
  // A live ruleset that drifted, as of `verify`, or one that a mistake of ours would emit, as of `compile`.
  const Fault faults[] = {
      {"nftables", R"(: 10\.244\.2\.5 \. 8080)", ": 10.244.2.6 . 8080", Family::ipv4},
      {"nftables", R"(tcp \. 30080 comment)", "tcp . 30081 comment", Family::ipv6},
      {"iptables-legacy", R"(--to-destination 10\.244\.1\.5:8080)", "--to-destination 10.244.1.5:8081", Family::ipv4},
      {"iptables-nft", R"(--set-xmark 0x4000/0x4000)", "--set-xmark 0x0/0x4000", Family::ipv6},
      {"iptables-nft", R"(-j REJECT --reject-with \S+)", "-j DROP", Family::ipv4},
  };
  const auto programs = kernel::compile("manifests", manifests, "n1");
  for (const Fault& fault : faults) {
    const auto& backend = kernel::backend(fault.backend);
    if (!backend.why_not().empty()) continue;
    INFO(fault.backend << " with " << fault.instead << " for " << fault.pattern);
    auto rules = kernel::rulesets(backend, *programs);
    const ir::Program& program = programs->program(fault.family);
    CHECK(prove(rules, program).standing == verdict::Standing::proved);
    for (auto* texts : {&rules.nft, &rules.iptables, &rules.ip6tables}) {
      for (auto& text : *texts) text = std::regex_replace(text, std::regex(fault.pattern), fault.instead);
    }
    const verdict::Proof proof = prove(rules, program);
    REQUIRE(proof.standing == verdict::Standing::refuted);
    REQUIRE(proof.witness);
    INFO(proof.reason);
    kernel::Namespace node(programs->setup());
    node.load(rules);
    const kernel::Foretold foretold = at_node(proof, programs->fate(*proof.witness));
    CHECK_FALSE(kernel::check(node, std::span(&foretold, 1)).empty());
  }
}
