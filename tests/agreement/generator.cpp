#include "tests/agreement/generator.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace portcullis::agreement {

namespace {

using cluster::Cluster;
using cluster::Dialect;
using cluster::Endpoint;
using cluster::Service;
using cluster::ServicePort;
using net::Address;
using net::Family;
using net::Packet;
using net::PacketFrom;
using net::Prefix;
using net::Protocol;

Address address(std::string_view text) {
  return Address::parse(text).value();
}
Prefix prefix(std::string_view text) {
  return Prefix::parse(text).value();
}

class Dice {
 public:
  explicit Dice(Random& random) : random_(random) {}
  // 0 … n-1. The modulo keeps the sequence the same with every standard library.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }

 private:
  Random& random_;
};

constexpr std::array<Protocol, 3> protocols{Protocol::tcp, Protocol::udp, Protocol::sctp};

// 10.40.<node>.<n> and fd40::<node>:<n>; node 0 is a remote machine without a Node object.
Address pod_address(Family family, std::size_t node, std::size_t n) {
  if (family == Family::ipv4) return address(fmt::format("10.40.{}.{}", node, n));
  return address(fmt::format("fd40::{}:{:x}", node, n));
}

Endpoint random_endpoint(Dice& dice, Family family, std::size_t number, std::uint16_t port) {
  Endpoint e;
  const std::size_t node = dice.below(100) < 45 ? 1 : 2 + dice.below(2);
  e.address = pod_address(family, node, 20 + number);
  if (node == 1 && dice.chance(6))
    e.address = family == Family::ipv4 ? address("192.168.50.10") : address("fd50::10");  // host network
  e.port = port;
  e.node = node == 1 ? "n1" : dice.chance(90) ? fmt::format("n{}", node) : "";
  switch (dice.below(8)) {
    case 0:
      e.ready = false;
      break;
    case 1:
      e.ready = false;
      e.terminating = true;
      break;
    case 2:
      e.ready = false;
      e.serving = false;
      e.terminating = true;
      break;
    case 3:
      e.terminating = true;
      break;  // publishNotReadyAddresses
    default:
      break;
  }
  return e;
}

void add_hints(Dice& dice, std::vector<Endpoint>& endpoints) {
  const bool nodes = dice.chance(40);
  for (Endpoint& e : endpoints) {
    if (dice.chance(6)) continue;  // one without a hint switches the mechanism off
    e.for_zones = {dice.chance(60) ? "za" : "zb"};
    if (nodes) e.for_nodes = {e.node.empty() ? "n9" : e.node};
  }
}

std::vector<Endpoint> random_endpoints(Dice& dice, Family family, std::uint16_t port) {
  std::vector<Endpoint> out;
  const std::size_t count = dice.chance(18) ? 0 : dice.below(6);
  const std::size_t offset = dice.below(5);
  for (std::size_t i = 0; i < count; ++i) out.push_back(random_endpoint(dice, family, offset + i, port));
  if (dice.chance(20))
    std::ranges::for_each(out, [](Endpoint& e) { e.ready = false, e.serving = e.terminating = true; });
  if (dice.chance(20)) add_hints(dice, out);
  const auto key = [](const Endpoint& e) { return net::endpoint_text(e.address, e.port); };
  std::ranges::stable_sort(out, {}, key);
  const auto repeated = std::ranges::unique(out, {}, key);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

void add_external(Dice& dice, Service& s, std::size_t number, bool dual) {
  if (dice.chance(35)) s.external_ips.push_back({address(fmt::format("198.51.100.{}", 10 + number)), false, {}});
  if (dual && dice.chance(35))
    s.external_ips.push_back({address(fmt::format("2001:db8:99::{}", 10 + number)), false, {}});
  if (dice.chance(4)) s.external_ips.push_back({address("192.168.50.10"), false, {}});
  if (s.type != cluster::ServiceType::load_balancer) return;
  if (dice.chance(85))
    s.load_balancer_ips.push_back({address(fmt::format("198.51.100.{}", 110 + number)), dice.chance(88), false, {}});
  if (dual && dice.chance(85))
    s.load_balancer_ips.push_back({address(fmt::format("2001:db8:99::1:{}", number)), dice.chance(88), false, {}});
  if (dice.chance(50)) {
    s.has_source_ranges = true;
    if (dice.chance(80)) s.source_ranges.push_back({prefix("203.0.113.0/25"), {}});
    if (dice.chance(60)) s.source_ranges.push_back({prefix("2001:db8::/48"), {}});
    if (dice.chance(20)) s.source_ranges.push_back({prefix("192.168.50.0/24"), {}});
    if (dice.chance(15)) s.source_ranges.push_back({prefix("10.40.1.0/24"), {}});
    if (dice.chance(15)) s.source_ranges.push_back({prefix("fd50::/64"), {}});
  }
}

Service random_service(Dice& dice, std::size_t number, std::uint16_t& node_port) {
  using cluster::ServiceType;
  Service s;
  s.ns = "lab";
  s.name = fmt::format("s{}", number);
  s.type = std::array{ServiceType::cluster_ip, ServiceType::node_port, ServiceType::load_balancer,
                      ServiceType::load_balancer}[dice.below(4)];
  s.skipped = dice.chance(3);
  s.headless = dice.chance(3);
  const bool dual = dice.chance(75);
  const bool four = !dual || dice.chance(85);
  if (!s.headless) {
    if (four) s.cluster_ips.push_back({address(fmt::format("10.96.{}.{}", dice.below(4), 20 + number)), false, {}});
    if (dual) s.cluster_ips.push_back({address(fmt::format("fd96::{:x}", 0x20 + number)), false, {}});
  }
  add_external(dice, s, number, dual);
  if (dice.chance(45)) s.external_policy = cluster::TrafficPolicy::local;
  if (dice.chance(30)) s.internal_policy = cluster::TrafficPolicy::local;
  if (dice.chance(25)) s.affinity_seconds = std::array{60U, 600U, 10800U}[dice.below(3)];
  if (s.type == ServiceType::load_balancer && s.external_policy == cluster::TrafficPolicy::local)
    s.health_check_node_port = static_cast<std::uint16_t>(32500 + number);
  const std::size_t ports = 1 + dice.below(3);
  for (std::size_t i = 0; i < ports; ++i) {
    ServicePort p;
    p.index = i;
    p.name = ports == 1 && dice.chance(30) ? "" : fmt::format("p{}", i);
    p.protocol = protocols[(dice.below(5) + i) % 3];
    p.port = static_cast<std::uint16_t>(8000 + 10 * i);
    if (s.type != ServiceType::cluster_ip && dice.chance(90)) p.node_port = node_port++;
    for (const Family family : net::all_families) {
      const auto endpoints = random_endpoints(dice, family, static_cast<std::uint16_t>(7000 + 10 * i + dice.below(2)));
      p.endpoints.insert(p.endpoints.end(), endpoints.begin(), endpoints.end());
    }
    s.ports.push_back(std::move(p));
  }
  return s;
}

void random_profile(Dice& dice, cluster::Profile& p, Dialect dialect) {
  using enum cluster::DetectMode;
  p.dialect = dialect;
  p.service_cidrs = {prefix("10.96.0.0/16"), prefix("fd96::/112")};
  p.service_cidrs_given = true;
  p.service_cidrs_known = dice.chance(90);
  p.pod_cidrs = {prefix("10.40.0.0/14"), prefix("fd40::/32")};
  p.detector.mode = std::array{cluster_cidr,          cluster_cidr,     cluster_cidr, node_cidr,
                               interface_name_prefix, bridge_interface, none,         none}[dice.below(8)];
  p.detector.interface = "vpod";
  if (p.detector.mode == bridge_interface) p.detector.interface = "vpod0";
  if (p.detector.mode == cluster_cidr) p.detector.cidrs = p.pod_cidrs;
  if (p.detector.mode == cluster_cidr && dice.chance(15)) p.detector.cidrs.pop_back();
  p.masquerade_all = dice.chance(15);
  p.localhost_node_ports = dice.chance(75);
  p.conntrack_tcp_be_liberal = dice.chance(15);
  auto& accepted = p.node_port_addresses;
  accepted.set = dice.chance(60);
  switch (dice.below(5)) {
    case 0:
      accepted.primary = true;
      break;
    case 1:
      accepted.cidrs = {prefix("192.168.60.0/24")};
      break;
    case 2:
      accepted.cidrs = {prefix("0.0.0.0/0"), prefix("::/0")};
      break;
    default:
      accepted.cidrs = {prefix("192.168.0.0/16"), prefix("127.0.0.0/8"), prefix("fd50::/64")};
      break;
  }
}

cluster::Node random_node(Dice& dice) {
  cluster::Node n;
  n.name = "n1";
  if (dice.chance(90)) n.zone = "za";
  n.addresses = {address("192.168.50.10"), address("192.168.60.10"), address("fd50::10"), address("fd60::10")};
  n.primary_v4 = n.addresses[0];
  n.primary_v6 = n.addresses[2];
  if (dice.chance(20)) n.addresses.push_back(address("198.51.100.111"));  // owns what may be a balancer's address
  n.pod_cidrs = {prefix("10.40.1.0/24"), prefix("fd40::1:0/112")};
  if (dice.chance(40)) {
    cluster::HostPort h;
    h.pod_ip = address("10.40.1.44");
    h.pod_net = prefix("10.40.1.0/24");
    h.container_port = 5000;
    h.host_port = dice.chance(70) ? 5001 : 30000;
    h.protocol = protocols[dice.below(3)];
    if (dice.chance(30)) h.host_ip = address("192.168.60.10");
    h.owner = "Pod lab/db:db";
    n.host_ports.push_back(h);
    h.pod_ip = address("fd40::1:44");
    h.pod_net = prefix("fd40::1:0/112");
    h.host_ip.reset();
    h.owner = "Pod lab/db6:db";
    if (dice.chance(50)) n.host_ports.push_back(h);
  }
  return n;
}

struct Sender {
  PacketFrom from;
  Address src;
};

std::vector<Sender> senders(const ir::Program& program) {
  const bool four = program.family == Family::ipv4;
  std::vector<Sender> out{{PacketFrom::pod, pod_address(program.family, 1, 9)},
                          {PacketFrom::remote_pod, pod_address(program.family, 2, 9)},
                          {PacketFrom::external, address(four ? "203.0.113.7" : "2001:db8::7")},
                          {PacketFrom::external, address(four ? "203.0.113.200" : "2001:db8:8::9")}};
  for (const Address& a : program.local_addresses) out.push_back({PacketFrom::node, a});
  std::set<Address> seen;
  for (const ir::Pool& pool : program.pools) {  // endpoints that call themselves
    for (const ir::PoolEntry& e : pool.entries) {
      if (seen.size() >= 4 || program.is_local(e.address) || !seen.insert(e.address).second) continue;
      out.push_back({e.local ? PacketFrom::pod : PacketFrom::remote_pod, e.address});
    }
  }
  return out;
}

// Every (address, port) worth a packet, each with the protocols worth it.
struct Destination {
  Address dst;
  std::uint16_t port;
  Protocol protocol;
};

std::vector<Destination> destinations(const Cluster& cluster, const ir::Program& program) {
  std::vector<Destination> out;
  const auto own = [&](const Address& a) { return a.family() == program.family; };
  const auto add = [&](const Address& a, std::uint16_t port, Protocol protocol) {
    if (own(a)) out.push_back({a, port, protocol});
  };
  const std::vector<Address>& local = program.local_addresses;
  for (const Service& s : cluster.services) {
    std::vector<Address> addresses;
    for (const auto& a : s.cluster_ips) addresses.push_back(a.address);
    for (const auto& a : s.external_ips) addresses.push_back(a.address);
    for (const auto& a : s.load_balancer_ips) addresses.push_back(a.address);
    for (const ServicePort& p : s.ports) {
      for (const Address& a : addresses) add(a, p.port, p.protocol);
      if (p.node_port != 0) {
        for (const Address& a : local) add(a, p.node_port, p.protocol);
      }
    }
    for (const Address& a : addresses) {
      for (const Protocol protocol : protocols) add(a, 8001, protocol);  // no such port
      add(a, 0, Protocol::icmp);
    }
    if (s.health_check_node_port != 0) {
      for (const Address& a : local) add(a, s.health_check_node_port, Protocol::tcp);
    }
  }
  for (const Protocol protocol : protocols) {
    add(address("10.96.7.7"), 80, protocol);  // unallocated
    add(address("fd96::7777"), 80, protocol);
    add(address("10.40.2.20"), 7000, protocol);  // a pod, directly
    add(address("fd40::2:14"), 7000, protocol);
    add(address("192.168.50.11"), 30000, protocol);  // another node's port
    for (const Address& a : local) {
      add(a, 5001, protocol);
      add(a, 5002, protocol);
    }
  }
  return out;
}

}  // namespace

Cluster random_cluster(Random& random, Dialect dialect) {
  Dice dice(random);
  Cluster c;
  random_profile(dice, c.profile, dialect);
  c.nodes.push_back(random_node(dice));
  std::uint16_t node_port = 30000;
  const std::size_t count = 3 + dice.below(5);
  for (std::size_t i = 0; i < count; ++i) c.services.push_back(random_service(dice, i, node_port));
  return c;
}

std::vector<Packet> boundary_packets(const Cluster& cluster, const ir::Program& program) {
  std::vector<Packet> out;
  const auto sources = senders(program);
  for (const Destination& d : destinations(cluster, program)) {
    for (const Sender& s : sources) {
      Packet p;
      p.from = s.from;
      p.src = s.src;
      p.dst = d.dst;
      p.protocol = d.protocol;
      p.dport = d.port;
      out.push_back(p);
    }
    if (program.family == Family::ipv4 && program.is_local(d.dst) && d.port >= 30000) {
      Packet p;
      p.from = PacketFrom::node;
      p.src = p.dst = address("127.0.0.1");
      p.protocol = d.protocol;
      p.dport = d.port;
      out.push_back(p);
    }
  }
  return out;
}

std::string row(const ir::Program& program, const Packet& packet, const ir::Fate& fate, const ir::Trail& trail) {
  using ir::FrontendKind;
  const auto refusal = [&] { return fate.kind == ir::Fate::Kind::reject ? "reject" : "drop"; };
  if (trail.range_check != nullptr) return "ranges before translation";
  if (trail.route != nullptr && trail.outcome != nullptr) {
    if (const auto* b = std::get_if<ir::Balance>(&trail.outcome->outcome)) {
      const std::string kind = trail.route->kind == FrontendKind::cluster_ip  ? "internal"
                               : trail.route->kind == FrontendKind::host_port ? "host-port"
                                                                              : "external";
      if (kind != "external") return kind + (b->local_set ? " local" : "");
      switch (trail.outcome->source) {
        case ir::SourceIs::pod:
          return "external local: pod";
        case ir::SourceIs::node:
          return "external local: node";
        default:
          return b->local_set ? "external local: others" : "external cluster";
      }
    }
  }
  if (trail.check == nullptr) return packet.family() != program.family ? "other family" : "nothing";
  const ir::Check& c = *trail.check;
  if (std::holds_alternative<ir::ToFrontend>(c.match)) {
    if (std::get<ir::ToFrontend>(c.match).unless_from) return "ranges after translation";
    const bool internal = c.origin.field.find("].port") != std::string::npos;
    return fmt::format("{} refused: {}", internal ? "cluster-ip" : "external", refusal());
  }
  if (std::holds_alternative<ir::ToNodePort>(c.match)) {
    return c.verdict == ir::Verdict::accept ? "health accept" : fmt::format("node-port refused: {}", refusal());
  }
  if (std::holds_alternative<ir::ToAddress>(c.match)) return "hygiene: undefined port";
  if (std::holds_alternative<ir::ToPrefix>(c.match)) return "hygiene: unallocated";
  return c.owner;
}

std::string Coverage::cell(const std::string& row, const Packet& packet) {
  return fmt::format("{} | {} | {} | {}", row, net::to_string(packet.from), net::to_string(packet.family()),
                     net::to_string(packet.protocol));
}

}  // namespace portcullis::agreement
