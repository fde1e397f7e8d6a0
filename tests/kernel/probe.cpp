#include "tests/kernel/probe.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/netlink.hpp"
#include "tests/kernel/process.hpp"

namespace portcullis::kernel {
namespace {

constexpr std::uint16_t group = 4711;
constexpr std::uint32_t copy_bytes = 256;

// Priorities beyond every ruleset's, short of conntrack's own confirmation at the very end (INT_MAX).
constexpr std::string_view table = R"(add table inet pcl_probe
delete table inet pcl_probe
table inet pcl_probe {
  chain markers { type filter hook prerouting priority -2000000000; meta l4proto 253 log group 4711 drop; }
  chain delivered { type filter hook input priority 2000000000; log group 4711; }
  chain leaving { type filter hook postrouting priority 2000000000; log group 4711; }
}
)";

void command(const Fd& socket, std::uint8_t code, std::uint8_t family, std::uint16_t resource) {
  NetfilterRequest message(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, family, resource);
  message.attribute(NFULA_CFG_CMD, std::span(&code, 1));
  request(socket, message, "configure packet logging");
}

void set_limits(const Fd& socket) {
  NetfilterRequest message(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, AF_UNSPEC, group);
  nfulnl_msg_config_mode mode{};
  mode.copy_range = htonl(copy_bytes);
  mode.copy_mode = NFULNL_COPY_PACKET;
  message.attribute(NFULA_CFG_MODE, std::span(reinterpret_cast<const std::uint8_t*>(&mode), sizeof mode));
  message.attribute_be32(NFULA_CFG_QTHRESH, 1);  // hand over each packet at once
  message.attribute_be32(NFULA_CFG_NLBUFSIZ, 1024);
  message.attribute_be16(NFULA_CFG_FLAGS, NFULNL_CFG_F_SEQ);  // gaps in the numbers are lost packets
  request(socket, message, "configure packet logging");
}

void set_socket_options(const Fd& socket) {
  const int bytes = 64 << 20;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    fail_with_errno("enlarge a receive buffer");
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    fail_with_errno("set a receive time-out");
}

template <typename T>
T load(std::span<const std::uint8_t> from, std::size_t at = 0) {
  T value{};
  if (from.size() < at + sizeof value) throw Failure("a short netlink message");
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

struct Parsed {
  Logged logged;
  std::uint32_t sequence = 0;
};

Parsed parse_attributes(std::span<const std::uint8_t> attributes) {
  Parsed parsed;
  while (attributes.size() >= sizeof(nlattr)) {
    const auto header = load<nlattr>(attributes);
    if (header.nla_len < sizeof header || header.nla_len > attributes.size())
      throw Failure("a broken netlink attribute");
    const auto value = attributes.subspan(sizeof header, header.nla_len - sizeof header);
    switch (header.nla_type & NLA_TYPE_MASK) {
      case NFULA_PACKET_HDR:
        parsed.logged.hook = static_cast<Hook>(load<nfulnl_msg_packet_hdr>(value).hook);
        break;
      case NFULA_IFINDEX_OUTDEV:
        parsed.logged.out = static_cast<int>(ntohl(load<std::uint32_t>(value)));
        break;
      case NFULA_PAYLOAD:
        parsed.logged.packet = value;
        break;
      case NFULA_SEQ:
        parsed.sequence = ntohl(load<std::uint32_t>(value));
        break;
      default:  // the kernel may tell more
        break;
    }
    attributes = attributes.subspan(std::min<std::size_t>((header.nla_len + 3U) & ~3U, attributes.size()));
  }
  return parsed;
}

}  // namespace

Probe::Probe() : socket_(netfilter_socket()), buffer_(1 << 16) {
  set_socket_options(socket_);
  command(socket_, NFULNL_CFG_CMD_BIND, AF_UNSPEC, group);
  set_limits(socket_);
}

void Probe::install() {
  run_or_fail({"nft", "-f", "-"}, table);
}

bool Probe::take(std::span<const std::uint8_t> message, const std::function<bool(const Logged&)>& see) {
  const auto parsed = parse_attributes(message.subspan(sizeof(nlmsghdr) + sizeof(nfgenmsg)));
  if (!first_ && parsed.sequence != next_sequence_) throw Failure("the kernel lost logged packets");
  first_ = false;
  next_sequence_ = parsed.sequence + 1;
  return see(parsed.logged);
}

void Probe::read(const std::function<bool(const Logged&)>& see) {
  for (bool more = true; more;) {
    const auto n = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_with_errno("read logged packets");
    std::span<const std::uint8_t> rest(buffer_.data(), static_cast<std::size_t>(n));
    while (rest.size() >= sizeof(nlmsghdr)) {
      const auto header = load<nlmsghdr>(rest);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) throw Failure("a broken netlink message");
      if (header.nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) && !take(rest.first(header.nlmsg_len), see))
        more = false;
      rest = rest.subspan(std::min<std::size_t>((header.nlmsg_len + 3U) & ~3U, rest.size()));
    }
  }
}

}  // namespace portcullis::kernel
