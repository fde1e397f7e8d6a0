#include "tests/bench/connection_subject.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/error.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/topology.hpp"

namespace portcullis::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds round_time{100}, stall_time{200};
constexpr std::uint16_t server_port = 8080;
constexpr const char* client_address = "10.255.0.5";

sockaddr_in socket_address(std::uint32_t address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(address);
  out.sin_port = htons(port);
  return out;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void build(kernel::Topology& net, const ConnectionPlan& plan) {
  for (const char* host : {"client", "node", "server"}) net.add(host);
  std::vector<std::string> addresses;
  for (const net::Address& one : plan.endpoints) addresses.push_back(one.text() + "/32");
  net.cable({"node", "veth-c", {"10.255.0.1/32"}}, {"client", "eth0", {std::string(client_address) + "/32"}});
  net.cable({"node", "veth-s", {}}, {"server", "eth0", addresses});
  net.route("node", fmt::format("{} dev veth-c", client_address));
  for (const net::Address& one : plan.endpoints) net.route("node", one.text() + " dev veth-s");
  for (const char* pod : {"client", "server"}) {
    net.route(pod, "10.255.0.1 dev eth0");
    net.route(pod, "default via 10.255.0.1");
  }
  net.within("client", [] { kernel::set_sysctl("ipv4/ip_local_port_range", "1024 65535"); });
}

// Takes connections and lets go of them, until the process ends.
void start_server(kernel::Topology& net) {
  int listener = -1;
  net.within("server", [&] {
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in any = socket_address(INADDR_ANY, server_port);
    if (::bind(listener, generic(any), sizeof any) != 0 || ::listen(listener, 1024) != 0)
      throw base::InternalError("the server cannot listen");
  });
  std::thread([listener] {
    while (true) {
      const int one = ::accept(listener, nullptr, nullptr);
      if (one >= 0) ::close(one);
    }
  }).detach();
}

// Returns when the server has taken the connection and let go of it: the queue of those that wait for the server never
// grows, whatever else the machine does.
void connect_once(const sockaddr_in& to) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char end = 0;
  const bool done = ::connect(socket, generic(to), sizeof to) == 0 && ::read(socket, &end, 1) == 0;
  const int error = errno;
  ::close(socket);
  if (!done) throw base::InternalError(fmt::format("a connection failed: {}", std::strerror(error)));
}

// Of client and server together, with what the kernel does in their calls.
double cpu_microseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

ConnectionRound measure(kernel::Topology& net, const ConnectionPlan& plan) {
  const sockaddr_in to = socket_address(plan.to.v4_value(), plan.port);
  ConnectionRound out;
  net.within("client", [&] {
    const double cpu = cpu_microseconds();
    const auto begin = Clock::now();
    auto now = begin;
    double count = 0;
    while (now - begin < round_time) {
      connect_once(to);
      const auto after = Clock::now();
      if (after - now > stall_time) ++out.stalls;
      now = after;
      ++count;
    }
    out.rate = count / std::chrono::duration<double>(now - begin).count();
    out.cpu = (cpu_microseconds() - cpu) / count;
  });
  return out;
}

// A round whenever a byte comes, until the other side is closed.
void serve(int socket, const ConnectionPlan& plan) {
  kernel::Topology net;
  build(net, plan);
  start_server(net);
  net.within("node", plan.load);
  char command = 0;
  do {
    const ConnectionRound value = measure(net, plan);
    if (::write(socket, &value, sizeof value) != sizeof value) return;
  } while (::read(socket, &command, 1) == 1);
}

}  // namespace

ConnectionSubject::ConnectionSubject(const ConnectionPlan& plan) : name_(plan.name) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw base::InternalError("no pair of sockets");
  child_ = ::fork();
  if (child_ == 0) {
    ::close(ends[0]);
    try {
      plan.around([&] { serve(ends[1], plan); });
    } catch (const std::exception& failure) {
      fmt::print(stderr, "{}: {}\n", plan.name, failure.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  static_cast<void>(answer());
}

// As of PacketSubject: closing alone would tell the child nothing.
ConnectionSubject::~ConnectionSubject() {
  ::shutdown(socket_, SHUT_RDWR);
  ::close(socket_);
  ::waitpid(child_, nullptr, 0);
}

void ConnectionSubject::round() {
  const char go = 'g';
  if (::write(socket_, &go, 1) != 1) throw base::InternalError(name_ + ": is gone");
  rounds_.push_back(answer());
}

ConnectionRound ConnectionSubject::answer() const {
  ConnectionRound value;
  if (::read(socket_, &value, sizeof value) != sizeof value) throw base::InternalError(name_ + ": no answer");
  return value;
}

}  // namespace portcullis::bench
