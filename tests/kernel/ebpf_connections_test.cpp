// Who answers at every frontend of a node with the eBPF program, and whom it saw, with real connections: from a pod,
// from an endpoint, from a pod of another node, from outside, from a process of the node; over TCP and UDP, IPv4 and
// IPv6. The interpreter says what must be; refusals and drops are answers too.
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/kernel/conversations.hpp"
#include "tests/kernel/ebpf_hosts.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using cluster::Dialect;
using kernel::Dual;
using kernel::EbpfHosts;
using kernel::ServiceText;
using net::Family;
using net::Protocol;
namespace at = kernel::at;

// A refused TCP client behind a cable hears of it at its second SYN, after a second.
constexpr int patience = 2600;

constexpr const char* host_port_pod = R"(---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: default}
spec:
  nodeName: node
  containers:
  - name: main
    image: db
    ports:
    - {containerPort: 8080, hostPort: 5001, protocol: TCP}
    - {containerPort: 8080, hostPort: 5001, protocol: UDP}
    - {containerPort: 8080, hostPort: 5002, hostIP: 10.100.0.2, protocol: TCP}
status: {phase: Running, podIP: 10.244.1.6, podIPs: [{ip: 10.244.1.6}, {ip: 'fd44:1::6'}]}
)";

constexpr const char* inside = "  internalTrafficPolicy: Local\n";
constexpr const char* outside = "  externalTrafficPolicy: Local\n";

// Each is about one row of the reference; all have a cluster IP and node ports as well.
std::vector<ServiceText> services() {
  const auto balanced = [](int n) {
    return fmt::format("status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.{0}}}, {{ip: 'fd20::{0}'}}]}}}}\n", n);
  };
  return {
      {"web", 1, {at::pod_a, at::pod_b, at::far_a}, "", ""},
      {"inner", 2, {at::pod_a, at::far_a}, inside, ""},
      {"inner-none", 3, {at::far_a}, inside, ""},
      {"outer",
       4,
       {at::pod_b, at::far_a},
       std::string(outside) + "  externalIPs: [203.0.113.40, 'fd20::40']\n",
       balanced(4)},
      {"outer-none", 5, {at::far_a}, std::string(outside), balanced(5)},
      {"ranged", 6, {at::pod_a, at::far_a}, "  loadBalancerSourceRanges: [10.100.0.0/24, 'fd10::/64']\n", balanced(6)},
      {"empty", 7, {}, "", balanced(7)},
      {"own", 8, {at::node, at::pod_a}, "", balanced(8)},
      // Its external address is the node's own, with the port of another's node port.
      {"fall", 9, {at::far_a}, std::string(outside) + "  externalIPs: [10.100.0.2, 'fd10::2']\n", ""},
  };
}

std::string manifests(Dialect dialect) {
  std::string out = kernel::profile_of_hosts(dialect) + host_port_pod;
  for (const auto& service : services()) out += kernel::text_of(service);
  return out;
}

struct Origin {
  std::string host;
  net::PacketFrom from;
  Dual address;
};

const std::vector<Origin>& origins() {
  static const std::vector<Origin> all{
      {"pod-a", net::PacketFrom::pod, at::pod_a},          {"pod-c", net::PacketFrom::pod, at::pod_c},
      {"far-c", net::PacketFrom::remote_pod, at::far_c},   {"client", net::PacketFrom::external, at::client},
      {"client", net::PacketFrom::external, at::stranger}, {"node", net::PacketFrom::node, at::node},
  };
  return all;
}

// No frontend: a port that a Service has not, a Service that is not there, an address of the balancers' that is free.
// Packets that nothing holds back find servers there, behind the other node.
std::vector<std::pair<Dual, std::uint16_t>> elsewhere() {
  return {{kernel::cluster_ip(1), 81},
          {kernel::cluster_ip(77), 80},
          {{"203.0.113.99", "fd20::99"}, 80},
          // In dialect iptables the refusal of a balancer's address without endpoints is not for processes.
          {{"203.0.113.7", "fd20::7"}, 80}};
}

void serve_elsewhere(EbpfHosts& hosts) {
  for (const char* route : {"10.96.0.0/16 via 10.101.0.3", "203.0.113.0/24 via 10.101.0.3", "fd96::/112 via fd11::3",
                            "fd20::/64 via fd11::3"})
    hosts.net().route("node", route);
  for (const auto& [address, port] : elsewhere()) {
    hosts.net().run("other", {"ip", "-batch", "-"},
                    fmt::format("address add {}/32 dev lo\naddress add {}/128 dev lo nodad\n", address.v4, address.v6));
    hosts.serve("other", address, port);
  }
}

struct Destination {
  net::Address address;
  std::uint16_t tcp = 0, udp = 0;  // 0: not asked
};

// Frontends of every Service, ports and addresses beside them, loopback.
std::vector<Destination> destinations(Family family) {
  std::vector<Destination> out;
  const auto add = [&](const Dual& address, int tcp, int udp) {
    out.push_back({address.of(family), static_cast<std::uint16_t>(tcp), static_cast<std::uint16_t>(udp)});
  };
  for (const auto& service : services()) {
    const int tcp_port = 30000 + 10 * service.number;
    add(kernel::cluster_ip(service.number), 80, 80);
    add(at::node, tcp_port, tcp_port + 1);
    if (!service.status.empty())
      add({fmt::format("203.0.113.{}", service.number), fmt::format("fd20::{}", service.number)}, 80, 80);
  }
  add({"203.0.113.40", "fd20::40"}, 80, 80);
  add(at::node, 80, 80);
  for (const Dual& address :
       {at::gateway, Dual{"127.0.0.1", "::1"}, Dual{"127.0.0.5", "::1"}, Dual{"10.101.0.2", "fd11::2"}})
    add(address, 30010, 30011);
  for (const Dual& address : {at::node, at::gateway}) {
    add(address, 5001, 5001);
    add(address, 5002, 5002);
  }
  for (const auto& [address, port] : elsewhere()) add(address, port, port);
  add({"10.101.0.3", "fd11::3"}, 30010, 30011);  // not this node
  return out;
}

// `10.244.1.5:8080 saw 10.100.0.9`, `refused`, …
using Outcomes = std::set<std::string>;

struct Flow {
  Origin origin;
  net::Packet packet;
  Outcomes expected;
};

// The address of the interface by which the node reaches the endpoint.
net::Address masquerade(const net::Address& endpoint) {
  return (endpoint == at::far_a.of(endpoint.family()) ? Dual{"10.101.0.2", "fd11::2"} : at::gateway)
      .of(endpoint.family());
}

std::string answered(const Flow& flow, const ir::Target& target, const EbpfHosts& hosts) {
  std::string source = flow.packet.src.text();
  if (target.masquerade && !hosts.is_of_node(target.address)) source = masquerade(target.address).text();
  if (flow.packet.from == net::PacketFrom::node) source = "the node";  // D1: the kernel's choice
  return fmt::format("{} saw {}", net::endpoint_text(target.address, target.port), source);
}

// What becomes of a packet that nothing translates: nobody listens, or it goes where its address says.
std::string untranslated(const Flow& flow, const EbpfHosts& hosts) {
  const net::Address& to = flow.packet.dst;
  const bool on_a_cable = to == Dual{"10.101.0.3", "fd11::3"}.of(to.family());
  if (to.is_loopback() || hosts.is_of_node(to) || on_a_cable) return "refused";
  const bool from_node = flow.packet.from == net::PacketFrom::node;
  return fmt::format("{} saw {}", net::endpoint_text(to, flow.packet.dport),
                     from_node ? "the node" : flow.packet.src.text());
}

Outcomes expected(const Flow& flow, const kernel::NodePrograms& programs, const EbpfHosts& hosts) {
  const ir::Fate fate = programs.fate(flow.packet);
  switch (fate.kind) {
    case ir::Fate::Kind::reject:
      return {"refused"};
    case ir::Fate::Kind::drop:
      return {"silent"};
    case ir::Fate::Kind::dnat:
      break;
    default:
      return {untranslated(flow, hosts)};
  }
  Outcomes out;
  for (const auto& target : fate.targets) {
    if (target.then == ir::Then::reject) out.insert("refused");
    if (target.then == ir::Then::drop) out.insert("silent");
    if (target.then == ir::Then::local || target.then == ir::Then::forward) out.insert(answered(flow, target, hosts));
  }
  return out;
}

std::vector<Flow> flows(const kernel::NodePrograms& programs, const EbpfHosts& hosts) {
  std::vector<Flow> out;
  const auto add = [&](const Origin& origin, const net::Address& to, Protocol protocol, std::uint16_t port) {
    if (port == 0 || (to.is_loopback() && origin.host != "node")) return;
    Flow flow{.origin = origin, .packet = {}, .expected = {}};
    flow.packet.from = origin.from;
    flow.packet.src = to.is_loopback() ? Dual{"127.0.0.1", "::1"}.of(to.family()) : origin.address.of(to.family());
    flow.packet.dst = to;
    flow.packet.protocol = protocol;
    flow.packet.dport = port;
    flow.expected = expected(flow, programs, hosts);
    out.push_back(std::move(flow));
  };
  for (const auto family : net::all_families) {
    for (const auto& to : destinations(family)) {
      for (const auto& origin : origins()) {
        add(origin, to.address, Protocol::tcp, to.tcp);
        add(origin, to.address, Protocol::udp, to.udp);
      }
    }
  }
  return out;
}

kernel::Ask ask_of(const Flow& flow) {
  kernel::Ask ask{
      .host = flow.origin.host, .protocol = flow.packet.protocol, .to = flow.packet.dst, .port = flow.packet.dport};
  if (flow.origin.host == "client") ask.from = flow.packet.src;
  return ask;
}

// So many that one of the likely outcomes stays unseen with a probability of 10^-12.
std::size_t times(const Flow& flow) {
  constexpr std::array<std::size_t, 4> enough{1, 2, 41, 70};
  return enough.at(std::min<std::size_t>(flow.expected.size(), 3));
}

std::string text(const kernel::Answer& answer, const Flow& flow, const EbpfHosts& hosts) {
  using Outcome = kernel::Answer::Outcome;
  switch (answer.outcome) {
    case Outcome::refused:
      return "refused";
    case Outcome::unreachable:
      return "unreachable";
    case Outcome::silent:
      return "silent";
    case Outcome::answered:
      break;
  }
  const bool from_node = flow.packet.from == net::PacketFrom::node && hosts.is_of_node(answer.seen);
  return fmt::format("{} saw {}", answer.server, from_node ? "the node" : answer.seen.text());
}

bool says_nothing(const Flow& flow) {
  return flow.expected.size() == 1 && flow.expected.begin()->find(" saw ") == std::string::npos;
}

// Flows, and what was seen of each.
void check(EbpfHosts& hosts, const std::vector<Flow>& flows, std::size_t at_once) {
  std::vector<kernel::Ask> asks;
  std::vector<std::size_t> whose;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    for (std::size_t n = 0; n < times(flows[i]); ++n) {
      asks.push_back(ask_of(flows[i]));
      whose.push_back(i);
    }
  }
  const auto answers = kernel::ask_all(hosts.net(), asks, patience, at_once);
  std::vector<Outcomes> seen(flows.size());
  for (std::size_t i = 0; i < answers.size(); ++i) seen[whose[i]].insert(text(answers[i], flows[whose[i]], hosts));
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (seen[i] != flows[i].expected)
      FAIL_CHECK(fmt::format("{} ({}): expected {}, seen {}", flows[i].packet.text(), flows[i].origin.host,
                             fmt::join(flows[i].expected, ", "), fmt::join(seen[i], ", ")));
  }
  CHECK(!flows.empty());
}

void check_all(Dialect dialect) {
  if (!kernel::permitted()) return;
  const auto programs = kernel::compile("services", manifests(dialect), "node");
  EbpfHosts hosts;
  serve_elsewhere(hosts);
  hosts.apply(*programs);
  std::vector<Flow> silent, talking;
  std::map<std::string, std::size_t> kinds;
  for (auto& flow : flows(*programs, hosts)) {
    for (const auto& outcome : flow.expected) ++kinds[outcome.substr(outcome.rfind(' ') + 1)];
    (says_nothing(flow) ? silent : talking).push_back(std::move(flow));
  }
  // Nothing is compared with itself alone: every kind of outcome is among what is expected.
  for (const char* kind : {"refused", "silent", "node", "10.244.1.1", "10.101.0.2", "10.244.3.7", "198.51.100.9",
                           "fd44:1::1", "fd11::2"}) {
    INFO(kind);
    CHECK(kinds[kind] > 0);
  }
  fmt::print("{} flows in dialect {}: {} of them get no answer\n", silent.size() + talking.size(),
             dialect == Dialect::nftables ? "nftables" : "iptables", silent.size());
  check(hosts, silent, 2000);
  check(hosts, talking, 64);
}

}  // namespace

TEST_CASE("ebpf connections: every frontend from everywhere, dialect nftables") {
  check_all(Dialect::nftables);
}

TEST_CASE("ebpf connections: every frontend from everywhere, dialect iptables") {
  check_all(Dialect::iptables);
}
