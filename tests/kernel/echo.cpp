#include "tests/kernel/echo.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/socket_address.hpp"

namespace portcullis::kernel {
namespace {

constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;

std::string greeting(const std::string& name, const SocketAddress& client) {
  const auto [address, port] = address_of(client);
  return name + " " + net::endpoint_text(address, port) + "\n";
}

void write_line(int fd, std::string_view line) {
  // A client that has gone needs no answer.
  [[maybe_unused]] const auto n = ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
}

}  // namespace

EchoServers::EchoServers() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_.open()) fail_with_errno("eventfd");
  thread_ = std::thread([this] { loop(); });
}

EchoServers::~EchoServers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
}

void EchoServers::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
}

void EchoServers::serve(const std::string& name, net::Protocol protocol, const net::Address& address,
                        std::uint16_t port) {
  const bool stream = protocol == net::Protocol::tcp;
  if (!stream && protocol != net::Protocol::udp) throw Failure("an echo server speaks TCP or UDP");
  const int family = address.family() == net::Family::ipv4 ? AF_INET : AF_INET6;
  Fd fd(::socket(family, (stream ? SOCK_STREAM : SOCK_DGRAM) | flags, 0));
  if (!fd.open()) fail_with_errno("make a server's socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto at = socket_address(address, port);
  if (::bind(fd.get(), at.get(), at.length) != 0 || (stream && ::listen(fd.get(), 128) != 0))
    fail_with_errno("serve at " + net::endpoint_text(address, port));
  {
    const std::lock_guard lock(mutex_);
    sockets_.push_back({std::move(fd), name, stream ? Socket::Kind::listener : Socket::Kind::datagram});
  }
  wake();
}

void EchoServers::loop() {
  for (;;) {
    std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      for (const auto& socket : sockets_) fds.push_back({socket.fd.get(), POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), -1);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = ::read(wake_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    // What is added meanwhile stands behind what was polled.
    for (std::size_t i = 1; i < fds.size(); ++i)
      if (fds[i].revents != 0) handle(sockets_[i - 1]);
    std::erase_if(sockets_, [](const Socket& socket) { return !socket.fd.open(); });
  }
}

void EchoServers::handle(Socket& socket) {
  SocketAddress client;
  std::array<char, 4096> buffer{};
  switch (socket.kind) {
    case Socket::Kind::listener: {
      Fd connection(::accept4(socket.fd.get(), nullptr, nullptr, flags));
      // Growing the vector moves `socket`: nothing of it is used afterwards.
      auto name = socket.name;
      if (connection.open()) sockets_.push_back({std::move(connection), std::move(name), Socket::Kind::connection});
      return;
    }
    case Socket::Kind::datagram: {
      const auto n = ::recvfrom(socket.fd.get(), buffer.data(), buffer.size(), 0, client.get(), &client.length);
      if (n < 0) return;
      const auto line = greeting(socket.name, client);
      ::sendto(socket.fd.get(), line.data(), line.size(), MSG_NOSIGNAL, client.get(), client.length);
      return;
    }
    case Socket::Kind::connection: {
      const auto n = ::recv(socket.fd.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0) return socket.fd.reset();
      if (!socket.greeted) {
        ::getpeername(socket.fd.get(), client.get(), &client.length);
        write_line(socket.fd.get(), greeting(socket.name, client));
        socket.greeted = true;
        return;
      }
      write_line(socket.fd.get(), {buffer.data(), static_cast<std::size_t>(n)});
      return;
    }
  }
}

}  // namespace portcullis::kernel
