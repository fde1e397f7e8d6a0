#include "tests/unit/obligations/reach_brute.hpp"

#include <algorithm>

#include "compiler/base/error.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/policy/destinations.hpp"

namespace portcullis::tests {

namespace {

bool any_holds(const std::vector<net::Prefix>& prefixes, const net::Address& address) {
  return std::ranges::any_of(prefixes, [&](const net::Prefix& p) { return p.contains(address); });
}

const net::Address* main_address(const cluster::Node& node, net::Family family) {
  if (node.primary(family)) return &*node.primary(family);
  const auto found = std::ranges::find(node.addresses, family, &net::Address::family);
  return found == node.addresses.end() ? nullptr : &*found;
}

}  // namespace

Brute::Brute(const cluster::Cluster& cluster) : cluster_(cluster) {
  const auto around = [&](const net::Address& low, const net::Address& high) {
    boundaries_.insert({low, high});
    if (const auto before = low.previous()) boundaries_.insert(*before);
    if (const auto after = high.next()) boundaries_.insert(*after);
  };
  const auto prefix = [&](const net::Prefix& p) { around(p.address(), p.last()); };
  for (const cluster::Node& node : cluster.nodes) {
    for (const net::Address& a : node.addresses) around(a, a);
    std::ranges::for_each(node.pod_cidrs, prefix);
  }
  std::ranges::for_each(cluster.profile.pod_cidrs, prefix);
  for (const cluster::Pod& pod : cluster.pods) {
    for (const net::Address& a : pod.addresses) around(a, a);
  }
  for (const cluster::Service& service : cluster.services) {
    for (const auto& range : service.source_ranges) prefix(range.value);
    for (const auto& a : service.load_balancer_ips) around(a.address, a.address);
    for (const auto& a : service.external_ips) around(a.address, a.address);
    for (const cluster::ServicePort& port : service.ports) {
      for (const cluster::Endpoint& e : port.endpoints) around(e.address, e.address);
    }
  }
}

const Brute::Rules& Brute::rules(const cluster::Node& node, net::Family family) {
  const std::pair key{node.name, family};
  const auto found = rules_.find(key);
  if (found != rules_.end()) return found->second;
  return rules_.try_emplace(key, ir::build(cluster_, node, family)).first->second;
}

// ---- what is asked

std::vector<Brute::Key> Brute::keys(const policy::Destination& to, net::Family family) {
  std::vector<Key> out;
  if (const auto* at = std::get_if<policy::AddressDestination>(&to)) {
    for (const net::Protocol protocol : policy::service_protocols) {
      for (const policy::PortNumbers& range : at->ports.of(protocol)) {
        if (at->address.family() == family) out.push_back({at->address, protocol, range.first});
      }
    }
    return out;
  }
  const auto& service = std::get<policy::ServiceDestination>(to);
  for (const policy::Frontend& f : service.frontends) {
    if (f.address) {
      if (f.address->family() == family) out.push_back({*f.address, f.protocol, f.port});
      continue;
    }
    if (f.service->cluster_ip(family) == nullptr) continue;
    for (const cluster::Node& node : cluster_.nodes) {
      if (main_address(node, family) == nullptr) continue;
      const ir::Program& program = rules(node, family).program;
      for (const net::Address& a : program.local_addresses) {
        if (program.accepts_node_port(a)) out.push_back({a, f.protocol, f.port});
      }
    }
  }
  return out;
}

std::vector<net::Address> Brute::sources(const policy::SourceGroup& group, net::Family family) const {
  std::set<net::Address> all;
  for (const net::Prefix& p : group.addresses.prefixes()) {
    if (p.family() == family) all.insert({p.address(), p.last()});
  }
  for (const net::Address& a : boundaries_) {
    if (a.family() == family && group.addresses.contains(a)) all.insert(a);
  }
  return {all.begin(), all.end()};
}

bool Brute::reachable(const policy::ReachableQuestion& question) {
  const std::size_t nodes = cluster_.nodes.size();
  for (std::uint32_t set = 0; set < 1U << nodes; ++set) {
    std::set<std::string> lost;
    for (std::size_t i = 0; i < nodes; ++i) {
      if ((set >> i & 1U) != 0) lost.insert(cluster_.nodes[i].name);
    }
    if (lost.size() > question.surviving) continue;
    cluster::Cluster left = cluster_;
    for (cluster::Service& service : left.services) {
      for (cluster::ServicePort& port : service.ports) {
        std::erase_if(port.endpoints, [&](const cluster::Endpoint& e) {
          const cluster::Node* node = home(e.address);
          return node != nullptr && lost.contains(node->name);
        });
      }
    }
    std::erase_if(left.pods, [&](const cluster::Pod& p) { return lost.contains(p.node); });
    std::erase_if(left.nodes, [&](const cluster::Node& n) { return lost.contains(n.name); });
    Brute rest(left);
    rest.boundaries_ = boundaries_;
    const bool holds = rest.survives(question, lost, *this);
    counts.packets += rest.counts.packets;
    if (holds) continue;
    counts.lost += lost.empty() ? 0 : 1;
    return false;
  }
  return true;
}

bool Brute::survives(const policy::ReachableQuestion& question, const std::set<std::string>& lost, const Brute& whole) {
  for (const net::Family family : net::all_families) {
    for (const policy::SourceGroup& group : question.from->groups) {
      if (!group.node.empty() && lost.contains(group.node)) continue;
      const std::vector<Key> all = const_cast<Brute&>(whole).keys(question.to, family);
      if (all.empty()) continue;
      for (const net::Address& source : sources(group, family)) {
        const bool some = std::ranges::any_of(all, [&](const Key& key) {
          // A static route does not notice.
          const bool service_address =
              whole.owner(key.address) == nullptr &&
              !std::ranges::any_of(whole.cluster_.services,
                                   [&](const auto& s) {
                                     return std::ranges::find(s.load_balancer_ips, key.address,
                                                              &cluster::LoadBalancerAddress::address) !=
                                            s.load_balancer_ips.end();
                                   }) &&
              !whole.is_pod_or_endpoint(key.address);
          if (group.node.empty() && service_address && !lost.empty()) return false;
          return send(group, source, key).surely;
        });
        if (!some) return false;
      }
    }
  }
  return true;
}

bool Brute::anybody_gets_through(const policy::Sources& from, const policy::Destination& to) {
  for (const net::Family family : net::all_families) {
    for (const policy::SourceGroup& group : from.groups) {
      for (const Key& key : keys(to, family)) {
        for (const net::Address& source : sources(group, family)) {
          if (send(group, source, key).perhaps) return true;
        }
      }
    }
  }
  return false;
}

bool Brute::source_is_kept(const policy::PreservesSourceQuestion& question) {
  for (const net::Family family : net::all_families) {
    for (const policy::SourceGroup& group : question.from->groups) {
      for (const Key& key : keys(question.to, family)) {
        for (const net::Address& source : sources(group, family)) {
          if (send(group, source, key).masqueraded) return false;
        }
      }
    }
  }
  return true;
}

// ---- packets

Brute::Found Brute::send(const policy::SourceGroup& group, const net::Address& source, const Key& key) {
  ++counts.packets;
  net::Packet packet;
  packet.src = source;
  packet.dst = key.address;
  packet.protocol = key.protocol;
  packet.dport = key.port;
  Found found;
  const cluster::Node* node = group.node.empty() ? nullptr : cluster_.node(group.node);
  if (node == nullptr) {
    from_network(packet, nullptr, false, 0, found);
  } else {
    packet.from = group.origin == policy::Origin::pods ? net::PacketFrom::pod : net::PacketFrom::node;
    meet(*node, packet, false, 0, found);
  }
  return found;
}

const cluster::Node* Brute::owner(const net::Address& address) const {
  for (const cluster::Node& node : cluster_.nodes) {
    if (std::ranges::find(node.addresses, address) != node.addresses.end()) return &node;
  }
  return nullptr;
}

const cluster::Node* Brute::home(const net::Address& address) const {
  if (const cluster::Node* node = owner(address)) return node;
  for (const cluster::Pod& pod : cluster_.pods) {
    if (!pod.host_network && std::ranges::find(pod.addresses, address) != pod.addresses.end())
      return cluster_.node(pod.node);
  }
  for (const cluster::Service& service : cluster_.services) {
    for (const cluster::ServicePort& port : service.ports) {
      for (const cluster::Endpoint& e : port.endpoints) {
        if (e.address == address && !e.node.empty()) return cluster_.node(e.node);
      }
    }
  }
  for (const cluster::Node& node : cluster_.nodes) {
    if (any_holds(node.pod_cidrs, address)) return &node;
  }
  return nullptr;
}

bool Brute::is_pod_or_endpoint(const net::Address& address) const {
  for (const cluster::Pod& pod : cluster_.pods) {
    if (!pod.host_network && std::ranges::find(pod.addresses, address) != pod.addresses.end()) return true;
  }
  for (const cluster::Service& service : cluster_.services) {
    for (const cluster::ServicePort& port : service.ports) {
      if (std::ranges::find(port.endpoints, address, &cluster::Endpoint::address) != port.endpoints.end()) return true;
    }
  }
  return false;
}

void Brute::from_network(net::Packet packet, const cluster::Node* from, bool masqueraded, int machines, Found& found) {
  const auto go = [&](const cluster::Node& node, const net::Address& dst, std::uint16_t port) {
    net::Packet there = packet;
    there.from = net::PacketFrom::external;
    there.dst = dst;
    there.dport = port;
    meet(node, there, masqueraded, machines, found);
  };
  if (const cluster::Node* node = owner(packet.dst)) return go(*node, packet.dst, packet.dport);
  for (const cluster::Service& service : cluster_.services) {
    for (const cluster::LoadBalancerAddress& a : service.load_balancer_ips) {
      if (a.address != packet.dst) continue;
      const auto port = std::ranges::find_if(service.ports, [&](const cluster::ServicePort& p) {
        return p.protocol == packet.protocol && p.port == packet.dport;
      });
      if (port == service.ports.end()) {
        found.surely = false;
        return;
      }
      const auto& pools = cluster_.profile.load_balancers;
      const auto pool = std::ranges::find_if(pools, [&](const auto& p) { return any_holds(p.pool, packet.dst); });
      const bool via = port->node_port != 0 && (pool == pools.end() ? !a.vip : pool->via_node_port);
      bool any = false;
      for (const cluster::Node& node : cluster_.nodes) {
        const net::Address* address = main_address(node, packet.family());
        if (address == nullptr) continue;
        if (service.health_check_node_port != 0) {
          const bool ready = std::ranges::any_of(service.ports, [&](const cluster::ServicePort& p) {
            return std::ranges::any_of(p.endpoints,
                                       [&](const cluster::Endpoint& e) { return e.ready && e.node == node.name; });
          });
          if (!ready) continue;
        }
        any = true;
        via ? go(node, *address, port->node_port) : go(node, packet.dst, packet.dport);
      }
      if (!any) found.surely = false;
      return;
    }
  }
  const bool of_service = any_holds(cluster_.profile.service_cidrs, packet.dst);
  const bool external = std::ranges::any_of(cluster_.services, [&](const cluster::Service& s) {
    return std::ranges::find(s.external_ips, packet.dst, &cluster::LocatedAddress::address) != s.external_ips.end();
  });
  const cluster::Node* node = home(packet.dst);
  const bool pods =
      is_pod_or_endpoint(packet.dst) || node != nullptr || any_holds(cluster_.profile.pod_cidrs, packet.dst);
  if (from == nullptr && (of_service || (external && !pods))) {
    for (const cluster::Node& n : cluster_.nodes) {
      if (main_address(n, packet.family()) != nullptr) go(n, packet.dst, packet.dport);
    }
    return;
  }
  if (!of_service && pods) {
    if (node != nullptr && node != from) return go(*node, packet.dst, packet.dport);
    if (is_pod_or_endpoint(packet.dst)) {
      found.perhaps = true;
      found.masqueraded = found.masqueraded || masqueraded;
      return;
    }
  }
  found.surely = false;
}

void Brute::meet(const cluster::Node& node, const net::Packet& packet, bool masqueraded, int machines, Found& found) {
  if (machines > 8) {
    found.surely = false;
    return;
  }
  const ir::Fate fate = rules(node, packet.family()).interpreter.fate(packet);
  switch (fate.kind) {
    case ir::Fate::Kind::conflict:
      throw base::InternalError("the generator makes no conflicts");
    case ir::Fate::Kind::reject:
    case ir::Fate::Kind::drop:
      found.surely = false;
      return;
    case ir::Fate::Kind::none:
    case ir::Fate::Kind::accept:
      return past(node, packet, fate.then, fate.masquerade, masqueraded, machines, found);
    case ir::Fate::Kind::dnat:
      break;
  }
  for (const ir::Target& target : fate.targets) {
    net::Packet translated = packet;
    translated.dst = target.address;
    translated.dport = target.port;
    past(node, translated, target.then, target.masquerade, masqueraded, machines, found);
  }
}

void Brute::past(const cluster::Node& node, const net::Packet& packet, ir::Then then, bool marked, bool masqueraded,
                 int machines, Found& found) {
  const bool rewritten = masqueraded || (marked && (then == ir::Then::forward || packet.from == net::PacketFrom::node));
  if (then == ir::Then::local) {
    // The generator's nodes reserve port 22 and nothing else, and have endpoints on the host network.
    bool listens = packet.protocol == net::Protocol::tcp && packet.dport == 22;
    for (const cluster::Service& service : cluster_.services) {
      listens = listens || (service.health_check_node_port == packet.dport && packet.protocol == net::Protocol::tcp);
      for (const cluster::ServicePort& port : service.ports) {
        for (const cluster::Endpoint& e : port.endpoints)
          listens = listens || (e.address == packet.dst && e.port == packet.dport && port.protocol == packet.protocol);
      }
    }
    found.surely = found.surely && listens;
    found.perhaps = found.perhaps || listens;
    found.masqueraded = found.masqueraded || (listens && rewritten);
    return;
  }
  if (then != ir::Then::forward) {
    found.surely = false;
    return;
  }
  net::Packet on = packet;
  if (marked && main_address(node, packet.family()) != nullptr) on.src = *main_address(node, packet.family());
  from_network(on, &node, rewritten, machines + 1, found);
}

}  // namespace portcullis::tests
