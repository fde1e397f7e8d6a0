#include "backends/ebpf/loader/netlink.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>

#include "backends/ebpf/loader/failure.hpp"

namespace portcullis::ebpf::loader {

namespace {

constexpr std::size_t aligned(std::size_t length) {
  return (length + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1};
}

}  // namespace

std::map<std::uint16_t, Bytes> attributes(Bytes bytes) {
  std::map<std::uint16_t, Bytes> out;
  nlattr head{};
  while (bytes.size() >= sizeof head) {
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > bytes.size()) break;
    out.emplace(head.nla_type & NLA_TYPE_MASK, bytes.subspan(sizeof head, head.nla_len - sizeof head));
    bytes = bytes.subspan(std::min(aligned(head.nla_len), bytes.size()));
  }
  return out;
}

Message::Message(Bytes head) : bytes_(head.begin(), head.end()) {
  bytes_.resize(aligned(bytes_.size()));
}

void Message::add(std::uint16_t attribute, Bytes value) {
  const nlattr head{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), attribute};
  const Bytes head_bytes = std::as_bytes(std::span(&head, 1));
  bytes_.insert(bytes_.end(), head_bytes.begin(), head_bytes.end());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  bytes_.resize(aligned(bytes_.size()));
}

Netlink::Netlink(int protocol) : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  if (!socket_.open()) cannot("open a netlink socket", errno);
  // Dumps of a large conntrack table come faster than they are read.
  const int size = 1 << 20;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void Netlink::send(std::uint16_t type, std::uint16_t flags, Bytes request) {
  const nlmsghdr head{static_cast<std::uint32_t>(sizeof(nlmsghdr) + request.size()), type,
                      static_cast<std::uint16_t>(NLM_F_REQUEST | flags), ++sequence_, 0};
  std::vector<std::byte> message(head.nlmsg_len);
  std::memcpy(message.data(), &head, sizeof head);
  if (!request.empty()) std::memcpy(message.data() + sizeof head, request.data(), request.size());
  if (::send(socket_.get(), message.data(), message.size(), 0) < 0) cannot("ask the kernel over netlink", errno);
}

int Netlink::receive(const std::function<void(Bytes)>& each) {
  std::vector<std::byte> buffer(1 << 18);
  while (true) {
    const ssize_t length = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return errno;
    Bytes rest(buffer.data(), static_cast<std::size_t>(length));
    nlmsghdr head{};
    while (rest.size() >= sizeof head) {
      std::memcpy(&head, rest.data(), sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) return EBADMSG;
      const Bytes body = rest.subspan(sizeof head, head.nlmsg_len - sizeof head);
      rest = rest.subspan(std::min(aligned(head.nlmsg_len), rest.size()));
      if (head.nlmsg_seq != sequence_) continue;
      if (head.nlmsg_type == NLMSG_DONE) return 0;
      if (head.nlmsg_type == NLMSG_ERROR) {
        int error = 0;
        if (body.size() < sizeof error) return EBADMSG;
        std::memcpy(&error, body.data(), sizeof error);
        return -error;
      }
      each(body);
    }
  }
}

void Netlink::dump(std::string_view what, std::uint16_t type, Bytes request, const std::function<void(Bytes)>& each) {
  send(type, NLM_F_DUMP, request);
  if (const int error = receive(each); error != 0) cannot(fmt::format("list {}", what), error);
}

int Netlink::change(std::uint16_t type, std::uint16_t flags, Bytes request) {
  send(type, static_cast<std::uint16_t>(NLM_F_ACK | flags), request);
  return receive([](Bytes) {});
}

}  // namespace portcullis::ebpf::loader
