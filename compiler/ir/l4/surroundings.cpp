#include "compiler/ir/l4/surroundings.hpp"

#include <algorithm>
#include <iterator>

namespace portcullis::ir {

namespace {

using cluster::DetectMode;
using cluster::NodePortAddresses;
using cluster::Profile;
using net::Family;

const net::Prefix* first_of(const std::vector<net::Prefix>& prefixes, Family family) {
  const auto found = std::ranges::find_if(prefixes, [family](const net::Prefix& p) { return p.family() == family; });
  return found == prefixes.end() ? nullptr : &*found;
}

Detector cidr_detector(const net::Prefix* cidr) {
  if (cidr == nullptr) return NoDetector{};  // IPv6 without an IPv6 CIDR is the usual accident
  return CidrDetector{*cidr};
}

// Loopback node ports exist in dialect iptables, IPv4, unless switched off.
bool serves_loopback(const Profile& profile, Family family) {
  return profile.dialect == Dialect::iptables && family == Family::ipv4 && profile.localhost_node_ports;
}

AcceptedAddresses every_local(const Profile& profile, Family family) {
  return {.every_local = true, .loopback = serves_loopback(profile, family), .addresses = {}};
}

AcceptedAddresses primary_only(const Profile& profile, const cluster::Node& node, Family family) {
  const auto& primary = node.primary(family);
  if (!primary) return every_local(profile, family);
  return {.every_local = false, .loopback = false, .addresses = {*primary}};
}

}  // namespace

Detector detector(const Profile& profile, const cluster::Node& node, Family family) {
  const cluster::LocalDetector& d = profile.detector;
  switch (d.mode) {
    case DetectMode::cluster_cidr:
      return cidr_detector(first_of(d.cidrs, family));
    case DetectMode::node_cidr:
      return cidr_detector(first_of(d.cidrs.empty() ? node.pod_cidrs : d.cidrs, family));
    case DetectMode::bridge_interface:
      return InterfaceDetector{d.interface, false};
    case DetectMode::interface_name_prefix:
      return InterfaceDetector{d.interface, true};
    case DetectMode::none:
      return NoDetector{};
  }
  return NoDetector{};
}

std::vector<net::Address> local_addresses(const cluster::Node& node, Family family) {
  std::vector<net::Address> out;
  std::ranges::copy_if(node.addresses, std::back_inserter(out),
                       [&](const net::Address& a) { return a.family() == family && !a.is_loopback(); });
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

AcceptedAddresses accepted_addresses(const Profile& profile, const cluster::Node& node, Family family) {
  const NodePortAddresses& given = profile.node_port_addresses;
  if (!given.set) {
    return profile.dialect == Dialect::nftables ? primary_only(profile, node, family) : every_local(profile, family);
  }
  if (given.primary) return primary_only(profile, node, family);
  net::PrefixSet cidrs;
  for (const net::Prefix& p : given.cidrs) {
    if (p.family() != family) continue;
    if (p.length() == 0) return every_local(profile, family);
    cidrs.add(p);
  }
  if (cidrs.empty()) return every_local(profile, family);
  AcceptedAddresses out;
  for (const net::Address& a : node.addresses) {
    if (cidrs.contains(a)) out.addresses.push_back(a);
  }
  const net::Address loopback = net::Address::v4(0x7F000001);
  if (serves_loopback(profile, family) && cidrs.contains(loopback)) out.addresses.push_back(loopback);
  std::ranges::sort(out.addresses);
  const auto repeated = std::ranges::unique(out.addresses);
  out.addresses.erase(repeated.begin(), repeated.end());
  return out;
}

}  // namespace portcullis::ir
