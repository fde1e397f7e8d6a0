#include "backends/ebpf/loader/interfaces.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "backends/ebpf/entries.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/netlink.hpp"

namespace portcullis::ebpf::loader {

namespace {

// Newer than Debian 12's headers of some architectures.
constexpr int so_netns_cookie = 71;

template <class T>
T head_of(Bytes bytes) {
  T out{};
  std::memcpy(&out, bytes.data(), std::min(sizeof out, bytes.size()));
  return out;
}

template <class T>
Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

std::string text_of(Bytes bytes) {
  std::string out(bytes.size(), '\0');
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out.substr(0, out.find('\0'));
}

LinkHeader header_of(unsigned type) {
  switch (type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
      return LinkHeader::ethernet;
    case ARPHRD_NONE:
    case ARPHRD_PPP:
    case ARPHRD_RAWIP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
      return LinkHeader::none;
    default:
      return LinkHeader::other;
  }
}

Interface interface_of(Bytes message) {
  const auto head = head_of<ifinfomsg>(message);
  Interface out;
  out.index = static_cast<std::uint32_t>(head.ifi_index);
  out.loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
  out.header = header_of(head.ifi_type);
  const auto all = attributes(message.subspan(std::min(sizeof head, message.size())));
  if (const auto name = all.find(IFLA_IFNAME); name != all.end()) out.name = text_of(name->second);
  if (const auto master = all.find(IFLA_MASTER); master != all.end())
    out.master = head_of<std::uint32_t>(master->second);
  if (const auto info = all.find(IFLA_LINKINFO); info != all.end()) {
    const auto parts = attributes(info->second);
    if (const auto kind = parts.find(IFLA_INFO_KIND); kind != parts.end()) out.kind = text_of(kind->second);
  }
  return out;
}

std::optional<net::Address> address_of(Bytes bytes) {
  if (bytes.size() == 4) return net::Address::v4(ntohl(head_of<std::uint32_t>(bytes)));
  if (bytes.size() == 16) return net::Address::v6(head_of<std::array<std::uint8_t, 16>>(bytes));
  return std::nullopt;
}

void add_address(Bytes message, std::vector<Interface>& interfaces) {
  const auto head = head_of<ifaddrmsg>(message);
  const auto place = std::ranges::find(interfaces, head.ifa_index, &Interface::index);
  if (place == interfaces.end()) return;
  const auto all = attributes(message.subspan(std::min(sizeof head, message.size())));
  // Of a link between two hosts IFA_ADDRESS is the other one.
  auto found = all.find(IFA_LOCAL);
  if (found == all.end()) found = all.find(IFA_ADDRESS);
  if (found == all.end()) return;
  const auto address = address_of(found->second);
  if (!address) return;
  const auto flags = all.find(IFA_FLAGS);
  const std::uint32_t set = flags == all.end() ? head.ifa_flags : head_of<std::uint32_t>(flags->second);
  place->addresses.push_back({.address = *address,
                              .scope = head.ifa_scope,
                              .secondary = (set & IFA_F_SECONDARY) != 0,
                              .usable = (set & (IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED)) == 0});
}

std::uint64_t cookie() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::uint64_t out = 0;
  socklen_t length = sizeof out;
  if (!socket.open() || ::getsockopt(socket.get(), SOL_SOCKET, so_netns_cookie, &out, &length) != 0)
    cannot("learn the network namespace's cookie (Linux 5.14 has it)", errno);
  return out;
}

std::optional<net::Address> first_global(const std::vector<InterfaceAddress>& addresses, net::Family family) {
  for (const InterfaceAddress& one : addresses) {
    if (one.address.family() == family && one.scope == RT_SCOPE_UNIVERSE && !one.secondary && one.usable)
      return one.address;
  }
  return std::nullopt;
}

std::optional<net::Address> first_global(const Node& node, net::Family family) {
  for (const Interface& interface : node.interfaces) {
    if (const auto address = first_global(interface.addresses, family)) return address;
  }
  return std::nullopt;
}

// Which source the kernel takes towards the world. Connecting a datagram socket sends nothing.
std::optional<net::Address> source_towards(const net::Address& destination) {
  const bool v4 = destination.family() == net::Family::ipv4;
  sockaddr_storage to{}, from{};
  const pcl_addr bytes = to_bytes(destination);
  sockaddr_in in4{};
  in4.sin_family = AF_INET;
  in4.sin_port = htons(9);
  in4.sin_addr.s_addr = bytes.word[3];
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(9);
  std::memcpy(&in6.sin6_addr, &bytes, sizeof bytes);
  if (v4) std::memcpy(&to, &in4, sizeof in4);
  if (!v4) std::memcpy(&to, &in6, sizeof in6);
  const Fd socket(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  socklen_t length = sizeof from;
  const auto* target = reinterpret_cast<const sockaddr*>(&to);
  auto* source = reinterpret_cast<sockaddr*>(&from);
  if (!socket.open() || ::connect(socket.get(), target, v4 ? sizeof in4 : sizeof in6) != 0 ||
      ::getsockname(socket.get(), source, &length) != 0)
    return std::nullopt;
  if (v4) {
    std::memcpy(&in4, &from, sizeof in4);
    return net::Address::v4(ntohl(in4.sin_addr.s_addr));
  }
  std::memcpy(&in6, &from, sizeof in6);
  return net::Address::v6(head_of<std::array<std::uint8_t, 16>>(bytes_of(in6.sin6_addr)));
}

// By the default route, where there is one; the networks are those of documentation (RFC 5737, RFC 3849).
std::optional<net::Address> primary(const Node& node, net::Family family) {
  const auto world = net::Address::parse(family == net::Family::ipv4 ? "192.0.2.1" : "2001:db8::1").value();
  if (const auto source = source_towards(world); source && !source->is_loopback()) return source;
  return first_global(node, family);
}

// 127.0.0.0/8 has entries of its own in the artefact. Link-local addresses come up by themselves some time after their
// interface; no Service has one, and packets from one go nowhere else.
bool is_in_table(const net::Address& address) {
  const bool v4 = address.family() == net::Family::ipv4;
  return v4 ? !address.is_loopback() : !address.is_link_local_unicast();
}

std::set<net::Address> addresses_of(const Node& node) {
  std::set<net::Address> out;
  for (const Interface& interface : node.interfaces) {
    for (const InterfaceAddress& one : interface.addresses)
      if (is_in_table(one.address)) out.insert(one.address);
  }
  return out;
}

bool is_pod_interface(const std::string& name, const std::optional<PodInterface>& pods) {
  if (!pods) return false;
  return pods->is_prefix ? name.starts_with(pods->name) : name == pods->name;
}

}  // namespace

const Interface* Node::find(const std::string& name) const {
  const auto found = std::ranges::find(interfaces, name, &Interface::name);
  return found == interfaces.end() ? nullptr : &*found;
}

const Interface* Node::find(std::uint32_t index) const {
  const auto found = std::ranges::find(interfaces, index, &Interface::index);
  return found == interfaces.end() ? nullptr : &*found;
}

Node look_at_node() {
  Node node;
  Netlink route(NETLINK_ROUTE);
  route.dump("interfaces", RTM_GETLINK, bytes_of(ifinfomsg{}),
             [&](Bytes message) { node.interfaces.push_back(interface_of(message)); });
  route.dump("addresses", RTM_GETADDR, bytes_of(ifaddrmsg{}),
             [&](Bytes message) { add_address(message, node.interfaces); });
  node.cookie = cookie();
  node.primary4 = primary(node, net::Family::ipv4);
  node.primary6 = primary(node, net::Family::ipv6);
  return node;
}

bool is_entrance(const Node& node, const Interface& interface) {
  if (interface.loopback) return false;
  const Interface* master = interface.master == 0 ? nullptr : node.find(interface.master);
  if (interface.kind == "vrf") return false;
  return master == nullptr || master->kind == "vrf";
}

std::optional<net::Address> masquerade_address(const Node& node, const Interface& interface, net::Family family) {
  if (const auto own = first_global(interface.addresses, family)) return own;
  return first_global(node, family);
}

pcl_interface interface_row(const Node& node, const Interface& interface, const std::optional<PodInterface>& pods) {
  pcl_interface out{};
  if (const auto v4 = masquerade_address(node, interface, net::Family::ipv4)) out.masquerade4 = to_bytes(*v4);
  if (const auto v6 = masquerade_address(node, interface, net::Family::ipv6)) out.masquerade6 = to_bytes(*v6);
  if (is_pod_interface(interface.name, pods)) out.flags |= PCL_INTERFACE_POD;
  if (interface.header == LinkHeader::none) out.flags |= PCL_INTERFACE_NO_LINK;
  if (interface.kind == "bridge") out.flags |= PCL_INTERFACE_BRIDGE;
  return out;
}

Tables with_addresses(Tables tables, const Node& node) {
  std::set<net::Address> named;
  for (const Local& local : tables.locals) named.insert(local.address);
  for (const net::Address& address : addresses_of(node)) {
    const std::uint8_t scope = tables.others_scope[static_cast<std::size_t>(address.family())];
    if (!named.contains(address)) tables.locals.push_back({.address = address, .here = true, .scope = scope});
  }
  std::ranges::sort(tables.locals, {}, &Local::address);
  return tables;
}

std::vector<net::Address> absent_addresses(const Tables& tables, const Node& node) {
  const std::set<net::Address> live = addresses_of(node);
  std::vector<net::Address> out;
  for (const Local& local : tables.locals) {
    if (local.here && is_in_table(local.address) && !live.contains(local.address)) out.push_back(local.address);
  }
  return out;
}

}  // namespace portcullis::ebpf::loader
