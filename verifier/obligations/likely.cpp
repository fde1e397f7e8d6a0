#include "verifier/obligations/likely.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>

namespace portcullis::obligations {

namespace {

// So many of each kind: what none of them shows is about something else.
constexpr std::size_t most_of_a_kind = 4;
constexpr std::uint64_t into_prefix = 7;

void add_documentation(net::Family family, std::vector<net::Address>& out) {
  constexpr std::array<std::string_view, 3> v4{"203.0.113.7", "198.51.100.7", "192.0.2.7"};
  constexpr std::array<std::string_view, 1> v6{"2001:db8::7"};
  const auto add = [&](std::string_view text) { out.push_back(*net::Address::parse(text)); };
  if (family == net::Family::ipv4) {
    std::ranges::for_each(v4, add);
  } else {
    std::ranges::for_each(v6, add);
  }
}

void add_pods(const cluster::Cluster& cluster, net::Family family, const cluster::Node* node,
              std::vector<net::Address>& out) {
  for (const bool here : {true, false}) {
    std::size_t added = 0;
    for (const cluster::Pod& pod : cluster.pods) {
      if (pod.host_network || (node != nullptr && pod.node == node->name) != here) continue;
      for (const net::Address& a : pod.addresses) {
        if (a.family() == family && added < most_of_a_kind) {
          out.push_back(a);
          ++added;
        }
      }
    }
  }
}

}  // namespace

net::Address somebody_outside(net::Family family) {
  return *net::Address::parse(family == net::Family::ipv4 ? "203.0.113.7" : "2001:db8::7");
}

std::vector<net::Address> likely_sources(const cluster::Cluster& cluster, net::Family family,
                                         const cluster::Node* node) {
  std::vector<net::Address> out;
  add_documentation(family, out);
  add_pods(cluster, family, node, out);
  const auto add_range = [&](const cluster::Node& n) {
    for (const net::Prefix& p : n.pod_cidrs) {
      if (p.family() != family) continue;
      if (const auto inside = p.address().plus(into_prefix); inside && p.contains(*inside)) out.push_back(*inside);
    }
  };
  const auto add_node = [&](const cluster::Node& n) {
    if (const auto& primary = n.primary(family)) out.push_back(*primary);
    for (const net::Address& a : n.addresses) {
      if (a.family() == family) out.push_back(a);
    }
  };
  if (node != nullptr) add_range(*node);
  for (const cluster::Node& n : cluster.nodes | std::views::take(most_of_a_kind)) add_range(n);
  if (node != nullptr) add_node(*node);
  for (const cluster::Node& n : cluster.nodes | std::views::take(most_of_a_kind)) add_node(n);
  return out;
}

std::vector<net::Address> likely_sources(const ir::Program& program) {
  std::vector<net::Address> out;
  add_documentation(program.family, out);
  std::size_t pods = 0;
  for (const ir::Pool& pool : program.pools) {
    for (const ir::PoolEntry& entry : pool.entries) {
      if (pods++ < most_of_a_kind) out.push_back(entry.address);
    }
  }
  out.insert(out.end(), program.local_addresses.begin(), program.local_addresses.end());
  return out;
}

std::vector<net::Address> likely_within(const net::PrefixSet& set, net::Family family,
                                        std::span<const net::Address> sources) {
  std::vector<net::Address> out;
  std::ranges::copy_if(sources, std::back_inserter(out), [&](const net::Address& a) { return set.contains(a); });
  std::size_t added = 0;
  for (const net::Prefix& p : set.prefixes()) {
    if (p.family() != family || added == most_of_a_kind) continue;
    const auto inside = p.address().plus(into_prefix);
    out.push_back(inside && p.contains(*inside) ? *inside : p.address());
    ++added;
  }
  return out;
}

net::Packet likely(const net::Packet& packet, std::span<const net::Address> sources,
                   const std::function<std::optional<net::PacketFrom>(const net::Address&)>& from,
                   const std::function<bool(const net::Packet&)>& shows) {
  net::Packet with_port = packet;
  if (packet.protocol != net::Protocol::icmp) with_port.sport = client_port;
  for (const net::Address& source : sources) {
    const std::optional<net::PacketFrom> start = from(source);
    if (!start || source.family() != packet.family()) continue;
    net::Packet p = with_port;
    p.src = source;
    p.from = *start;
    p.iif.clear();
    if (shows(p)) return p;
    if (packet.iif.empty()) continue;
    p.iif = packet.iif;
    if (shows(p)) return p;
  }
  return shows(with_port) ? with_port : packet;
}

}  // namespace portcullis::obligations
