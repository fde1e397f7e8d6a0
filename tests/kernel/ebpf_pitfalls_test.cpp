// What once went wrong with the eBPF program, each with the connections that showed it.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "tests/kernel/conversations.hpp"
#include "tests/kernel/ebpf_hosts.hpp"
#include "tests/kernel/failure.hpp"
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

// Two Services, at 10.96.0.1 and 10.96.0.2, with one endpoint.
std::unique_ptr<kernel::NodePrograms> two_frontends() {
  const kernel::ServiceText one{"one", 1, {at::pod_a}, "", ""}, two{"two", 2, {at::pod_a}, "", ""};
  return kernel::compile(
      "two", kernel::profile_of_hosts(Dialect::nftables) + kernel::text_of(one) + kernel::text_of(two), "node");
}

struct Client {
  const char* host;
  Dual address;
};
const std::array clients{Client{"client", at::client}, Client{"pod-c", at::pod_c}, Client{"far-c", at::far_c}};

using To = std::pair<net::Address, std::uint16_t>;

bool connects(const Fd& socket, const To& to) {
  auto address = kernel::socket_address(to.first, to.second);
  return ::connect(socket.get(), address.get(), address.length) == 0;
}

// The socket that had this port before may still wait for the last word of its connection.
bool connects_when_free(const Fd& socket, const To& to) {
  for (int i = 0; i < 1000; ++i) {
    if (connects(socket, to)) return true;
    if (errno != EADDRNOTAVAIL) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Whom the server greets; empty: nobody.
std::string greeting(const Fd& socket) {
  std::array<char, 128> buffer{};
  if (::send(socket.get(), "hello\n", 6, MSG_NOSIGNAL) != 6) return {};
  const auto n = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  return n <= 0 ? std::string() : kernel::parse_greeting({buffer.data(), static_cast<std::size_t>(n)}).server;
}

bool echoes(const Fd& socket) {
  std::array<char, 16> buffer{};
  return ::send(socket.get(), "still\n", 6, MSG_NOSIGNAL) == 6 &&
         ::recv(socket.get(), buffer.data(), buffer.size(), 0) > 0;
}

// Accepts connections and ends each at once: the server is the first to close.
class Closer {
 public:
  Closer(EbpfHosts& hosts, const net::Address& address)
      : listener_(kernel::bound_socket(hosts.net(), "pod-a", Protocol::tcp, address, 8080)) {
    if (::listen(listener_.get(), 16) != 0) kernel::fail_with_errno("listen");
    thread_ = std::thread([this] {
      while (!stop_) Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
    });
  }
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;
  ~Closer() {
    stop_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

 private:
  Fd listener_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

enum class End : std::uint8_t { by_server, by_reset };

// One connection from this source port, to its end. How long it took to connect; nothing where it failed.
std::optional<double> one_connection(EbpfHosts& hosts, const Client& client, Family family, End end) {
  const Fd socket = kernel::bound_socket(hosts.net(), client.host, Protocol::tcp, client.address.of(family), 40000);
  const auto begin = std::chrono::steady_clock::now();
  if (!connects_when_free(socket, {kernel::cluster_ip(1).of(family), 80})) return std::nullopt;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (end == End::by_server) {
    char byte = 0;
    if (::recv(socket.get(), &byte, 1, 0) != 0) return std::nullopt;
  } else {
    const linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  return seconds.count();
}

}  // namespace

TEST_CASE("ebpf pitfalls: without the companion nothing is translated, and that is said") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  hosts.apply(*two_frontends());
  // Somebody else answers at the frontend's address, if a packet gets there as it is.
  hosts.net().run("other", {"ip", "-batch", "-"},
                  "address add 10.96.0.1/32 dev lo\naddress add fd96::1/128 dev lo nodad\n");
  hosts.net().route("node", "10.96.0.0/16 via 10.101.0.3");
  hosts.net().route("node", "fd96::/112 via fd11::3");
  for (const auto family : net::all_families) {
    const auto address = kernel::cluster_ip(1).of(family);
    hosts.net().serve("other", "impostor", Protocol::tcp, address, 80);
    CHECK(hosts.net().ask("client", Protocol::tcp, address, 80).server ==
          net::endpoint_text(at::pod_a.of(family), 8080));
  }
  CHECK(hosts.counter("not-translated") == 0);
  hosts.net().run("node", {"nft", "delete", "table", "inet", "portcullis_ebpf"});
  const auto problems = hosts.status().problems;
  INFO(fmt::format("{}", fmt::join(problems, "\n")));
  CHECK(std::ranges::any_of(problems, [](const std::string& problem) {
    return problem.find("table inet portcullis_ebpf is gone") != std::string::npos;
  }));
  std::vector<kernel::Ask> asks;
  for (const auto family : net::all_families)
    for (const auto& client : clients)
      asks.push_back({.host = client.host, .to = kernel::cluster_ip(1).of(family), .port = 80});
  for (const auto& answer : kernel::ask_all(hosts.net(), asks, 2500)) {
    CHECK(answer.outcome == Outcome::silent);
    CHECK(answer.server.empty());
  }
  CHECK(hosts.counter("not-translated") >= asks.size());
  // And all is well when the companion is back.
  hosts.apply(*two_frontends());
  for (const auto family : net::all_families)
    CHECK(hosts.net().ask("client", Protocol::tcp, kernel::cluster_ip(1).of(family), 80).outcome == Outcome::answered);
}

TEST_CASE("ebpf pitfalls: a source port that conntrack remembers as closed connects at once") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts(false);
  hosts.apply(*two_frontends());
  constexpr int times = 12;
  for (const auto family : net::all_families) {
    const Closer closer(hosts, at::pod_a.of(family));
    for (const auto& client : clients) {
      for (const End end : {End::by_server, End::by_reset}) {
        const auto reopened = hosts.counter("reopened");
        int slow = 0;
        for (int i = 0; i < times; ++i) {
          INFO(client.host << " " << net::to_string(family) << (end == End::by_server ? " TIME_WAIT " : " CLOSE ")
                           << i);
          const auto seconds = one_connection(hosts, client, family, end);
          REQUIRE(seconds.has_value());
          if (*seconds > 0.9) ++slow;  // a lost SYN is sent again after a second
        }
        // The scheduler may let a SYN overtake what ends the connection before it.
        CHECK(slow <= 2);
        CHECK(hosts.counter("reopened") - reopened >= times - 2);
      }
    }
  }
}

TEST_CASE("ebpf pitfalls: one source port for two frontends of one endpoint, and for the endpoint itself") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  hosts.apply(*two_frontends());
  std::uint16_t source_port = 41000;
  for (const auto family : net::all_families) {
    std::array<To, 3> order{To{kernel::cluster_ip(1).of(family), 80}, To{kernel::cluster_ip(2).of(family), 80},
                            To{at::pod_a.of(family), 8080}};
    std::ranges::sort(order);
    const std::string server = net::endpoint_text(at::pod_a.of(family), 8080);
    for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
      for (const auto& client : clients) {
        do {
          ++source_port;
          INFO(client.host << " " << net::to_string(family) << " " << net::to_string(protocol));
          INFO("first " << order[0].first.text() << ", then " << order[1].first.text());
          std::array<Fd, 3> sockets;
          for (std::size_t i = 0; i < order.size(); ++i) {
            sockets.at(i) =
                kernel::bound_socket(hosts.net(), client.host, protocol, client.address.of(family), source_port, 900);
            REQUIRE(connects(sockets.at(i), order.at(i)));
            CHECK(greeting(sockets.at(i)) == server);
          }
          for (const auto& socket : sockets) CHECK(echoes(socket));
        } while (std::ranges::next_permutation(order).found);
      }
    }
  }
  CHECK(hosts.counter("no-entry") == 0);
}

TEST_CASE("ebpf pitfalls: a flow whose first packet others drop gets through later") {
  if (!kernel::permitted()) return;
  EbpfHosts hosts;
  hosts.apply(*two_frontends());
  std::vector<kernel::Ask> asks;
  for (const auto family : net::all_families)
    for (const auto& client : clients)
      asks.push_back({.host = client.host, .to = kernel::cluster_ip(1).of(family), .port = 80});
  // Between the program, which makes an entry, and conntrack, which would then translate.
  hosts.net().settle();
  hosts.net().run(
      "node", {"nft", "-f", "-"},
      "table inet foreign { chain early { type filter hook prerouting priority raw; tcp dport 80 drop; }; }\n");
  const auto before = hosts.counter("not-translated");
  std::vector<kernel::Answer> answers;
  std::thread client([&] { answers = kernel::ask_all(hosts.net(), asks, 6000); });
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  hosts.net().run("node", {"nft", "delete", "table", "inet", "foreign"});
  client.join();
  CHECK(hosts.counter("not-translated") - before >= asks.size());  // the second SYNs
  for (std::size_t i = 0; i < asks.size(); ++i) {
    INFO(asks[i].host << " to " << asks[i].to.text());
    CHECK(answers[i].server == net::endpoint_text(at::pod_a.of(asks[i].to.family()), 8080));  // at the third SYN
  }
}
