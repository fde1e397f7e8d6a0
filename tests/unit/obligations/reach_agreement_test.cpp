// Random clusters and sentences: what the prover says, and what trying every packet worth trying says.
#include <cstdlib>
#include <random>

#include <catch2/catch.hpp>

#include "tests/unit/obligations/reach_brute.hpp"
#include "tests/unit/obligations/reach_world.hpp"

namespace portcullis::tests {

namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string cluster() {
    nodes_ = 2 + number(2);
    std::string nodes;
    for (unsigned n = 1; n <= nodes_; ++n) {
      nodes += fmt::format(
          "{}{{name: n{}, zone: z{}, addresses: [192.168.0.1{}{}], primary: [192.168.0.1{}], podCIDRs: "
          "[10.244.{}.0/24]}}",
          n == 1 ? "" : ", ", n, n, n, number(3) == 0 ? fmt::format(", 198.51.100.1{}", n) : "", n, n);
    }
    std::string text = fmt::format(
        "{{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {{name: p}}, spec: {{dialect: {}, "
        "serviceCIDRs: [10.96.0.0/16], podCIDRs: [10.244.0.0/16], reservedPorts: [{{port: 22, protocol: TCP, what: "
        "sshd}}], masqueradeAll: {}, detectLocal: {{mode: {}}}, {}{}loadBalancers: [{{name: lb, pool: 192.0.2.0/24, "
        "via: {}}}], nodes: [{}]}}}}\n",
        pick({"nftables", "iptables"}), pick({"true", "false", "false"}),
        pick({"ClusterCIDR", "NodeCIDR", "none", "BridgeInterface, interface: cbr0"}),
        pick({"", "", "nodePortAddresses: [primary], ", "nodePortAddresses: [198.51.100.0/24], "}),
        pick({"", "", "forwardPolicy: DROP, "}), pick({"nodePort", "vip"}), nodes);
    services_ = 1 + number(3);
    for (unsigned s = 0; s < services_; ++s) text += service(s);
    return text;
  }

  std::string policy() {
    std::string out = "zone office = 203.0.113.0/25\nzone shop = 10.244.1.0/24\n";
    for (unsigned s = 0; s < services_; ++s) {
      for (unsigned i = 0; i < 6; ++i) {
        const std::string to = target(s);
        switch (number(4)) {
          case 0:
            out += fmt::format("unreachable from {} to {}\n", zone(), to);
            break;
          case 1:
            out += fmt::format("preserves source from {} to {}\n", zone(), to);
            break;
          default: {
            const unsigned lost = number(3);
            out += fmt::format("reachable from {} to {}{}\n", zone(), to,
                               lost == 0 || lost >= nodes_ ? "" : fmt::format(" surviving any {} nodes", lost));
          }
        }
      }
    }
    return out;
  }

 private:
  unsigned number(unsigned count) { return static_cast<unsigned>(random_() % count); }
  const char* pick(std::initializer_list<const char*> from) {
    return from.begin()[number(static_cast<unsigned>(from.size()))];
  }
  std::string zone() {
    return pick({"internet", "internet", "office", "pods", "shop", "nodes", "cluster", "anywhere", "node n1",
                 "203.0.113.200, 10.244.2.0/30"});
  }
  std::string target(unsigned s) {
    switch (number(6)) {
      case 0:
        return fmt::format("address 10.96.0.2{} port 80 tcp", s);
      case 1:
        return fmt::format("address 192.0.2.{} port 80 tcp", s + 1);
      case 2:
        return fmt::format("address 192.168.0.11 port {} tcp", pick({"22", "30080", "8080", "9"}));
      default:
        return fmt::format("service s{} port 80", s);
    }
  }

  std::string service(unsigned s) {
    std::string spec = fmt::format("clusterIP: 10.96.0.2{}, ", s);
    const bool balancer = number(3) != 0;
    spec += balancer ? "type: LoadBalancer, " : pick({"type: NodePort, ", "type: NodePort, "});
    const bool local = number(3) == 0;
    spec += local ? "externalTrafficPolicy: Local, " : "";
    if (local && balancer) spec += fmt::format("healthCheckNodePort: {}, ", 31000 + s);
    spec += pick({"", "", "internalTrafficPolicy: Local, "});
    spec += pick({"", "", "sessionAffinity: ClientIP, "});
    if (number(3) == 0) spec += fmt::format("externalIPs: [198.18.0.{}], ", s + 1);
    if (balancer) {
      spec += pick({"", "", "loadBalancerSourceRanges: [203.0.113.0/25], ",
                    "loadBalancerSourceRanges: [203.0.113.0/24, 10.244.1.0/24], ",
                    "loadBalancerSourceRanges: [192.168.0.0/28], "});
    }
    spec += fmt::format("ports: [{{port: 80, nodePort: {}}}]", 30080 + s);
    std::string text =
        fmt::format("---\n{{apiVersion: v1, kind: Service, metadata: {{name: s{}}}, spec: {{{}}}{}}}\n", s, spec,
                    balancer ? fmt::format(", status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.{}, ipMode: {}}}]}}}}",
                                           s + 1, pick({"VIP", "VIP", "Proxy"}))
                             : "");
    const unsigned count = number(4);
    std::string endpoints;
    for (unsigned e = 0; e < count; ++e) endpoints += (e == 0 ? "" : ", ") + endpoint(s, e);
    text += fmt::format(
        "---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: s{0}-x, labels: "
        "{{kubernetes.io/service-name: s{0}}}}}, addressType: IPv4, endpoints: [{1}], ports: [{{name: '', port: "
        "8080}}]}}\n",
        s, endpoints);
    return text;
  }

  std::string endpoint(unsigned s, unsigned e) {
    const unsigned node = 1 + number(nodes_);
    const char* const conditions = pick(
        {"", "", "", ", conditions: {ready: false, serving: true, terminating: true}", ", conditions: {ready: false}"});
    switch (number(8)) {
      case 0:  // on the host network
        return fmt::format("{{addresses: [192.168.0.1{0}], nodeName: n{0}{1}}}", node, conditions);
      case 1:  // outside of the cluster
        return fmt::format("{{addresses: [203.0.113.{}]{}}}", 10 + 10 * s + e, conditions);
      default:
        return fmt::format("{{addresses: [10.244.{0}.{1}], nodeName: n{0}{2}}}", node, 10 + 10 * s + e, conditions);
    }
  }

  std::mt19937 random_;
  unsigned nodes_ = 0, services_ = 0;
};

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(value, nullptr, 10));
}

verdict::Standing by_trying(Brute& brute, const policy::Question& question) {
  const auto standing = [](bool holds) { return holds ? verdict::Standing::proved : verdict::Standing::refuted; };
  if (const auto* q = std::get_if<policy::ReachableQuestion>(&question)) return standing(brute.reachable(*q));
  if (const auto* q = std::get_if<policy::UnreachableQuestion>(&question))
    return standing(!brute.anybody_gets_through(*q->from, q->to));
  return standing(brute.source_is_kept(std::get<policy::PreservesSourceQuestion>(question)));
}

}  // namespace

TEST_CASE("the prover and trying every packet agree about random clusters and sentences") {
  const unsigned first = from_environment("PORTCULLIS_SEED", 1), count = from_environment("PORTCULLIS_CLUSTERS", 60);
  WARN("seeds " << first << " to " << first + count - 1);
  std::map<std::pair<std::size_t, verdict::Standing>, unsigned> seen;
  std::size_t packets = 0, lost = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    Generator generator(seed);
    const std::string text = generator.cluster();
    const std::string policy = generator.policy();
    const Proved world(text, policy);
    Brute brute(world.cluster);
    INFO("seed " << seed << "\n" << text << policy << world.told());
    REQUIRE_FALSE(world.about_manifests.has_errors());
    for (std::size_t i = 0; i < world.proofs.size(); ++i) {
      const policy::Question& question = world.bound.obligations[i].question;
      INFO(world.proofs[i].name);
      CHECK(world.proofs[i].standing == by_trying(brute, question));
      ++seen[{question.index(), world.proofs[i].standing}];
    }
    packets += brute.counts.packets;
    lost += brute.counts.lost;
  }
  WARN(packets << " packets tried, " << lost << " refuted by lost nodes alone");
  for (const std::size_t kind :
       {policy::Question(policy::ReachableQuestion{}).index(), policy::Question(policy::UnreachableQuestion{}).index(),
        policy::Question(policy::PreservesSourceQuestion{}).index()}) {
    for (const verdict::Standing standing : {verdict::Standing::proved, verdict::Standing::refuted}) {
      INFO("kind " << kind << " " << to_string(standing));
      CHECK(seen[{kind, standing}] > count / 20);
    }
  }
  CHECK(lost > count / 20);
}

}  // namespace portcullis::tests
