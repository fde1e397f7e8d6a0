#include "tests/kernel/conversations.hpp"

#include <array>
#include <cerrno>
#include <chrono>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/socket_address.hpp"

namespace portcullis::kernel {
namespace {

using Clock = std::chrono::steady_clock;

int type_of(net::Protocol protocol) {
  return protocol == net::Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
}

int family_of(const net::Address& address) {
  return address.family() == net::Family::ipv4 ? AF_INET : AF_INET6;
}

void bind_to(const Fd& socket, const net::Address& address, std::uint16_t port) {
  // Of port 0 the kernel would give one to several sockets.
  const int reuse = port == 0 ? 0 : 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  auto at = socket_address(address, port);
  if (::bind(socket.get(), at.get(), at.length) != 0) fail_with_errno("bind to " + net::endpoint_text(address, port));
}

// One of them under way: connects, says something, reads the greeting.
class Conversation {
 public:
  Conversation(Topology& net, const Ask& ask, Clock::time_point deadline) : deadline_(deadline) {
    net.within(ask.host, [&] { begin(ask); });
  }

  [[nodiscard]] bool ended() const { return !socket_.open(); }
  [[nodiscard]] const Answer& answer() const { return answer_; }
  [[nodiscard]] pollfd wanted() const { return {socket_.get(), static_cast<short>(said_ ? POLLIN : POLLOUT), 0}; }

  void go_on(short events) {
    if (events != 0 && !said_) {
      int error = 0;
      socklen_t length = sizeof error;
      ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
      if (error != 0) return fail(error);
      say();
    } else if (events != 0) {
      hear();
    }
    if (!ended() && Clock::now() > deadline_) socket_.reset();
  }

 private:
  void begin(const Ask& ask) {
    socket_ = Fd(::socket(family_of(ask.to), type_of(ask.protocol) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.open()) fail_with_errno("make a client's socket");
    if (ask.from) bind_to(socket_, *ask.from, ask.from_port);
    auto to = socket_address(ask.to, ask.port);
    if (::connect(socket_.get(), to.get(), to.length) == 0) return say();
    if (errno != EINPROGRESS) fail(errno);
  }
  void say() {
    said_ = true;
    if (::send(socket_.get(), "hello\n", 6, MSG_NOSIGNAL) < 0) fail(errno);
  }
  void hear() {
    std::array<char, 512> buffer{};
    const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) return fail(errno);
    if (n > 0) answer_ = parse_greeting({buffer.data(), static_cast<std::size_t>(n)});
    socket_.reset();
  }
  void fail(int error) {
    answer_.outcome = outcome_of(error);
    socket_.reset();
  }

  Fd socket_;
  Answer answer_;
  bool said_ = false;
  Clock::time_point deadline_;
};

}  // namespace

std::vector<Answer> ask_all(Topology& net, std::span<const Ask> asks, int milliseconds, std::size_t at_once) {
  net.settle();
  std::vector<Answer> answers(asks.size());
  std::vector<std::pair<std::size_t, Conversation>> running;
  std::size_t next = 0;
  while (next < asks.size() || !running.empty()) {
    for (; next < asks.size() && running.size() < at_once; ++next)
      running.emplace_back(next, Conversation(net, asks[next], Clock::now() + std::chrono::milliseconds(milliseconds)));
    std::vector<pollfd> wanted;
    for (const auto& [index, one] : running) wanted.push_back(one.wanted());
    ::poll(wanted.data(), wanted.size(), 20);
    for (std::size_t i = 0; i < running.size(); ++i) running[i].second.go_on(wanted[i].revents);
    std::erase_if(running, [&](const auto& item) {
      if (item.second.ended()) answers[item.first] = item.second.answer();
      return item.second.ended();
    });
  }
  return answers;
}

Fd bound_socket(Topology& net, const std::string& host, net::Protocol protocol, const net::Address& address,
                std::uint16_t port, int milliseconds) {
  net.settle();
  Fd socket;
  net.within(host, [&] {
    socket = Fd(::socket(family_of(address), type_of(protocol) | SOCK_CLOEXEC, 0));
    if (!socket.open()) fail_with_errno("make a socket");
    const timeval limit{milliseconds / 1000, milliseconds % 1000 * 1000L};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    bind_to(socket, address, port);
  });
  return socket;
}

}  // namespace portcullis::kernel
