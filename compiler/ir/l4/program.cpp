#include "compiler/ir/l4/program.hpp"

#include <algorithm>

namespace portcullis::ir {

namespace {

bool is_loopback(const net::Address& address) {
  return address.is_loopback();
}

}  // namespace

std::string label(const Pool& pool, const PoolEntry& entry) {
  return pool.name + " " + entry.text();
}

std::string_view to_string(Table table) {
  switch (table) {
    case Table::service:
      return "service";
    case Table::node_port:
      return "node-port";
    case Table::host_port:
      return "host-port";
  }
  return {};
}

std::string_view to_string(FrontendKind kind) {
  switch (kind) {
    case FrontendKind::cluster_ip:
      return "cluster-ip";
    case FrontendKind::external_ip:
      return "external-ip";
    case FrontendKind::load_balancer:
      return "load-balancer";
    case FrontendKind::node_port:
      return "node-port";
    case FrontendKind::host_port:
      return "host-port";
  }
  return {};
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::accept:
      return "accept";
    case Verdict::reject:
      return "reject";
    case Verdict::drop:
      return "drop";
  }
  return {};
}

bool Program::is_local(const net::Address& address) const {
  if (address.family() != family) return false;
  return is_loopback(address) || std::ranges::binary_search(local_addresses, address);
}

bool Program::accepts_node_port(const net::Address& address) const {
  if (!accepted.every_local) return std::ranges::binary_search(accepted.addresses, address);
  return is_local(address) && (accepted.loopback || !is_loopback(address));
}

bool Program::from_pod(const net::Packet& packet) const {
  if (const auto* cidr = std::get_if<CidrDetector>(&detector)) return cidr->cidr.contains(packet.src);
  const auto* interface = std::get_if<InterfaceDetector>(&detector);
  if (interface == nullptr || packet.from == net::PacketFrom::node)
    return false;  // no input interface on the output path
  if (packet.iif.empty()) return packet.from == net::PacketFrom::pod;
  return interface->is_prefix ? packet.iif.starts_with(interface->name) : packet.iif == interface->name;
}

}  // namespace portcullis::ir
