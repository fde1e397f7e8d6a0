#include "tests/kernel/topology.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/process.hpp"
#include "tests/kernel/rules.hpp"
#include "tests/kernel/setup.hpp"
#include "tests/kernel/socket_address.hpp"

namespace portcullis::kernel {
namespace {

using Outcome = Answer::Outcome;

// How iproute2 finds a namespace that has no name: through our own descriptor.
std::string path_of(const Fd& netns) {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), netns.get());
}

std::string address_commands(const End& end) {
  std::string commands;
  for (const auto& address : end.addresses) {
    const bool v6 = address.find(':') != std::string::npos;
    commands += fmt::format("address add {} dev {}{}\n", address, end.interface, v6 ? " nodad" : "");
  }
  return commands;
}

bool wait_for(int fd, short events, int milliseconds) {
  pollfd item{fd, events, 0};
  return ::poll(&item, 1, milliseconds) > 0;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

struct Asked {
  Fd socket;
  Answer answer;
};

// Connects (a UDP socket as well: it then hears of refusals), says something, reads the greeting.
Asked ask_server(net::Protocol protocol, const net::Address& to, std::uint16_t port, int milliseconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  const auto left = [deadline] {
    const auto time =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(0, static_cast<int>(time.count()));
  };
  const int type = protocol == net::Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
  Asked asked{.socket = Fd(::socket(to.family() == net::Family::ipv4 ? AF_INET : AF_INET6,
                                    type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
              .answer = {}};
  const int fd = asked.socket.get();
  if (fd < 0) fail_with_errno("make a client's socket");
  const auto address = socket_address(to, port);
  int error = ::connect(fd, address.get(), address.length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = wait_for(fd, POLLOUT, left()) ? pending_error(fd) : ETIMEDOUT;
  if (error == 0 && ::send(fd, "hello\n", 6, MSG_NOSIGNAL) < 0) error = errno;
  if (error == 0 && !wait_for(fd, POLLIN, left())) error = ETIMEDOUT;
  std::array<char, 512> buffer{};
  const auto n = error == 0 ? ::recv(fd, buffer.data(), buffer.size(), 0) : 0;
  if (n < 0) error = errno;
  if (error != 0) {
    asked.answer.outcome = outcome_of(error);
  } else if (n > 0) {
    asked.answer = parse_greeting({buffer.data(), static_cast<std::size_t>(n)});
  }
  return asked;
}

bool is_running(const std::string& interface) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) fail_with_errno("look at " + interface);
  return (request.ifr_flags & IFF_RUNNING) != 0;
}

// A line of if_inet6: address, index, prefix length, scope, flags, name.
bool has_link_local(const std::string& interface) {
  std::ifstream file("/proc/thread-self/net/if_inet6");
  std::string address, index, length, scope, state, name;
  while (file >> address >> index >> length >> scope >> state >> name)
    if (name == interface && address.starts_with("fe80") && (std::stoul(state, nullptr, 16) & IFA_F_TENTATIVE) == 0)
      return true;
  return false;
}

}  // namespace

Answer::Outcome outcome_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Outcome::refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EACCES:
    case EPERM:
      return Outcome::unreachable;
    default:
      return Outcome::silent;
  }
}

// `<name> <address>:<port>` of a server.
Answer parse_greeting(std::string_view line) {
  const auto text = base::trim(line);
  const auto space = text.find(' '), colon = text.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space)
    throw Failure("an answer of no server of ours");
  auto host = text.substr(space + 1, colon - space - 1);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto address = net::Address::parse(host);
  if (!address) throw Failure("an answer of no server of ours");
  return {.outcome = Outcome::answered,
          .server = std::string(text.substr(0, space)),
          .seen = *address,
          .seen_port = static_cast<std::uint16_t>(std::stoul(std::string(text.substr(colon + 1))))};
}

bool Stream::echo(std::string_view text, int seconds) const {
  if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return false;
  std::string back;
  std::array<char, 4096> buffer{};
  while (back.size() < text.size()) {
    if (!wait_for(socket_.get(), POLLIN, seconds * 1000)) return false;
    const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    back.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return back == text;
}

const Fd& Topology::host(const std::string& name) const {
  const auto found = hosts_.find(name);
  if (found == hosts_.end()) throw base::InternalError("no host `" + name + "`");
  return found->second;
}

void Topology::add(const std::string& name) {
  const auto [made, is_new] = hosts_.emplace(name, make_netns());
  if (!is_new) throw base::InternalError("two hosts `" + name + "`");
  const Inside inside(made->second);
  set_sysctls(NodeSetup{});
  // A router asks for neighbours from its link-local address, which must be usable at once.
  set_sysctl("ipv6/conf/default/addr_gen_mode", "0");
  set_sysctl("ipv6/conf/all/accept_dad", "0");
  set_sysctl("ipv6/conf/default/accept_dad", "0");
}

void Topology::cable(const End& a, const End& b) {
  const auto& far = host(b.host);
  {
    const Inside inside(host(a.host));
    run_or_fail({"ip", "link", "add", a.interface, "type", "veth", "peer", "name", b.interface, "netns", path_of(far)});
    run_or_fail({"ip", "-batch", "-"}, address_commands(a) + fmt::format("link set {} up\n", a.interface));
  }
  const Inside inside(far);
  run_or_fail({"ip", "-batch", "-"}, address_commands(b) + fmt::format("link set {} up\n", b.interface));
  for (const auto& end : {a, b}) fresh_.emplace_back(end.host, end.interface);
}

void Topology::settle() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (const auto& [name, interface] : fresh_) {
    const Inside inside(host(name));
    const bool is_switch = name.starts_with('(');
    while (!is_running(interface) || (!is_switch && !has_link_local(interface))) {
      if (std::chrono::steady_clock::now() > deadline)
        throw Failure(fmt::format("{} of {} does not come up", interface, name));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  fresh_.clear();
}

void Topology::segment(const std::vector<End>& ends) {
  // A name that no host has: a switch is nobody that a test speaks of.
  const auto name = fmt::format("(switch {})", ++switches_);
  hosts_.emplace(name, make_netns());
  run(name, {"ip", "-batch", "-"}, "link add bridge type bridge\nlink set bridge up\n");
  unsigned port = 0;
  for (const auto& end : ends) {
    const auto interface = fmt::format("port{}", ++port);
    cable({name, interface, {}}, end);
    run(name, {"ip", "link", "set", interface, "master", "bridge"});
  }
}

void Topology::route(const std::string& name, const std::string& what) {
  run(name, {"ip", "-batch", "-"}, fmt::format("route add {}\n", what));
}

void Topology::link(const std::string& name, const std::string& interface, bool up) {
  run(name, {"ip", "link", "set", interface, up ? "up" : "down"});
}

void Topology::load(const std::string& name, const Rulesets& rulesets) {
  const Inside inside(host(name));
  load_rules(rulesets);
}

std::string Topology::run(const std::string& name, const std::vector<std::string>& words, std::string_view input) {
  const Inside inside(host(name));
  return run_or_fail(words, input);
}

void Topology::within(const std::string& name, const std::function<void()>& what) {
  const Inside inside(host(name));
  what();
}

void Topology::serve(const std::string& name, const std::string& server, net::Protocol protocol,
                     const net::Address& address, std::uint16_t port) {
  const Inside inside(host(name));
  servers_.serve(server, protocol, address, port);
}

Answer Topology::ask(const std::string& name, net::Protocol protocol, const net::Address& to, std::uint16_t port,
                     int milliseconds) {
  settle();
  const Inside inside(host(name));
  return ask_server(protocol, to, port, milliseconds).answer;
}

Stream Topology::open(const std::string& name, const net::Address& to, std::uint16_t port, int milliseconds) {
  settle();
  const Inside inside(host(name));
  auto asked = ask_server(net::Protocol::tcp, to, port, milliseconds);
  return {std::move(asked.socket), std::move(asked.answer)};
}

}  // namespace portcullis::kernel
