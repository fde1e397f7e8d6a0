#include "compiler/policy/exposures.hpp"

#include <fmt/format.h>

namespace portcullis::policy {

namespace {

using Offender = ForbiddenQuestion::Offender;

bool on_host_network(const cluster::PodGroup& group) {
  return group.spec->host_network && group.spec->host_network->value;
}

void host_ports(const cluster::PodGroup& group, std::vector<Offender>& out) {
  for (const cluster::NodePortWant& want : group.ports) {
    if (want.host_network) continue;  // forbidden under its own name
    out.push_back(
        {group.workload, want.span, fmt::format("hostPort {}/{}", want.host_port, net::to_string(want.protocol))});
  }
}

base::ObjectRef reference(const cluster::Service& service) {
  return {"Service", service.ns, service.name};
}

void node_ports(const cluster::Service& service, std::vector<Offender>& out) {
  for (const cluster::ServicePort& port : service.ports) {
    if (port.node_port == 0) continue;
    out.push_back({reference(service), port.node_port_span,
                   fmt::format("nodePort {}/{}", port.node_port, net::to_string(port.protocol))});
  }
}

void external_ips(const cluster::Service& service, std::vector<Offender>& out) {
  for (const cluster::LocatedAddress& ip : service.external_ips)
    out.push_back({reference(service), ip.span, "externalIP " + ip.address.text()});
}

}  // namespace

std::vector<Offender> offenders(const Objects& objects, Exposure exposure) {
  std::vector<Offender> out;
  for (const cluster::PodGroup& group : objects.pod_groups()) {
    if (exposure == Exposure::host_port) host_ports(group, out);
    if (exposure == Exposure::host_network && on_host_network(group))
      out.push_back({group.workload, group.spec->host_network->span, "hostNetwork"});
  }
  for (const cluster::Service& service : objects.cluster().services) {
    if (exposure == Exposure::node_port) node_ports(service, out);
    if (exposure == Exposure::external_ip) external_ips(service, out);
    if (exposure == Exposure::load_balancer && service.type == cluster::ServiceType::load_balancer)
      out.push_back({reference(service), service.span, "type LoadBalancer"});
  }
  return out;
}

}  // namespace portcullis::policy
