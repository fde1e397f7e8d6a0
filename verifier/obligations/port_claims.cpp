#include "verifier/obligations/port_claims.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace portcullis::obligations {

namespace {

using cluster::Cluster;
using cluster::Service;
using cluster::ServicePort;

bool has_ports(const Service& service) {
  return !service.headless && service.type != cluster::ServiceType::external_name && !service.cluster_ips.empty();
}

// Another proxy's Services, too: their addresses are taken, whoever programs them.
void claim_for_service(const Service& service, std::vector<PortClaim>& claims) {
  if (!has_ports(service)) return;
  for (const ServicePort& port : service.ports) {
    PortClaim claim;
    claim.protocol = port.protocol;
    claim.service = &service;
    claim.service_port = &port;
    const auto add = [&](std::uint16_t number, Holder holder, const std::optional<net::Address>& address,
                         base::SourceSpan span) {
      // A proxy of a family without a cluster IP does not know the Service (reference 0.2).
      if (address && service.cluster_ip(address->family()) == nullptr) return;
      claim.port = number;
      claim.holder = holder;
      claim.address = address;
      claim.span = span;
      claims.push_back(claim);
    };
    for (const auto& ip : service.cluster_ips) add(port.port, Holder::service_address, ip.address, ip.span);
    for (const auto& ip : service.external_ips) add(port.port, Holder::service_address, ip.address, ip.span);
    for (const auto& ip : service.load_balancer_ips) {
      if (ip.vip) add(port.port, Holder::service_address, ip.address, ip.span);
    }
    if (port.node_port != 0) add(port.node_port, Holder::node_port, {}, port.node_port_span);
  }
  if (service.health_check_node_port == 0) return;
  PortClaim& claim = claims.emplace_back();
  claim.port = service.health_check_node_port;
  claim.holder = Holder::health_check;
  claim.service = &service;
  claim.span = service.health_check_span;
}

// The hostIP, unless it is every address of every family. `0.0.0.0` and `::` are every address of one.
std::optional<net::Address> host_address(const std::optional<net::Address>& host_ip) {
  return host_ip && !host_ip->is_unspecified() ? host_ip : std::nullopt;
}

void claim_for_pods(const Cluster& cluster, std::vector<PortClaim>& claims) {
  for (const cluster::HostPortWorkload& workload : cluster.host_port_workloads) {
    for (const cluster::NodePortWant& want : workload.ports) {
      PortClaim& claim = claims.emplace_back();
      claim.protocol = want.protocol;
      claim.port = want.host_port;
      claim.holder = Holder::workload;
      claim.address = host_address(want.host_ip);
      claim.workload = &workload;
      claim.want = &want;
      claim.span = want.span;
    }
  }
  for (const cluster::Node& node : cluster.nodes) {
    for (const cluster::HostPort& entry : node.host_ports) {
      if (!entry.owner.starts_with("profile")) continue;  // the others' workloads are above
      PortClaim& claim = claims.emplace_back();
      claim.protocol = entry.protocol;
      claim.port = entry.host_port;
      claim.holder = Holder::profile_host_port;
      claim.address = host_address(entry.host_ip);
      claim.node = &node;
      claim.host_port = &entry;
      claim.span = entry.span;
    }
  }
}

void claim_for_nodes(const cluster::Profile& profile, std::vector<PortClaim>& claims) {
  for (const cluster::ReservedPort& reserved : profile.reserved_ports) {
    for (const net::Protocol protocol : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp}) {
      const bool meant = reserved.protocol ? *reserved.protocol == protocol : protocol != net::Protocol::sctp;
      if (!meant) continue;
      for (std::uint32_t port = reserved.first; port <= reserved.last; ++port) {
        PortClaim& claim = claims.emplace_back();
        claim.protocol = protocol;
        claim.port = static_cast<std::uint16_t>(port);
        claim.holder = Holder::reserved;
        claim.reserved = &reserved;
        claim.span = reserved.span;
      }
    }
  }
}

std::uint32_t number_of(const PortClaim& claim) {
  return static_cast<std::uint32_t>(claim.protocol) << 17U | static_cast<std::uint32_t>(claim.port) << 1U |
         (claim.address ? 1U : 0U);
}

bool before(const PortClaim& a, const PortClaim& b) {
  const std::uint32_t left = number_of(a), right = number_of(b);
  return left != right ? left < right : a.address < b.address;
}

// Whether some two of these are worth asking about. Two ports of pods are not (the scheduler keeps them apart), nor is
// one port of a Service with itself.
bool worth_asking(const std::vector<const PortClaim*>& claims) {
  const PortClaim* service = nullptr;
  bool services = false, pod = false, reserved = false;
  for (const PortClaim* claim : claims) {
    pod = pod || claim->of_pod();
    reserved = reserved || claim->holder == Holder::reserved;
    if (!claim->of_service()) continue;
    services = services || (service != nullptr &&
                            (service->service_port != claim->service_port || service->service != claim->service));
    service = claim;
  }
  return services || (service != nullptr && pod) || (reserved && (pod || service != nullptr));
}

class Sweep {
 public:
  explicit Sweep(const Cluster& cluster) {
    for (const cluster::Node& node : cluster.nodes) {
      // Addresses that planning made up meet nothing: a real node has others.
      if (node.addresses_planned) continue;
      node_addresses_.insert(node_addresses_.end(), node.addresses.begin(), node.addresses.end());
    }
    std::ranges::sort(node_addresses_);
  }

  // The claims [first, last) of one protocol and port.
  void run(const PortClaim* first, const PortClaim* last, std::vector<std::vector<const PortClaim*>>& groups) const {
    const PortClaim* named = first;
    while (named != last && !named->address) ++named;
    if (last - first < 2) return;
    std::vector<const PortClaim*> on_nodes;
    for (const PortClaim* claim = first; claim != named; ++claim) on_nodes.push_back(claim);
    const bool everywhere = !on_nodes.empty();
    for (const PortClaim *claim = named, *end = named; claim != last; claim = end) {
      while (end != last && end->address == claim->address) ++end;
      const bool joins = everywhere && (!claim->of_service() || local(*claim->address));
      if (joins) {
        for (; claim != end; ++claim) on_nodes.push_back(claim);
      } else if (end - claim > 1) {
        add(pointers(claim, end), groups);
      }
    }
    if (everywhere) add(std::move(on_nodes), groups);
  }

 private:
  static std::vector<const PortClaim*> pointers(const PortClaim* first, const PortClaim* last) {
    std::vector<const PortClaim*> out;
    for (; first != last; ++first) out.push_back(first);
    return out;
  }
  static void add(std::vector<const PortClaim*> claims, std::vector<std::vector<const PortClaim*>>& groups) {
    if (worth_asking(claims)) groups.push_back(std::move(claims));
  }
  [[nodiscard]] bool local(const net::Address& address) const {
    return address.is_loopback() || std::ranges::binary_search(node_addresses_, address);
  }

  std::vector<net::Address> node_addresses_;
};

std::string key_text(const PortClaim& claim) {
  return fmt::format("{}/{}", claim.port, net::to_string(claim.protocol));
}

}  // namespace

bool PortClaim::of_node_component() const {
  return holder == Holder::workload && want->host_network && workload->workload.ns == "kube-system";
}

std::string PortClaim::who() const {
  if (service != nullptr) return base::ObjectRef{"Service", service->ns, service->name}.text();
  if (workload != nullptr) return workload->workload.text();
  return host_port != nullptr ? host_port->owner : reserved->what;
}

std::string PortClaim::text() const {
  switch (holder) {
    case Holder::service_address:
      return fmt::format("{} ({}/{})", who(), net::endpoint_text(*address, port), net::to_string(protocol));
    case Holder::node_port:
      return fmt::format("{} (node port {})", who(), key_text(*this));
    case Holder::health_check:
      return fmt::format("{} (health check node port {})", who(), key_text(*this));
    case Holder::workload:
    case Holder::profile_host_port:
      return fmt::format("{} ({} {}{})", who(), want != nullptr && want->host_network ? "host network" : "host port",
                         key_text(*this), address ? " on " + address->text() : "");
    case Holder::reserved:
      return fmt::format("{} (reserved port {})", who(), key_text(*this));
  }
  return {};
}

PortClaims collect_port_claims(const Cluster& cluster) {
  PortClaims out;
  out.claims.reserve(cluster.services.size() * 3);
  for (const Service& service : cluster.services) claim_for_service(service, out.claims);
  claim_for_pods(cluster, out.claims);
  claim_for_nodes(cluster.profile, out.claims);
  std::ranges::stable_sort(out.claims, before);
  const Sweep sweep(cluster);
  const PortClaim* const end = out.claims.data() + out.claims.size();
  for (const PortClaim *first = out.claims.data(), *last = first; first != end; first = last) {
    while (last != end && number_of(*last) >> 1U == number_of(*first) >> 1U) ++last;
    sweep.run(first, last, out.groups);
  }
  return out;
}

}  // namespace portcullis::obligations
