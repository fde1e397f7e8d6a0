// Two nodes with a pod each, a router, a client behind it: real sockets through a small ruleset.
#include "tests/kernel/topology.hpp"

#include <catch2/catch.hpp>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using kernel::Answer;
using kernel::Topology;
using net::Protocol;
using Outcome = Answer::Outcome;

net::Address address(const char* text) {
  return net::Address::parse(text).value();
}

// client ── router ──┬── node-a ── pod-a
//                    └── node-b ── pod-b
void build(Topology& net) {
  for (const char* host : {"client", "router", "node-a", "node-b", "pod-a", "pod-b"}) net.add(host);
  net.cable({"client", "eth0", {"203.0.113.9/24", "2001:db8::9/64"}},
            {"router", "outside", {"203.0.113.1/24", "2001:db8::1/64"}});
  net.segment({{"router", "inside", {"10.100.0.1/24", "fd10::1/64"}},
               {"node-a", "eth0", {"10.100.0.2/24", "fd10::2/64"}},
               {"node-b", "eth0", {"10.100.0.3/24", "fd10::3/64"}}});
  net.cable({"node-a", "pod0", {"10.0.1.1/24", "fd01::1/64"}}, {"pod-a", "eth0", {"10.0.1.2/24", "fd01::2/64"}});
  net.cable({"node-b", "pod0", {"10.0.2.1/24", "fd02::1/64"}}, {"pod-b", "eth0", {"10.0.2.2/24", "fd02::2/64"}});
  net.route("client", "default via 203.0.113.1");
  net.route("client", "::/0 via 2001:db8::1");
  net.route("pod-a", "default via 10.0.1.1");
  net.route("pod-a", "::/0 via fd01::1");
  net.route("pod-b", "default via 10.0.2.1");
  net.route("pod-b", "::/0 via fd02::1");
  for (const char* node : {"node-a", "node-b"}) {
    net.route(node, "default via 10.100.0.1");
    net.route(node, "::/0 via fd10::1");
  }
  for (const char* host : {"router", "node-b"}) {
    net.route(host, "10.0.1.0/24 via 10.100.0.2");
    net.route(host, "fd01::/64 via fd10::2");
  }
  for (const char* host : {"router", "node-a"}) {
    net.route(host, "10.0.2.0/24 via 10.100.0.3");
    net.route(host, "fd02::/64 via fd10::3");
  }
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    net.serve("pod-a", "a", protocol, address("10.0.1.2"), 8080);
    net.serve("pod-a", "a", protocol, address("fd01::2"), 8080);
    net.serve("pod-b", "b", protocol, address("10.0.2.2"), 8080);
    net.serve("pod-b", "b", protocol, address("fd02::2"), 8080);
  }
}

kernel::Rulesets node_port_to_b() {
  return {.nft = {R"(
table inet t {
  chain in {
    type nat hook prerouting priority dstnat;
    meta l4proto { tcp, udp } th dport 32213 meta nfproto ipv4 dnat ip to 10.0.2.2:8080
    meta l4proto { tcp, udp } th dport 32213 meta nfproto ipv6 dnat ip6 to [fd02::2]:8080
  }
  chain post { type nat hook postrouting priority srcnat; ct status dnat masquerade fully-random; }
  chain f {
    type filter hook forward priority filter;
    tcp dport 81 reject
    tcp dport 82 drop
    tcp dport 83 reject with icmpx type admin-prohibited
  }
}
)"},
          .iptables = {},
          .ip6tables = {}};
}

}  // namespace

TEST_CASE("hosts reach each other with their own addresses") {
  if (!kernel::permitted()) return;
  Topology net;
  build(net);
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    for (const auto& [to, from, server] : {std::tuple{"10.0.1.2", "203.0.113.9", "a"},
                                           {"10.0.2.2", "203.0.113.9", "b"},
                                           {"fd01::2", "2001:db8::9", "a"},
                                           {"fd02::2", "2001:db8::9", "b"}}) {
      const auto answer = net.ask("client", protocol, address(to), 8080);
      INFO(to);
      CHECK(answer.outcome == Outcome::answered);
      CHECK(answer.server == server);
      CHECK(answer.seen.text() == from);
    }
    CHECK(net.ask("client", protocol, address("10.0.1.2"), 9).outcome == Outcome::refused);
    CHECK(net.ask("client", protocol, address("fd10::3"), 9).outcome == Outcome::refused);
  }
}

TEST_CASE("a node port is served from the other node, as the first one") {
  if (!kernel::permitted()) return;
  Topology net;
  build(net);
  net.load("node-a", node_port_to_b());
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    for (const auto& [to, seen] : {std::pair{"10.100.0.2", "10.100.0.2"}, {"fd10::2", "fd10::2"}}) {
      const auto answer = net.ask("client", protocol, address(to), 32213);
      CHECK(answer.outcome == Outcome::answered);
      CHECK(answer.server == "b");
      CHECK(answer.seen.text() == seen);
    }
    CHECK(net.ask("client", protocol, address("10.100.0.3"), 32213).outcome == Outcome::refused);
  }
  CHECK(net.ask("client", Protocol::tcp, address("10.0.1.2"), 81).outcome == Outcome::refused);
  CHECK(net.ask("client", Protocol::tcp, address("10.0.1.2"), 82, 200).outcome == Outcome::silent);
  CHECK(net.ask("client", Protocol::tcp, address("10.0.1.2"), 83).outcome == Outcome::unreachable);
}

TEST_CASE("a stream lives through a change of rules, and not through the loss of its node") {
  if (!kernel::permitted()) return;
  Topology net;
  build(net);
  net.load("node-a", node_port_to_b());
  const auto stream = net.open("client", address("10.100.0.2"), 32213);
  REQUIRE(stream.answer().server == "b");
  CHECK(stream.echo("one"));
  // The translation belongs to the connection, as long as any rule keeps connection tracking in place: the masquerading
  // one does. Without any, a late acknowledgement would arrive untranslated and be answered with a reset.
  net.run("node-a", {"nft", "flush", "chain", "inet", "t", "in"});
  CHECK(net.ask("client", Protocol::tcp, address("10.100.0.2"), 32213).outcome == Outcome::refused);
  CHECK(stream.echo("two"));
  net.load("node-a", node_port_to_b());
  CHECK(stream.echo(std::string(3000, 'x')));
  net.link("node-b", "eth0", false);
  CHECK_FALSE(stream.echo("lost", 1));
}
