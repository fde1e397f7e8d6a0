// Random clusters: what the prover says of conflicts, and what a walk over every packet worth sending says. The walk
// asks the programs of the nodes who owns a packet, and knows nothing of claims, groups or the solver.
#include <cstdlib>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "compiler/ir/l4/build.hpp"
#include "tests/unit/obligations/world.hpp"

namespace portcullis::tests {

namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string cluster() {
    std::string text = profile(fmt::format(
        "dialect: {}, reservedPorts: [], serviceCIDRs: [10.96.0.0/16, 'fd96::/108'], nodePortRange: 30000-30099, "
        "{}nodes: "
        "[{{name: n1, addresses: [192.0.2.1, 198.51.100.1, 'fd00::1'], primary: [192.0.2.1, 'fd00::1']}}, {{name: n2, "
        "addresses: [192.0.2.2, 'fd00::2']}}]",
        pick({"nftables", "iptables"}),
        pick({"", "nodePortAddresses: [primary], ", "nodePortAddresses: [198.51.100.0/24], "})));
    const unsigned services = 1 + number(3);
    for (unsigned i = 0; i < services; ++i) text += random_service(i);
    const unsigned workloads = number(3);
    for (unsigned i = 0; i < workloads; ++i) text += random_workload(i);
    return text;
  }

 private:
  unsigned number(unsigned count) { return static_cast<unsigned>(random_() % count); }
  const char* pick(std::initializer_list<const char*> from) {
    return from.begin()[number(static_cast<unsigned>(from.size()))];
  }
  const char* pick_protocol() { return pick({"TCP", "TCP", "UDP"}); }

  // Endpoints of its own, so that no two Services have one fate.
  std::string random_service(unsigned i) {
    const std::string name = fmt::format("s{}", i);
    const bool wide = number(3) == 0;
    const std::string protocol = pick_protocol();
    std::string spec =
        fmt::format("type: NodePort, {}ports: [{{port: {}, protocol: {}, nodePort: {}}}]",
                    wide ? "ipFamilyPolicy: RequireDualStack, " : "", pick({"80", "30080", "30081", "8080"}), protocol,
                    pick({"30080", "30081", "30082", "30083", "30084"}));
    const char* const external = pick({"", "", "192.0.2.1", "192.0.2.2", "198.51.100.1", "203.0.113.9", "10.96.0.20"});
    if (*external != '\0') spec += fmt::format(", externalIPs: [{}]", external);
    if (i == 0) spec += wide ? ", clusterIPs: [10.96.0.20, 'fd96::20']" : ", clusterIP: 10.96.0.20";
    std::string text = service(name, spec) + slice(name, fmt::format("10.0.0.{}", i + 1), protocol);
    text += fmt::format(
        "---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: {0}-y, labels: "
        "{{kubernetes.io/service-name: {0}}}}}, addressType: IPv6, endpoints: [{{addresses: ['fd01::{1}']}}], ports: "
        "[{{name: "
        "'', port: 80, protocol: {2}}}]}}\n",
        name, i + 1, protocol);
    return text;
  }

  // Where it runs is certain: on every node, or on a named one.
  std::string random_workload(unsigned i) {
    const std::string port = fmt::format(
        "{{containerPort: {}, hostPort: {}, protocol: {}{}}}", 1000 + i, pick({"30080", "30081", "8080", "80"}),
        pick_protocol(), pick({"", "", ", hostIP: 192.0.2.1", ", hostIP: 198.51.100.1", ", hostIP: 0.0.0.0"}));
    const std::string name = fmt::format("w{}", i);
    if (number(2) == 0) return workload("DaemonSet", name, port);
    return workload("Deployment", name, port, 1, fmt::format("nodeName: {}, ", pick({"n1", "n2"})));
  }

  std::mt19937 random_;
};

// Who owns packets, by the program of one node and family.
class Walk {
 public:
  explicit Walk(const ir::Program& program) : program_(program) {
    for (const ir::Route& route : program.routes) {
      ports_.emplace(route.key.protocol, route.key.port);
      if (route.key.address) addresses_.insert(*route.key.address);
    }
    addresses_.insert(program.local_addresses.begin(), program.local_addresses.end());
    addresses_.insert(program.family == net::Family::ipv4 ? net::Address::v4(0x7F000001) : *net::Address::parse("::1"));
  }

  bool services = false, nodes = false;  // somebody fights

  void all() {
    for (const auto& [protocol, port] : ports_) {
      for (const net::Address& address : addresses_) ask(address, protocol, port);
    }
  }

 private:
  void ask(const net::Address& address, net::Protocol protocol, std::uint16_t port) {
    std::set<std::string> of_services, of_pods;
    for (const ir::Route& route : program_.routes) {
      if (route.key.protocol != protocol || route.key.port != port) continue;
      if (route.key.address && *route.key.address != address) continue;
      if (route.table == ir::Table::node_port && !program_.accepts_node_port(address)) continue;
      if (route.table == ir::Table::host_port && !program_.is_local(address)) continue;
      std::set<std::string>& owners = route.table == ir::Table::host_port ? of_pods : of_services;
      owners.insert(route.owner);
      owners.insert(route.rivals.begin(), route.rivals.end());
    }
    services = services || of_services.size() > 1;
    nodes = nodes || (!of_services.empty() && !of_pods.empty());
  }

  const ir::Program& program_;
  std::set<std::pair<net::Protocol, std::uint16_t>> ports_;
  std::set<net::Address> addresses_;
};

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(value, nullptr, 10));
}

}  // namespace

TEST_CASE("the prover and a walk over every packet agree about random clusters") {
  const unsigned first = from_environment("PORTCULLIS_SEED", 1), count = from_environment("PORTCULLIS_CLUSTERS", 150);
  WARN("seeds " << first << " to " << first + count - 1);
  unsigned services = 0, nodes = 0, neither = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    const std::string text = Generator(seed).cluster();
    const Judged judged(text);
    bool services_meet = false, nodes_meet = false;
    for (const cluster::Node& node : judged.resolved.cluster.nodes) {
      for (const net::Family family : net::all_families) {
        const ir::Program program = ir::build(judged.resolved.cluster, node, family);
        Walk walk(program);
        walk.all();
        services_meet = services_meet || walk.services;
        nodes_meet = nodes_meet || walk.nodes;
      }
    }
    INFO("seed " << seed << "\n" << text << judged.reasons());
    const auto standing = [](bool meets) { return meets ? verdict::Standing::refuted : verdict::Standing::proved; };
    REQUIRE_FALSE(judged.of("services").empty());
    REQUIRE_FALSE(judged.of("nodes").empty());
    CHECK(judged.of("services").front()->standing == standing(services_meet));
    CHECK(judged.of("nodes").front()->standing == standing(nodes_meet));
    services += services_meet ? 1 : 0;
    nodes += nodes_meet ? 1 : 0;
    neither += services_meet || nodes_meet ? 0 : 1;
  }
  WARN(services << " with Services that meet, " << nodes << " with pods that meet them, " << neither
                << " with neither");
  CHECK(services > count / 10);
  CHECK(nodes > count / 10);
  CHECK(neither > count / 10);
}

}  // namespace portcullis::tests
