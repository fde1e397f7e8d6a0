#include "compiler/ir/l7/entry.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace portcullis::ir::l7 {

namespace {

bool takes_requests(const cluster::Service& service) {
  const bool outside =
      service.type == cluster::ServiceType::load_balancer || service.type == cluster::ServiceType::node_port;
  return outside && (entry_port(service, false) != nullptr || entry_port(service, true) != nullptr);
}

std::set<std::string> owners_of(const Router& router) {
  std::set<std::string> out;
  for (const HostEntry& host : router.hosts) out.insert(host.owners.begin(), host.owners.end());
  return out;
}

const cluster::Service* by_status(const cluster::Cluster& cluster, const Router& router) {
  const std::set<std::string> owners = owners_of(router);
  std::set<std::string> addresses;
  for (const cluster::Ingress& ingress : cluster.ingresses) {
    if (!owners.contains(ingress.id())) continue;
    for (const manifest::LoadBalancerIngress& status : ingress.body.ingress) {
      if (status.ip) addresses.insert(status.ip->value);
    }
  }
  for (const cluster::Service& service : cluster.services) {
    if (!takes_requests(service)) continue;
    for (const cluster::LoadBalancerAddress& address : service.load_balancer_ips) {
      if (addresses.contains(address.address.text())) return &service;
    }
  }
  return nullptr;
}

// How the controllers' own manifests and charts call Service and workload.
constexpr std::array<std::pair<Flavour, std::string_view>, 6> usual_names{
    {{Flavour::nginx, "ingress-nginx-controller"},
     {Flavour::nginx, "nginx-ingress-controller"},
     {Flavour::haproxy, "haproxy-kubernetes-ingress"},
     {Flavour::haproxy, "kubernetes-ingress"},
     {Flavour::haproxy_ingress, "haproxy-ingress"},
     {Flavour::traefik, "traefik"}}};

bool is_usual(Flavour flavour, std::string_view name) {
  return std::ranges::any_of(usual_names, [&](const auto& one) {
    const bool ends = name.ends_with(one.second);
    return one.first == flavour && ends &&
           (name.size() == one.second.size() || name[name.size() - one.second.size() - 1] == '-');
  });
}

const cluster::Service* by_name(const cluster::Cluster& cluster, Flavour flavour) {
  const auto found = std::ranges::find_if(cluster.services, [&](const cluster::Service& service) {
    return is_usual(flavour, service.name) && takes_requests(service);
  });
  return found == cluster.services.end() ? nullptr : &*found;
}

// The port of the node that takes requests: container port, or host port, 80 or 443, else by name; 0: none.
std::uint16_t host_port(const cluster::HostPortWorkload& workload, bool https) {
  const std::uint16_t number = https ? 443 : 80;
  const std::string_view name = https ? "https" : "http";
  for (const cluster::NodePortWant& want : workload.ports) {
    if (want.host_port == number || want.container_port == number || want.label == name) return want.host_port;
  }
  return 0;
}

const cluster::HostPortWorkload* workload_of(const cluster::Cluster& cluster, std::string_view id) {
  const auto found = std::ranges::find_if(cluster.host_port_workloads, [&](const cluster::HostPortWorkload& workload) {
    return workload.workload.ns + "/" + workload.workload.name == id;
  });
  return found == cluster.host_port_workloads.end() ? nullptr : &*found;
}

const cluster::HostPortWorkload* workload_by_name(const cluster::Cluster& cluster, Flavour flavour) {
  const auto found = std::ranges::find_if(cluster.host_port_workloads, [&](const cluster::HostPortWorkload& workload) {
    return is_usual(flavour, workload.workload.name) &&
           (host_port(workload, false) != 0 || host_port(workload, true) != 0);
  });
  return found == cluster.host_port_workloads.end() ? nullptr : &*found;
}

// Names of the nodes where a workload's pods are; those where it may be if none is placed.
std::set<std::string> nodes_of(const cluster::Cluster& cluster, const cluster::HostPortWorkload& workload) {
  std::set<std::string> out;
  for (const cluster::Pod& pod : cluster.pods) {
    if (pod.workload == workload.workload && !pod.node.empty()) out.insert(pod.node);
  }
  if (!out.empty()) return out;
  for (const std::uint32_t node : workload.nodes) out.insert(cluster.nodes[node].name);
  return out;
}

template <class Wanted>
void add_nodes(const cluster::Cluster& cluster, std::uint16_t port, const Wanted& wanted, std::vector<Door>& out) {
  if (port == 0) return;
  for (const cluster::Node& node : cluster.nodes) {
    if (!wanted(node.name)) continue;
    for (const net::Family family : net::all_families) {
      if (node.primary(family)) out.push_back({*node.primary(family), port, node.name});
    }
  }
}

void add_service(const cluster::Cluster& cluster, const cluster::Service& service, bool https, std::vector<Door>& out) {
  const cluster::ServicePort* port = entry_port(service, https);
  if (port == nullptr) return;
  for (const auto& ip : service.load_balancer_ips) out.push_back({ip.address, port->port, {}});
  for (const auto& ip : service.external_ips) out.push_back({ip.address, port->port, {}});
  add_nodes(cluster, port->node_port, [](const std::string&) { return true; }, out);
}

}  // namespace

const cluster::ServicePort* entry_port(const cluster::Service& service, bool https) {
  const std::uint16_t number = https ? 443 : 80;
  const std::string_view name = https ? "https" : "http";
  const auto tcp = [](const cluster::ServicePort& port) { return port.protocol == net::Protocol::tcp; };
  for (const cluster::ServicePort& port : service.ports) {
    if (tcp(port) && port.port == number) return &port;
  }
  for (const cluster::ServicePort& port : service.ports) {
    if (tcp(port) && port.name == name) return &port;
  }
  return nullptr;
}

Entry entry_of(const cluster::Cluster& cluster, const Router& router) {
  if (!router.entries.empty()) return router.entries.front();
  Entry entry;
  entry.origin.object = "controller " + router.name;
  if (router.flavour == Flavour::gce) {
    entry.kind = Entry::Kind::node_ports;
    return entry;
  }
  const cluster::Service* service = by_status(cluster, router);
  if (service == nullptr) service = by_name(cluster, router.flavour);
  if (service != nullptr) {
    entry.kind = Entry::Kind::service;
    entry.service = service->id();
    entry.origin = {"Service " + service->id(), "spec.ports", service->span};
    return entry;
  }
  const cluster::HostPortWorkload* workload = workload_by_name(cluster, router.flavour);
  if (workload == nullptr) return entry;
  entry.kind = workload->ports.front().host_network ? Entry::Kind::host_network : Entry::Kind::host_port;
  entry.service = workload->workload.ns + "/" + workload->workload.name;
  entry.origin = {workload->workload.text(), {}, workload->span};
  return entry;
}

std::vector<Door> doors(const cluster::Cluster& cluster, const Entry& entry, bool https) {
  std::vector<Door> out;
  const auto everywhere = [](const std::string&) { return true; };
  switch (entry.kind) {
    case Entry::Kind::node:
      add_nodes(cluster, https ? entry.https : entry.http, everywhere, out);
      break;
    case Entry::Kind::host_port:
    case Entry::Kind::host_network: {
      const cluster::HostPortWorkload* workload = workload_of(cluster, entry.service);
      if (workload == nullptr) {
        add_nodes(cluster, https ? entry.https : entry.http, everywhere, out);
        break;
      }
      const std::set<std::string> nodes = nodes_of(cluster, *workload);
      add_nodes(
          cluster, host_port(*workload, https), [&](const std::string& name) { return nodes.contains(name); }, out);
      break;
    }
    case Entry::Kind::service: {
      const std::size_t slash = entry.service.find('/');
      const cluster::Service* service =
          cluster.service(entry.service.substr(0, slash), entry.service.substr(slash + 1));
      if (service != nullptr) add_service(cluster, *service, https, out);
      break;
    }
    case Entry::Kind::node_ports:
      break;
  }
  return out;
}

}  // namespace portcullis::ir::l7
