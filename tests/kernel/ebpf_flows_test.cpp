// What becomes of flows that the eBPF program has translated, after their first packet: conntrack's part.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <thread>
#include <tuple>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/kernel/conversations.hpp"
#include "tests/kernel/ebpf_hosts.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/socket_address.hpp"

namespace {

using namespace portcullis;
using cluster::Dialect;
using kernel::Dual;
using kernel::EbpfHosts;
using kernel::Fd;
using net::Family;
using net::Protocol;
using Outcome = kernel::Answer::Outcome;
namespace at = kernel::at;

constexpr std::uint16_t port = 80;

// The node with one Service at 10.96.0.1 and fd96::1.
void apply(EbpfHosts& hosts, const std::vector<Dual>& endpoints, const std::string& spec = {}) {
  const kernel::ServiceText service{"web", 1, endpoints, spec, ""};
  hosts.apply(*kernel::compile("web", kernel::profile_of_hosts(Dialect::nftables) + kernel::text_of(service), "node"));
}

net::Address frontend(Family family) {
  return kernel::cluster_ip(1).of(family);
}

struct Client {
  const char* host;
  Dual address;
};
const std::array clients{Client{"client", at::client}, Client{"pod-c", at::pod_c}, Client{"far-c", at::far_c},
                         Client{"node", at::node}};

void connect_to(const Fd& socket, const net::Address& address, std::uint16_t to_port) {
  auto to = kernel::socket_address(address, to_port);
  if (::connect(socket.get(), to.get(), to.length) != 0) kernel::fail_with_errno("connect");
}

std::string pattern(std::size_t length) {
  std::string out(length, '\0');
  std::uint32_t state = 1;
  for (char& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return out;
}

bool send_all(const Fd& socket, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string receive(const Fd& socket, std::size_t length) {
  std::string out(length, '\0');
  std::size_t have = 0;
  while (have < length) {
    const auto n = ::recv(socket.get(), out.data() + have, length - have, 0);
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

// A datagram there and the same back; what the server saw as its source goes to `seen`.
bool datagram_both_ways(const Fd& client, const Fd& server, const std::string& text, net::Address* seen) {
  if (::send(client.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return false;
  std::string got(text.size() + 1, '\0');
  kernel::SocketAddress from;
  auto n = ::recvfrom(server.get(), got.data(), got.size(), 0, from.get(), &from.length);
  if (n != static_cast<ssize_t>(text.size()) || got.compare(0, text.size(), text) != 0) return false;
  *seen = kernel::address_of(from).first;
  if (::sendto(server.get(), text.data(), text.size(), 0, from.get(), from.length) != n) return false;
  got.assign(text.size() + 1, '\0');
  n = ::recv(client.get(), got.data(), got.size(), 0);
  return n == static_cast<ssize_t>(text.size()) && got.compare(0, text.size(), text) == 0;
}

// `text` to the server and back again, over one connection.
bool stream_both_ways(EbpfHosts& hosts, const Client& client, Family family, const std::string& text) {
  const Fd listener = kernel::bound_socket(hosts.net(), "pod-a", Protocol::tcp, at::pod_a.of(family), 8080);
  if (::listen(listener.get(), 1) != 0) kernel::fail_with_errno("listen");
  std::string got;
  std::thread server([&] {
    const Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    got = receive(connection, text.size());
    send_all(connection, got);
  });
  bool sent = false;
  std::string back;
  {
    const Fd socket = kernel::bound_socket(hosts.net(), client.host, Protocol::tcp, client.address.of(family), 0);
    auto to = kernel::socket_address(frontend(family), port);
    sent = ::connect(socket.get(), to.get(), to.length) == 0 && send_all(socket, text);
    back = receive(socket, text.size());
  }
  server.join();
  return sent && got == text && back == text;
}

std::set<std::string> servers(EbpfHosts& hosts, const Client& client, Family family, Protocol protocol, int times) {
  const std::vector<kernel::Ask> asks(
      static_cast<std::size_t>(times),
      {.host = client.host, .protocol = protocol, .to = frontend(family), .port = port});
  std::set<std::string> out;
  for (const auto& answer : kernel::ask_all(hosts.net(), asks, 2600)) out.insert(answer.server);
  return out;
}

// Whose greeting is next; empty: nobody's.
std::string greeted_by(const Fd& socket, kernel::SocketAddress* source = nullptr) {
  std::array<char, 128> buffer{};
  kernel::SocketAddress from;
  const auto n = ::recvfrom(socket.get(), buffer.data(), buffer.size(), 0, from.get(), &from.length);
  if (source != nullptr) *source = from;
  return n <= 0 ? std::string() : kernel::parse_greeting({buffer.data(), static_cast<std::size_t>(n)}).server;
}

std::string path_mtu(const Fd& socket, Family family) {
  int mtu = 0;
  socklen_t length = sizeof mtu;
  if (family == Family::ipv4) ::getsockopt(socket.get(), IPPROTO_IP, IP_MTU, &mtu, &length);
  if (family == Family::ipv6) ::getsockopt(socket.get(), IPPROTO_IPV6, IPV6_MTU, &mtu, &length);
  return std::to_string(mtu);
}

void never_fragment(const Fd& socket, Family family) {
  const int v4 = IP_PMTUDISC_DO, v6 = IPV6_PMTUDISC_DO;
  if (family == Family::ipv4) ::setsockopt(socket.get(), IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4);
  if (family == Family::ipv6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
}

}  // namespace

TEST_CASE("ebpf flows: a source stays with its endpoint, and finds another when that is gone") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  constexpr const char* sticky = "  sessionAffinity: ClientIP\n";
  std::vector<Dual> endpoints{at::pod_a, at::pod_b, at::far_a};
  apply(hosts, endpoints, sticky);
  using Source = std::tuple<Family, const char*, Protocol>;
  std::map<Source, std::string> server_of;
  const auto look = [&](const Source& source) {
    const auto& [family, host, protocol] = source;
    INFO(host << " " << net::to_string(family) << " " << net::to_string(protocol));
    const auto client = std::ranges::find_if(clients, [&](const Client& one) { return one.host == host; });
    const auto who = servers(hosts, *client, family, protocol, 16);
    REQUIRE(who.size() == 1);
    REQUIRE(!who.begin()->empty());
    return *who.begin();
  };
  for (const auto family : net::all_families)
    for (const auto& client : clients)
      for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
        const Source source{family, client.host, protocol};
        server_of[source] = look(source);
      }
  std::set<std::string> all;
  for (const auto& [source, server] : server_of) all.insert(server);
  CHECK(all.size() > 2);  // sixteen memories do not agree by themselves

  std::size_t moved = 0;
  for (const Dual& gone : endpoints) {
    std::vector<Dual> others;
    for (const Dual& one : endpoints)
      if (one.v4 != gone.v4) others.push_back(one);
    apply(hosts, others, sticky);
    for (auto& [source, server] : server_of) {
      const auto now = look(source);
      if (server == net::endpoint_text(gone.of(std::get<Family>(source)), 8080)) {
        CHECK(now != server);
        ++moved;
      } else {
        CHECK(now == server);  // other generation, same memory
      }
      server = now;
    }
    apply(hosts, endpoints, sticky);
  }
  CHECK(moved > 2);
}

TEST_CASE("ebpf flows: a datagram to a closed port behind a frontend is refused") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  apply(hosts, {at::pod_b});
  for (const auto family : net::all_families) {
    for (const auto& client : clients) {
      INFO(client.host << " " << net::to_string(family));
      CHECK(servers(hosts, client, family, Protocol::udp, 1) ==
            std::set<std::string>{net::endpoint_text(at::pod_b.of(family), 8080)});
    }
  }
  // Nothing listens at pod-c.
  apply(hosts, {at::pod_c});
  const auto before = hosts.counter("rejected");
  for (const auto family : net::all_families) {
    for (const auto& client : clients) {
      if (client.address.v4 == at::pod_c.v4) continue;
      INFO(client.host << " " << net::to_string(family));
      const auto begin = std::chrono::steady_clock::now();
      const auto answer = hosts.net().ask(client.host, Protocol::udp, frontend(family), port, 2000);
      CHECK(answer.outcome == Outcome::refused);
      CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
    }
  }
  CHECK(hosts.counter("rejected") == before);  // it was the pod that said so
}

TEST_CASE("ebpf flows: datagrams in fragments, both ways") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts(false);
  apply(hosts, {at::pod_a});
  const std::string text = pattern(3000), long_text = pattern(20000);
  for (const auto family : net::all_families) {
    const Fd server = kernel::bound_socket(hosts.net(), "pod-a", Protocol::udp, at::pod_a.of(family), 8080);
    for (const auto& client : clients) {
      INFO(client.host << " " << net::to_string(family));
      // The first packet of the flow is one in fragments.
      const Fd socket = kernel::bound_socket(hosts.net(), client.host, Protocol::udp, client.address.of(family), 0);
      hosts.net().within(client.host, [&] { connect_to(socket, frontend(family), port); });
      net::Address seen;
      CHECK(datagram_both_ways(socket, server, text, &seen));
      const bool masqueraded = std::string(client.host) == "client";
      CHECK(seen == (masqueraded ? at::gateway : client.address).of(family));
      CHECK(datagram_both_ways(socket, server, long_text, &seen));
      CHECK(datagram_both_ways(socket, server, "short", &seen));
    }
  }
}

TEST_CASE("ebpf flows: twelve megabytes there and back") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts(false);
  apply(hosts, {at::pod_a});
  const std::string text = pattern(12'000'000);
  for (const auto family : net::all_families) {
    for (const auto& client : clients) {
      INFO(client.host << " " << net::to_string(family));
      CHECK(stream_both_ways(hosts, client, family, text));
    }
  }
}

TEST_CASE("ebpf flows: a narrow cable behind a frontend is told to its clients") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts(false);
  apply(hosts, {at::pod_a});
  hosts.net().run("node", {"ip", "link", "set", "pod-a", "mtu", "1400"});
  const std::string text = pattern(1440);
  for (const auto family : net::all_families) {
    const Fd server = kernel::bound_socket(hosts.net(), "pod-a", Protocol::udp, at::pod_a.of(family), 8080);
    for (const auto& client : clients) {
      if (std::string(client.host) == "node") continue;  // it sees the cable itself
      INFO(client.host << " " << net::to_string(family));
      const Fd socket = kernel::bound_socket(hosts.net(), client.host, Protocol::udp, client.address.of(family), 0);
      never_fragment(socket, family);
      hosts.net().within(client.host, [&] { connect_to(socket, frontend(family), port); });
      CHECK(path_mtu(socket, family) == "1500");
      CHECK(::send(socket.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
      // The error comes for what the client has sent, so for the frontend.
      std::array<char, 16> buffer{};
      CHECK(::recv(socket.get(), buffer.data(), buffer.size(), 0) < 0);
      CHECK(errno == EMSGSIZE);
      CHECK(path_mtu(socket, family) == "1400");
    }
  }
  for (const auto family : net::all_families) CHECK(stream_both_ways(hosts, clients[0], family, pattern(2'000'000)));
}

TEST_CASE("ebpf flows: pods at a bridge") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts(true, kernel::Pods::on_bridge);
  apply(hosts, {at::pod_a, at::pod_b, at::far_a});
  // Whether netfilter meets packets at the ports of bridges already, and so before the program.
  for (const char* at_ports : {"0", "1"}) {
    hosts.net().within("node", [&] {
      for (const char* family : {"ip", "ip6"})
        if (!kernel::try_sysctl(fmt::format("bridge/bridge-nf-call-{}tables", family), at_ports))
          fmt::print("this kernel has no netfilter at ports of bridges\n");
    });
    for (const auto family : net::all_families) {
      std::set<std::string> all;
      for (const Dual& endpoint : {at::pod_a, at::pod_b, at::far_a})
        all.insert(net::endpoint_text(endpoint.of(family), 8080));
      for (const auto& client : {clients[0], clients[1], clients[2], clients[3], Client{"pod-a", at::pod_a}}) {
        for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
          INFO(client.host << " " << net::to_string(family) << " " << net::to_string(protocol) << " " << at_ports);
          CHECK(servers(hosts, client, family, protocol, 70) == all);  // of pod-a's, some go to itself
        }
      }
    }
  }
}

TEST_CASE("ebpf flows: a process of the node sees the frontend that it has named") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  apply(hosts, {at::pod_a, at::pod_b, at::far_a});
  for (const auto family : net::all_families) {
    INFO(net::to_string(family));
    const auto named = std::pair(frontend(family), port);
    const auto from = Dual{"0.0.0.0", "::"}.of(family);
    const Fd stream = kernel::bound_socket(hosts.net(), "node", Protocol::tcp, from, 0);
    const Fd datagrams = kernel::bound_socket(hosts.net(), "node", Protocol::udp, from, 0);
    hosts.net().within("node", [&] {
      connect_to(stream, named.first, named.second);
      kernel::SocketAddress peer;
      REQUIRE(::getpeername(stream.get(), peer.get(), &peer.length) == 0);
      CHECK(kernel::address_of(peer) == named);

      auto to = kernel::socket_address(named.first, named.second);
      std::set<std::string> who;
      for (int i = 0; i < 20; ++i) {
        REQUIRE(::sendto(datagrams.get(), "x", 1, 0, to.get(), to.length) == 1);
        kernel::SocketAddress source;
        who.insert(greeted_by(datagrams, &source));
        CHECK(kernel::address_of(source) == named);
      }
      CHECK(who.size() == 1);  // one flow
      CHECK(!who.contains(""));
    });
  }
}

TEST_CASE("ebpf flows: a process with an IPv6 socket asks for an IPv4 frontend") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  apply(hosts, {at::pod_a});
  const auto mapped = net::Address::parse("::ffff:10.96.0.1").value();
  const auto any = net::Address::parse("::").value();
  const std::string server = net::endpoint_text(at::pod_a.of(Family::ipv4), 8080);
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    INFO(net::to_string(protocol));
    const Fd socket = kernel::bound_socket(hosts.net(), "node", protocol, any, 0);
    hosts.net().within("node", [&] { connect_to(socket, mapped, port); });
    kernel::SocketAddress peer;
    REQUIRE(::getpeername(socket.get(), peer.get(), &peer.length) == 0);
    CHECK(kernel::address_of(peer) == std::pair(mapped, port));
    REQUIRE(::send(socket.get(), "x", 1, 0) == 1);
    CHECK(greeted_by(socket) == server);
  }
  const Fd unconnected = kernel::bound_socket(hosts.net(), "node", Protocol::udp, any, 0);
  auto to = kernel::socket_address(mapped, port);
  REQUIRE(::sendto(unconnected.get(), "x", 1, 0, to.get(), to.length) == 1);
  kernel::SocketAddress source;
  CHECK(greeted_by(unconnected, &source) == server);
  CHECK(kernel::address_of(source) == std::pair(mapped, port));
}

TEST_CASE("ebpf flows: datagrams of a living flow leave an endpoint that is gone") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  for (const auto family : net::all_families) {
    apply(hosts, {at::pod_a});
    std::vector<Fd> sockets;
    const auto who = [&](std::size_t i) {
      return ::send(sockets[i].get(), "x", 1, 0) == 1 ? greeted_by(sockets[i]) : std::string();
    };
    const Fd unconnected =
        kernel::bound_socket(hosts.net(), "node", Protocol::udp, Dual{"0.0.0.0", "::"}.of(family), 0);
    const auto who_of_process = [&] {
      auto to = kernel::socket_address(frontend(family), port);
      return ::sendto(unconnected.get(), "x", 1, 0, to.get(), to.length) == 1 ? greeted_by(unconnected) : std::string();
    };
    CHECK(who_of_process() == net::endpoint_text(at::pod_a.of(family), 8080));
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const auto& client = clients.at(i);
      const auto from = std::string(client.host) == "node" ? Dual{"0.0.0.0", "::"} : client.address;
      sockets.push_back(kernel::bound_socket(hosts.net(), client.host, Protocol::udp, from.of(family), 0));
      hosts.net().within(client.host, [&] { connect_to(sockets[i], frontend(family), port); });
      INFO(client.host << " " << net::to_string(family));
      CHECK(who(i) == net::endpoint_text(at::pod_a.of(family), 8080));
    }
    apply(hosts, {at::pod_b});
    CHECK(who_of_process() == net::endpoint_text(at::pod_b.of(family), 8080));
    for (std::size_t i = 0; i < clients.size(); ++i) {
      INFO(clients.at(i).host << " " << net::to_string(family));
      // A connected socket of a process belongs to its endpoint: no hook is asked for its datagrams (D1).
      const auto now = std::string(clients.at(i).host) == "node" ? at::pod_a : at::pod_b;
      CHECK(who(i) == net::endpoint_text(now.of(family), 8080));
    }
  }
}
