#include "compiler/cluster/pod_ports.hpp"

#include "compiler/cluster/validate/defaults.hpp"

namespace portcullis::cluster {

namespace {

bool is_port(std::int64_t number) {
  return number >= 1 && number <= 65535;
}

std::optional<std::uint16_t> find_named(const manifest::PodSpec& spec, const std::string& name, net::Protocol protocol,
                                        bool sidecars) {
  for (const manifest::Container& container : spec.containers) {
    if (container.init != sidecars || !runs_along(container)) continue;
    for (const manifest::ContainerPort& port : container.ports) {
      if (!port.name || port.name->value != name || protocol_text(port.protocol) != net::to_string(protocol)) continue;
      if (port.container_port && is_port(port.container_port->value))
        return static_cast<std::uint16_t>(port.container_port->value);
    }
  }
  return {};
}

std::optional<NodePortWant> want(const manifest::ContainerPort& port, bool host_network) {
  if (!port.container_port || !is_port(port.container_port->value)) return {};
  const std::int64_t host_port = port.host_port && port.host_port->value != 0 ? port.host_port->value
                                 : host_network                               ? port.container_port->value
                                                                              : 0;
  if (!is_port(host_port)) return {};
  NodePortWant out;
  out.protocol = parse_service_protocol(protocol_text(port.protocol));
  out.host_port = static_cast<std::uint16_t>(host_port);
  out.container_port = static_cast<std::uint16_t>(port.container_port->value);
  if (port.host_ip && !port.host_ip->value.empty()) out.host_ip = net::Address::parse_sloppy(port.host_ip->value);
  out.label = port.name && !port.name->value.empty() ? port.name->value : std::to_string(out.container_port);
  out.host_network = host_network;
  out.span = port.host_port ? port.host_port->span : port.container_port->span;
  return out;
}

}  // namespace

bool runs_along(const manifest::Container& container) {
  return !container.init || (container.restart_policy && container.restart_policy->value == "Always");
}

std::optional<std::uint16_t> find_target_port(const manifest::PodSpec& spec, const manifest::IntOrString& target,
                                              net::Protocol protocol) {
  if (target.is_number)
    return is_port(target.number) ? std::optional(static_cast<std::uint16_t>(target.number)) : std::nullopt;
  if (const auto port = find_named(spec, target.text, protocol, false)) return port;
  return find_named(spec, target.text, protocol, true);
}

std::vector<NodePortWant> node_port_wants(const manifest::PodSpec& spec) {
  const bool host_network = spec.host_network && spec.host_network->value;
  std::vector<NodePortWant> wants;
  for (const manifest::Container& container : spec.containers) {
    if (!runs_along(container)) continue;
    for (const manifest::ContainerPort& port : container.ports) {
      if (auto one = want(port, host_network)) wants.push_back(std::move(*one));
    }
  }
  return wants;
}

bool host_addresses_overlap(const std::optional<net::Address>& a, const std::optional<net::Address>& b) {
  return !a || !b || a->is_unspecified() || b->is_unspecified() || *a == *b;
}

bool overlap(const NodePortWant& a, const NodePortWant& b) {
  return a.protocol == b.protocol && a.host_port == b.host_port && host_addresses_overlap(a.host_ip, b.host_ip);
}

}  // namespace portcullis::cluster
