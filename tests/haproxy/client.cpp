#include "tests/haproxy/client.hpp"

#include <charconv>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/socket_address.hpp"

namespace portcullis::proxied {

Client::Client(const kernel::Fd& netns) {
  const kernel::Inside inside(netns);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const kernel::SocketAddress there = kernel::socket_address(net::Address::v4(0x7F000001U), 80);
  wire_ = std::make_unique<Wire>(fd);
  if (::connect(fd, there.get(), there.length) != 0) kernel::fail_with_errno("connect to HAProxy");
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

bool Client::get(const std::string& host, const std::string& target) {
  if (!wire_->write(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", target, host))) return false;
  const std::string head = wire_->read_head();
  const std::size_t at = head.find("ontent-");
  const std::size_t length = at == std::string::npos ? at : head.find("ength: ", at);
  if (length == std::string::npos) return false;
  std::size_t body = 0;
  std::from_chars(head.data() + length + 7, head.data() + head.size(), body);
  return wire_->skip(body);
}

}  // namespace portcullis::proxied
