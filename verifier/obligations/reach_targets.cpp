#include "verifier/obligations/reach_targets.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "compiler/ir/l4/surroundings.hpp"

namespace portcullis::obligations {

namespace {

// The addresses of a node at which it takes node ports, loopback apart.
std::vector<net::Address> accepted(const cluster::Profile& profile, const cluster::Node& node, net::Family family) {
  std::vector<net::Address> local = ir::local_addresses(node, family);
  const ir::AcceptedAddresses accepted = ir::accepted_addresses(profile, node, family);
  if (accepted.every_local) return local;
  std::erase_if(local, [&](const net::Address& a) { return !std::ranges::binary_search(accepted.addresses, a); });
  return local;
}

// The end of a claim's key: `…/TCP/5001`.
std::optional<std::pair<net::Protocol, std::uint16_t>> port_of(const std::string& claim) {
  const std::size_t last = claim.rfind('/');
  if (last == std::string::npos) return {};
  const std::size_t before = last == 0 ? std::string::npos : claim.rfind('/', last - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  const auto protocol = net::parse_protocol(std::string_view(claim).substr(begin, last - begin));
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(claim.data() + last + 1, claim.data() + claim.size(), port);
  if (!protocol || bad != std::errc{} || end != claim.data() + claim.size()) return {};
  return std::pair(*protocol, port);
}

}  // namespace

std::vector<Demand> Targets::demands(const policy::Destination& destination, net::Family family) {
  return std::visit([&](const auto& one) { return of(one, family); }, destination);
}

void Targets::add_keys(const policy::Frontend& frontend, net::Family family, std::vector<Key>& keys) {
  if (frontend.address) {
    if (frontend.address->family() == family) keys.push_back({*frontend.address, frontend.protocol, frontend.port});
    return;
  }
  for (const cluster::Node& node : network_.cluster().nodes) add_keys(frontend, node, family, keys);
}

void Targets::add_keys(const policy::Frontend& node_port, const cluster::Node& node, net::Family family,
                       std::vector<Key>& keys) {
  // A Service without a cluster IP of the family is not there in it.
  if (node_port.service->cluster_ip(family) == nullptr || !trace::main_address(node, family)) return;
  for (const net::Address& address : accepted(network_.cluster().profile, node, family))
    keys.push_back({address, node_port.protocol, node_port.port});
}

bool Targets::takes_node_ports(const cluster::Node& node, const net::Address& address) const {
  const auto taken = accepted(network_.cluster().profile, node, address.family());
  return std::ranges::binary_search(taken, address);
}

std::vector<Demand> Targets::of(const policy::ServiceDestination& service, net::Family family) {
  Demand demand;
  for (const policy::Frontend& f : service.frontends) add_keys(f, family, demand.keys);
  if (service.frontends.empty()) {
    for (const cluster::Endpoint& e : service.port->endpoints) {
      if (e.address.family() == family && e.ready) demand.keys.push_back({e.address, service.port->protocol, e.port});
    }
  }
  if (demand.keys.empty()) return {};
  return {std::move(demand)};
}

std::vector<Demand> Targets::of(const policy::PodDestination& pods, net::Family family) {
  std::vector<net::Address> addresses;
  for (const cluster::Pod* pod : pods.pods) {
    for (const net::Address& a : pod->addresses) {
      if (a.family() == family) addresses.push_back(a);
    }
  }
  std::vector<Demand> out;
  if (addresses.empty()) return out;
  for (const auto& [protocol, port] : ports(pods.ports, addresses)) {
    Demand demand;
    demand.keys.reserve(addresses.size());
    for (const net::Address& a : addresses) demand.keys.push_back({a, protocol, port});
    out.push_back(std::move(demand));
  }
  return out;
}

std::vector<Demand> Targets::wishes(const policy::Destination& destination, net::Family family) {
  const auto* at = std::get_if<policy::AddressDestination>(&destination);
  if (at == nullptr || at->frontends.empty() || !(at->ports == policy::PortSet::all()))
    return demands(destination, family);
  if (at->address.family() != family) return {};
  Demand demand;
  for (const policy::Frontend& f : at->frontends) demand.keys.push_back({at->address, f.protocol, f.port});
  return {std::move(demand)};
}

std::vector<Demand> Targets::of(const policy::AddressDestination& at, net::Family family) {
  std::vector<Demand> out;
  if (at.address.family() != family) return out;
  for (const auto& [protocol, port] : ports(at.ports, {at.address})) out.push_back({{{at.address, protocol, port}}});
  return out;
}

std::vector<Demand> Targets::of(const policy::DoorsDestination& doors, net::Family family) {
  Demand demand;
  for (const auto& [address, port] : doors.doors) {
    if (address.family() == family) demand.keys.push_back({address, net::Protocol::tcp, port});
  }
  if (demand.keys.empty()) return {};
  return {std::move(demand)};
}

// ---- ports

std::vector<Targets::Port> Targets::ports(const policy::PortSet& set, const std::vector<net::Address>& addresses) {
  index(addresses.front().family());
  std::set<Port> special;
  for (const net::Address& a : addresses) {
    if (network_.atlas().node_with(a) != nullptr) {
      listeners();
      special.insert(anywhere_.begin(), anywhere_.end());
    }
    if (const auto found = exact_.find(a); found != exact_.end())
      special.insert(found->second.begin(), found->second.end());
  }
  std::vector<Port> out;
  for (const net::Protocol protocol : policy::service_protocols) {
    bool plain = false;
    for (const policy::PortNumbers& range : set.of(protocol)) {
      for (std::uint32_t port = range.first; port <= range.last; ++port) {
        const Port one{protocol, static_cast<std::uint16_t>(port)};
        const bool own = special.contains(one);
        if (!own && plain) continue;
        plain = plain || !own;
        out.push_back(one);
      }
    }
  }
  return out;
}

void Targets::index(net::Family family) {
  if (!indexed_.insert(family).second) return;
  const auto note = [&](const ir::RouteKey& key) {
    if (key.address) {
      exact_[*key.address].emplace(key.protocol, key.port);
    } else {
      anywhere_.emplace(key.protocol, key.port);
    }
  };
  for (const cluster::Node& node : network_.cluster().nodes) {
    const ir::Program& program = network_.rules(node, family).program();
    for (const ir::RangeCheck& r : program.pre) note(r.key);
    for (const ir::Route& r : program.routes) note(r.key);
    for (const ir::Check& c : program.checks) {
      if (const auto* to = std::get_if<ir::ToFrontend>(&c.match)) note(to->key);
      if (const auto* to = std::get_if<ir::ToNodePort>(&c.match)) anywhere_.emplace(to->protocol, to->port);
    }
  }
  // Balancers ask for the port before any node does.
  for (const cluster::Service& service : network_.cluster().services) {
    for (const cluster::LoadBalancerAddress& a : service.load_balancer_ips) {
      for (const cluster::ServicePort& p : service.ports) exact_[a.address].emplace(p.protocol, p.port);
    }
  }
}

// Who accepts packets to a node itself: see trace::Atlas::listener.
void Targets::listeners() {
  if (std::exchange(listeners_known_, true)) return;
  for (const cluster::Claim& claim : network_.cluster().claims) {
    if (claim.kind != cluster::ClaimKind::host_network && claim.kind != cluster::ClaimKind::health) continue;
    if (const auto port = port_of(claim.key)) anywhere_.insert(*port);
  }
  for (const cluster::Service& service : network_.cluster().services) {
    for (const cluster::ServicePort& p : service.ports) {
      for (const cluster::Endpoint& e : p.endpoints) {
        if (network_.atlas().node_with(e.address) != nullptr) exact_[e.address].emplace(p.protocol, e.port);
      }
    }
  }
  for (const cluster::ReservedPort& r : network_.cluster().profile.reserved_ports) {
    for (const net::Protocol protocol : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp}) {
      if (r.protocol && *r.protocol != protocol) continue;
      for (std::uint32_t port = r.first; port <= r.last; ++port)
        anywhere_.emplace(protocol, static_cast<std::uint16_t>(port));
    }
  }
}

}  // namespace portcullis::obligations
