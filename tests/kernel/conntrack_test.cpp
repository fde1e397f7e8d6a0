// conntrack.sh deletes the UDP entries that pin a client to an endpoint that is gone, and no other.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/kernel/dumps.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/process.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;

struct Entry {
  net::Protocol protocol = net::Protocol::udp;
  std::string to;  // the original destination …
  std::uint16_t port = 0;
  std::string from;  // … and who answers
  std::uint16_t answers_from = 0;
  bool stays = true;
};

void insert(kernel::Namespace& node, const Entry& entry, std::size_t number) {
  const bool v6 = entry.to.find(':') != std::string::npos;
  const auto client = v6 ? "2001:db8::9" : "203.0.113.9";
  const auto sport = std::to_string(20000 + number), port = std::to_string(entry.port);
  std::vector<std::string> words{"conntrack",
                                 "-I",
                                 "-p",
                                 std::string(net::lower_name(entry.protocol)),
                                 "-s",
                                 client,
                                 "-d",
                                 entry.to,
                                 "--sport",
                                 sport,
                                 "--dport",
                                 port,
                                 "-r",
                                 entry.from,
                                 "-q",
                                 client,
                                 "--reply-port-src",
                                 std::to_string(entry.answers_from),
                                 "--reply-port-dst",
                                 sport,
                                 "-t",
                                 "600",
                                 "-u",
                                 "SEEN_REPLY,ASSURED"};
  if (entry.protocol == net::Protocol::tcp) words.insert(words.end(), {"--state", "ESTABLISHED"});
  node.run(words);
}

// The client's ports of what is there, in order.
std::vector<std::size_t> present(kernel::Namespace& node, std::size_t entries) {
  std::string listing;
  for (const char* family : {"ipv4", "ipv6"}) listing += node.run({"conntrack", "-L", "-f", family});
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < entries; ++i)
    if (listing.find(fmt::format("sport={} ", 20000 + i)) != std::string::npos) result.push_back(i);
  return result;
}

void check(const kernel::Backend& backend, const kernel::NodePrograms& programs, const std::vector<Entry>& entries) {
  kernel::Namespace node(programs.setup());
  std::vector<std::size_t> all, expected;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    insert(node, entries[i], i);
    all.push_back(i);
    if (entries[i].stays) expected.push_back(i);
  }
  REQUIRE(present(node, entries.size()) == all);
  const auto script = kernel::text_of(kernel::artefact(backend, programs), "conntrack.sh");
  INFO(script);
  node.run({"sh", "-s"}, script);
  CHECK(present(node, entries.size()) == expected);
  // Nothing is left to delete, and that is no failure.
  CHECK_NOTHROW(node.run({"sh", "-s"}, script));
  CHECK(present(node, entries.size()) == expected);
}

template <typename Test>
void for_each_ruleset(const Test& test) {
  if (!kernel::permitted()) return;
  if (!kernel::has_program("conntrack")) {
    fmt::print("SKIPPED: there is no conntrack tool\n");
    return;
  }
  for (const char* name : {"nftables", "iptables-nft"}) {
    for (const auto dialect : cases::all_dialects) {
      INFO(name << " in dialect " << cases::name(dialect));
      test(kernel::backend(name), dialect);
    }
  }
}

}  // namespace

TEST_CASE("conntrack.sh: the cases of the reference") {
  if (!kernel::reference_is_here()) return;
  const auto file = cases::read((kernel::reference() / "service-cases.yaml").string());
  for_each_ruleset([&](const kernel::Backend& backend, Dialect dialect) {
    std::size_t checked = 0;
    for (const auto& item : file.cases) {
      if (item.connections.empty()) continue;
      INFO("case " << item.id);
      std::vector<Entry> entries;
      for (const auto& connection : item.connections)
        entries.push_back({connection.protocol, connection.original_destination.text(), connection.original_port,
                           connection.reply_source.text(), connection.original_port, !connection.remove});
      checked += entries.size();
      check(backend, *kernel::compile(item.id, item.manifests(dialect), item.environment.node_name), entries);
    }
    CHECK(checked >= 4);
  });
}

TEST_CASE("conntrack.sh: every kind of frontend and everybody else's entries") {
  constexpr const char* manifests = R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {{name: p}}
spec:
  dialect: {}
  serviceCIDRs: [10.96.0.0/16, 'fd96::/112']
  nodes: [{{name: n1, addresses: [192.168.50.10, 'fd50::10'], primary: [192.168.50.10, 'fd50::10']}}]
---
apiVersion: v1
kind: Service
metadata: {{name: dns, namespace: default}}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.53
  clusterIPs: [10.96.0.53, 'fd96::53']
  ipFamilyPolicy: RequireDualStack
  externalIPs: [198.51.100.77]
  ports:
  - {{name: u, port: 53, protocol: UDP, nodePort: 30053}}
  - {{name: t, port: 53, nodePort: 30053}}
status: {{loadBalancer: {{ingress: [{{ip: 198.51.100.20}}]}}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: dns-4, namespace: default, labels: {{kubernetes.io/service-name: dns}}}}
addressType: IPv4
ports: [{{name: u, port: 5353, protocol: UDP}}, {{name: t, port: 5353}}]
endpoints:
- {{addresses: [10.40.1.53], nodeName: n1}}
- {{addresses: [10.40.2.54], nodeName: n2, conditions: {{ready: false, serving: true, terminating: true}}}}
- {{addresses: [10.40.2.55], nodeName: n2, conditions: {{ready: false, serving: false}}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: dns-6, namespace: default, labels: {{kubernetes.io/service-name: dns}}}}
addressType: IPv6
ports: [{{name: u, port: 5353, protocol: UDP}}]
endpoints: [{{addresses: ['fd40::1:53'], nodeName: n1}}]
)";
  using net::Protocol;
  const std::vector<Entry> entries{
      {Protocol::udp, "10.96.0.53", 53, "10.40.1.53", 5353, true},
      {Protocol::udp, "10.96.0.53", 53, "10.40.2.54", 5353, true},   // serving while it terminates
      {Protocol::udp, "10.96.0.53", 53, "10.40.2.55", 5353, false},  // an endpoint, but not serving
      {Protocol::udp, "10.96.0.53", 53, "10.40.9.9", 5353, false},   // gone
      {Protocol::udp, "10.96.0.53", 53, "10.40.1.53", 53, false},    // its address, another port
      {Protocol::udp, "10.96.0.53", 54, "10.40.9.9", 5353, true},    // no port of the Service
      {Protocol::udp, "10.96.0.54", 53, "10.40.9.9", 5353, true},    // another Service's address
      {Protocol::tcp, "10.96.0.53", 53, "10.40.9.9", 5353, true},
      {Protocol::udp, "198.51.100.77", 53, "10.40.9.9", 5353, false},
      {Protocol::udp, "198.51.100.77", 53, "10.40.1.53", 5353, true},
      {Protocol::udp, "198.51.100.20", 53, "10.40.9.9", 5353, false},
      {Protocol::udp, "198.51.100.20", 53, "10.40.2.54", 5353, true},
      {Protocol::udp, "192.168.50.10", 30053, "10.40.9.9", 5353, false},
      {Protocol::udp, "192.168.99.99", 30053, "10.40.9.9", 5353, false},  // by port alone
      {Protocol::udp, "192.168.50.10", 30053, "10.40.1.53", 5353, true},
      {Protocol::tcp, "192.168.50.10", 30053, "10.40.9.9", 5353, true},
      {Protocol::udp, "8.8.8.8", 53, "8.8.8.8", 53, true},  // nobody's business
      {Protocol::udp, "fd96::53", 53, "fd40::1:53", 5353, true},
      {Protocol::udp, "fd96::53", 53, "fd40::9:9", 5353, false},
      {Protocol::udp, "fd50::10", 30053, "fd40::9:9", 5353, false},
      {Protocol::udp, "2001:db8::53", 53, "2001:db8::53", 53, true},
  };
  for_each_ruleset([&](const kernel::Backend& backend, Dialect dialect) {
    check(backend, *kernel::compile("dns", fmt::format(fmt::runtime(manifests), cases::name(dialect)), "n1"), entries);
  });
}
