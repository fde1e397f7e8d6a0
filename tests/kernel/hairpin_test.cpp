// Endpoints that call themselves, with real packets: through a translation, and where the frontend is the endpoint
// itself, so that the kernel translates nothing and does not call the flow translated.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/kernel/fates.hpp"
#include "tests/kernel/ours.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;

constexpr std::uint16_t endpoint_port = 8080;

// externalTrafficPolicy Local: a pod's packet keeps its source unless it is a hairpin.
std::string manifests(Dialect dialect, const std::string& pod, const std::string& ip_family, int port, bool sticky) {
  return fmt::format(R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
spec:
  dialect: {0}
  serviceCIDRs: [10.96.0.0/16, 'fd96::/112']
  podCIDRs: [10.40.0.0/16, 'fd40::/48']
  nodes: [{{name: n1, addresses: [192.168.50.10, 'fd50::10'], podCIDRs: [10.40.1.0/24, 'fd40:0:0:1::/64']}}]
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  ipFamilies: [{2}]
  externalIPs: ['{1}']
  externalTrafficPolicy: Local
  sessionAffinity: {4}
  ports: [{{name: http, port: {3}, targetPort: 8080}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, labels: {{kubernetes.io/service-name: web}}}}
addressType: {2}
ports: [{{name: http, port: 8080}}]
endpoints: [{{addresses: ['{1}'], nodeName: n1}}]
)",
                     cases::name(dialect), pod, ip_family, port, sticky ? "ClientIP" : "None");
}

net::Packet to_itself(const std::string& pod, std::uint16_t port) {
  net::Packet packet;
  packet.from = net::PacketFrom::pod;
  packet.src = packet.dst = net::Address::parse(pod).value();
  packet.dport = port;
  return packet;
}

}  // namespace

TEST_CASE("an endpoint that calls itself") {
  struct Row {
    const char *pod, *family;
    std::uint16_t port;
    // kube-proxy marks before it translates in mode iptables; in mode nftables it asks conntrack in postrouting.
    bool masqueraded_nftables, masqueraded_iptables;
  };
  const Row rows[] = {
      {"10.40.1.5", "IPv4", 80, true, true},
      {"10.40.1.5", "IPv4", endpoint_port, false, true},
      {"fd40:0:0:1::5", "IPv6", 80, true, true},
      {"fd40:0:0:1::5", "IPv6", endpoint_port, false, true},
  };
  kernel::for_each_ruleset([&](const kernel::Backend& backend, Dialect dialect) {
    for (const Row& row : rows) {
      for (const bool sticky : {false, true}) {
        INFO(row.pod << " to itself on port " << row.port << (sticky ? ", sticky" : ""));
        const auto programs =
            kernel::compile("hairpin", manifests(dialect, row.pod, row.family, row.port, sticky), "n1");
        const net::Packet packet = to_itself(row.pod, row.port);
        const ir::Fate fate = programs->fate(packet);
        INFO(ir::text(fate));
        REQUIRE(fate.targets.size() == 1);
        CHECK(fate.targets.front().masquerade ==
              (dialect == Dialect::nftables ? row.masqueraded_nftables : row.masqueraded_iptables));

        kernel::Namespace node(programs->setup());
        node.load(kernel::rulesets(backend, *programs));
        const std::vector<kernel::Foretold> foretold{{packet, fate}};
        for (const std::string& line : kernel::check(node, foretold)) FAIL_CHECK(line);
      }
    }
  });
}

// The same pair of addresses that no frontend leads to is nobody's business.
TEST_CASE("a packet to its own sender that no Service translates keeps its source") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    const auto programs = kernel::compile("hairpin", manifests(dialect, "10.40.1.5", "IPv4", 80, false), "n1");
    kernel::Namespace node(programs->setup());
    node.load(kernel::rulesets(backend, *programs));
    const net::Packet packet = to_itself("10.40.1.5", endpoint_port);
    const ir::Fate fate = programs->fate(packet);
    CHECK(ir::text(fate) == "none");
    const std::vector<kernel::Foretold> foretold{{packet, fate}};
    for (const std::string& line : kernel::check(node, foretold)) FAIL_CHECK(line);
  });
}
