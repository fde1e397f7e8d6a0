// Claims of Services: addresses with their ports, node ports, health check ports.
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "compiler/cluster/claims.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view cluster_ips_field = "spec.clusterIPs";

struct Frontend {
  net::Address address;
  net::Protocol protocol{};
  std::uint16_t port = 0;
  const Service* service = nullptr;
  const ServicePort* service_port = nullptr;
  SourceSpan span;
  std::string_view field;  // which list of the Service has the address
  [[nodiscard]] bool cluster_ip() const { return field == cluster_ips_field; }
  [[nodiscard]] auto key() const { return std::tie(address, protocol, port); }
};

// ClusterIPs, external IPs and balancer VIPs of every Service, another proxy's too: the addresses are taken, whoever
// programs them.
std::vector<Frontend> frontends(const std::vector<Service>& services) {
  std::vector<Frontend> out;
  out.reserve(services.size() * 2);
  for (const Service& service : services) {
    if (service.headless || service.type == ServiceType::external_name || service.cluster_ips.empty()) continue;
    for (const ServicePort& port : service.ports) {
      const auto add = [&](const net::Address& address, SourceSpan span, std::string_view field) {
        // A proxy of a family without a cluster IP does not know the Service (reference 0.2).
        if (service.cluster_ip(address.family()) == nullptr) return;
        out.push_back({address, port.protocol, port.port, &service, &port, span, field});
      };
      for (const LocatedAddress& ip : service.cluster_ips) add(ip.address, ip.span, cluster_ips_field);
      for (const LocatedAddress& ip : service.external_ips) add(ip.address, ip.span, "spec.externalIPs");
      for (const LoadBalancerAddress& ip : service.load_balancer_ips) {
        if (ip.vip) add(ip.address, ip.span, "status.loadBalancer.ingress");
      }
    }
  }
  return out;
}

// PC2038: one cluster IP, several Services, whatever their ports.
void report_cluster_ips(const std::vector<Service>& services, base::Diagnostics& diagnostics) {
  struct Holder {
    net::Address address;
    const Service* service;
    SourceSpan span;
  };
  std::vector<Holder> holders;
  holders.reserve(services.size());
  for (const Service& service : services) {
    for (const LocatedAddress& ip : service.cluster_ips) {
      if (!ip.planned) holders.push_back({ip.address, &service, ip.span});
    }
  }
  std::ranges::stable_sort(holders, {}, &Holder::address);
  for (std::size_t first = 0; first < holders.size();) {
    std::vector<Claimant> claimants;
    std::size_t last = first;
    for (; last < holders.size() && holders[last].address == holders[first].address; ++last) {
      claimants.push_back({holders[last].service, holders[last].span, std::string(cluster_ips_field)});
    }
    if (claimants.size() > 1) {
      report_claimants("PC2038", fmt::format("cluster IP `{}`", holders[first].address.text()), base::Reason::invalid,
                       claimants, diagnostics);
    }
    first = last;
  }
}

// PC3102 for the frontends [first, last) of one key, unless it is no more than one cluster IP twice (PC2038 said so) or
// one Service twice (a port repeated in the Service is validation's to name).
void report_frontend(const Frontend* first, const Frontend* last, base::Diagnostics& diagnostics) {
  const bool one_service = std::all_of(first, last, [&](const Frontend& f) { return f.service == first->service; });
  const bool cluster_ips_only = std::all_of(first, last, [](const Frontend& f) { return f.cluster_ip(); });
  if (one_service || cluster_ips_only) return;
  std::vector<Claimant> claimants;
  for (const Frontend* f = first; f != last; ++f) {  // the entries of one Service stand together
    if (claimants.empty() || claimants.back().service != f->service)
      claimants.push_back({f->service, f->span, std::string(f->field)});
  }
  const std::string what =
      fmt::format("{}/{}", net::endpoint_text(first->address, first->port), net::to_string(first->protocol));
  report_claimants("PC3102", what, base::Reason::none, claimants, diagnostics);
}

struct NumberClaim {
  std::uint16_t number = 0;
  net::Protocol protocol = net::Protocol::tcp;
  const Service* service = nullptr;
  const ServicePort* port = nullptr;  // nullptr: the health check
  SourceSpan span;
  bool planned = false;

  [[nodiscard]] std::string owner() const {
    return port == nullptr ? service->id() : service_port_name(*service, *port);
  }
  [[nodiscard]] std::string field() const {
    return port == nullptr ? "spec.healthCheckNodePort" : fmt::format("spec.ports[{}].nodePort", port->index);
  }
};

std::vector<NumberClaim> number_claims(const std::vector<Service>& services) {
  std::vector<NumberClaim> out;
  for (const Service& service : services) {
    if (service.headless || service.type == ServiceType::external_name) continue;
    for (const ServicePort& port : service.ports) {
      if (port.node_port != 0)
        out.push_back({port.node_port, port.protocol, &service, &port, port.node_port_span, port.node_port_planned});
    }
    if (service.health_check_node_port != 0) {
      out.push_back({service.health_check_node_port, net::Protocol::tcp, &service, nullptr, service.health_check_span,
                     service.health_check_node_port_planned});
    }
  }
  std::ranges::stable_sort(out, {}, &NumberClaim::number);
  return out;
}

// Entries of one Service share a number if they have one `port` and different protocols; nothing else does.
bool share(const NumberClaim& a, const NumberClaim& b) {
  return a.service == b.service && a.port != nullptr && b.port != nullptr && a.port->port == b.port->port &&
         a.protocol != b.protocol;
}

// Whether any two of [first, last) may not share. A run that shares has one claim a protocol, so three at most.
bool in_conflict(const NumberClaim* first, const NumberClaim* last) {
  if (last - first > 3) return true;
  for (const NumberClaim* a = first; a != last; ++a) {
    for (const NumberClaim* b = a + 1; b != last; ++b) {
      if (!share(*a, *b)) return true;
    }
  }
  return false;
}

void report_number(const NumberClaim* first, const NumberClaim* last, base::Diagnostics& diagnostics) {
  std::vector<Claimant> claimants;
  const Service* previous = nullptr;
  for (const NumberClaim* c = first; c != last; ++c) {
    // Claims of one Service stand together. What is wrong inside one Service, validation names.
    if (c->service != previous) claimants.push_back({c->service, c->span, c->field()});
    previous = c->service;
  }
  if (claimants.size() < 2) return;
  report_claimants("PC2037", fmt::format("node port `{}`", first->number), base::Reason::invalid, claimants,
                   diagnostics);
}

}  // namespace

void claim_service_addresses(const std::vector<Service>& services, std::vector<Claim>& claims,
                             base::Diagnostics& diagnostics) {
  report_cluster_ips(services, diagnostics);
  std::vector<Frontend> all = frontends(services);
  std::ranges::stable_sort(all, [](const Frontend& a, const Frontend& b) { return a.key() < b.key(); });
  claims.reserve(claims.size() + all.size());
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first + 1;
    while (last < all.size() && all[last].key() == all[first].key()) ++last;
    Claim claim{
        ClaimKind::service_ip,
        fmt::format("{}/{}/{}", all[first].address.text(), net::to_string(all[first].protocol), all[first].port),
        {},
        false};
    for (std::size_t i = first; i < last; ++i) {
      claim.owners.push_back({service_port_name(*all[i].service, *all[i].service_port), all[i].span});
      claim.conflict = claim.conflict || all[i].service_port != all[first].service_port;
    }
    claims.push_back(std::move(claim));
    report_frontend(all.data() + first, all.data() + last, diagnostics);
    first = last;
  }
}

void claim_node_ports(const std::vector<Service>& services, std::vector<Claim>& claims,
                      base::Diagnostics& diagnostics) {
  const std::vector<NumberClaim> all = number_claims(services);
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first + 1;
    while (last < all.size() && all[last].number == all[first].number) ++last;
    const bool conflict = in_conflict(all.data() + first, all.data() + last);
    std::vector<ClaimOwner> everybody;
    if (conflict) {
      for (std::size_t i = first; i < last; ++i) everybody.push_back({all[i].owner(), all[i].span});
    }
    std::vector<std::string> keys;
    for (std::size_t i = first; i < last; ++i) {
      const ClaimKind kind = all[i].port == nullptr ? ClaimKind::health : ClaimKind::node_port;
      std::string key = fmt::format("{}/{}", net::to_string(all[i].protocol), all[i].number);
      const std::string known = fmt::format("{} {}", to_string(kind), key);
      if (std::ranges::find(keys, known) != keys.end()) continue;
      keys.push_back(known);
      claims.push_back({kind, std::move(key),
                        conflict ? everybody : std::vector<ClaimOwner>{{all[i].owner(), all[i].span}}, conflict});
    }
    if (conflict) report_number(all.data() + first, all.data() + last, diagnostics);
    first = last;
  }
}

}  // namespace portcullis::cluster
