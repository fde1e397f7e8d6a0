#include "backends/ebpf/loader/conntrack.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/netlink.hpp"
#include "backends/ebpf/loader/stale.hpp"

namespace portcullis::ebpf::loader {

namespace {

using Attributes = std::map<std::uint16_t, Bytes>;

constexpr std::uint16_t type_of(unsigned message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | message);
}

template <class T>
std::optional<T> value_of(const Attributes& all, std::uint16_t number) {
  const auto found = all.find(number);
  T out{};
  if (found == all.end() || found->second.size() < sizeof out) return std::nullopt;
  std::memcpy(&out, found->second.data(), sizeof out);
  return out;
}

Attributes inside(const Attributes& all, std::uint16_t number) {
  const auto found = all.find(number);
  return found == all.end() ? Attributes{} : attributes(found->second);
}

// Source or destination of a tuple.
std::optional<Place> place_of(const Attributes& tuple, bool source) {
  const Attributes ip = inside(tuple, CTA_TUPLE_IP);
  const Attributes proto = inside(tuple, CTA_TUPLE_PROTO);
  const auto port = value_of<std::uint16_t>(proto, source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT);
  if (!port) return std::nullopt;
  if (const auto v4 = value_of<std::uint32_t>(ip, source ? CTA_IP_V4_SRC : CTA_IP_V4_DST))
    return Place{net::Address::v4(ntohl(*v4)), ntohs(*port)};
  if (const auto v6 = value_of<std::array<std::uint8_t, 16>>(ip, source ? CTA_IP_V6_SRC : CTA_IP_V6_DST))
    return Place{net::Address::v6(*v6), ntohs(*port)};
  return std::nullopt;
}

std::uint8_t protocol_of(const Attributes& tuple) {
  return value_of<std::uint8_t>(inside(tuple, CTA_TUPLE_PROTO), CTA_PROTO_NUM).value_or(std::uint8_t{0});
}

Message request(int family) {
  nfgenmsg head{};
  head.nfgen_family = static_cast<std::uint8_t>(family);
  return Message(std::as_bytes(std::span(&head, 1)));
}

void for_each_flow(Netlink& netlink, int family, const std::function<void(const Attributes&)>& each) {
  netlink.dump("flows (does this kernel have nf_conntrack_netlink?)", type_of(IPCTNL_MSG_CT_GET),
               request(family).bytes(),
               [&](Bytes message) { each(attributes(message.subspan(std::min(sizeof(nfgenmsg), message.size())))); });
}

bool is_stale(const Attributes& flow, const Kept& kept) {
  const Attributes original = inside(flow, CTA_TUPLE_ORIG);
  if (protocol_of(original) != IPPROTO_UDP) return false;
  const auto to = place_of(original, false);
  const auto answers = place_of(inside(flow, CTA_TUPLE_REPLY), true);
  return to && answers && kept.is_stale(*to, *answers);
}

// The message that deletes this entry and no later one with the same addresses.
Message deletion(int family, const Attributes& flow) {
  Message out = request(family);
  out.add(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.at(CTA_TUPLE_ORIG));
  for (const std::uint16_t number : {CTA_ZONE, CTA_ID})
    if (const auto found = flow.find(number); found != flow.end()) out.add(number, found->second);
  return out;
}

}  // namespace

std::size_t forget_stale_flows(const std::vector<ir::UdpCleanup>& cleanup) {
  const Kept kept(cleanup);
  if (kept.empty()) return 0;
  std::size_t deleted = 0;
  Netlink netlink(NETLINK_NETFILTER);
  for (const int family : {AF_INET, AF_INET6}) {
    std::vector<Message> deletions;
    for_each_flow(netlink, family, [&](const Attributes& flow) {
      if (is_stale(flow, kept)) deletions.push_back(deletion(family, flow));
    });
    for (const Message& one : deletions) {
      const int error = netlink.change(type_of(IPCTNL_MSG_CT_DELETE), 0, one.bytes());
      if (error != 0 && error != ENOENT) cannot("delete a stale UDP flow", error);
      if (error == 0) ++deleted;
    }
  }
  return deleted;
}

std::size_t translated_flows() {
  std::size_t count = 0;
  Netlink netlink(NETLINK_NETFILTER);
  for (const int family : {AF_INET, AF_INET6}) {
    for_each_flow(netlink, family, [&](const Attributes& flow) {
      const auto status = value_of<std::uint32_t>(flow, CTA_STATUS);
      if (status && (ntohl(*status) & IPS_DST_NAT) != 0) ++count;
    });
  }
  return count;
}

}  // namespace portcullis::ebpf::loader
