#include "tests/kernel/netlink.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {
namespace {

constexpr std::size_t align4(std::size_t n) {
  return (n + 3) & ~std::size_t{3};
}

template <typename T>
void append(std::vector<std::uint8_t>& to, const T& value) {
  const auto at = to.size();
  to.resize(align4(at + sizeof value));
  std::memcpy(to.data() + at, &value, sizeof value);
}

}  // namespace

NetfilterRequest::NetfilterRequest(std::uint8_t subsystem, std::uint8_t message, std::uint8_t family,
                                   std::uint16_t resource) {
  nlmsghdr header{};
  header.nlmsg_type = static_cast<std::uint16_t>(subsystem << 8 | message);
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  append(bytes_, header);
  append(bytes_, nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)});
}

void NetfilterRequest::attribute(std::uint16_t type, std::span<const std::uint8_t> value) {
  append(bytes_, nlattr{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), .nla_type = type});
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  bytes_.resize(align4(bytes_.size()));
}

void NetfilterRequest::attribute_be32(std::uint16_t type, std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  attribute(type, bytes);
}

void NetfilterRequest::attribute_be16(std::uint16_t type, std::uint16_t value) {
  attribute(type, std::array<std::uint8_t, 2>{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
}

std::span<const std::uint8_t> NetfilterRequest::bytes() {
  const auto length = static_cast<std::uint32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &length, sizeof length);
  return bytes_;
}

Fd netfilter_socket() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (!fd.open() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail_with_errno("netfilter socket");
  return fd;
}

void request(const Fd& socket, NetfilterRequest& message, const char* what) {
  const auto bytes = message.bytes();
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(socket.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) <
      0)
    fail_with_errno(what);
  std::array<std::uint8_t, 8192> answer{};
  for (;;) {
    const auto n = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(int))) fail_with_errno(what);
    nlmsghdr header{};
    std::memcpy(&header, answer.data(), sizeof header);
    if (header.nlmsg_type != NLMSG_ERROR) continue;
    int error = 0;
    std::memcpy(&error, answer.data() + sizeof header, sizeof error);
    if (error == 0) return;
    errno = -error;
    fail_with_errno(what);
  }
}

}  // namespace portcullis::kernel
