// The harness itself: each fate made by the smallest ruleset that makes it, for every origin, family and protocol.
#include "tests/kernel/harness.hpp"

#include <chrono>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/judge.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using kernel::Arrival;
using kernel::Namespace;
using kernel::Observation;
using kernel::SourceFate;
using net::Address;
using net::Packet;
using net::PacketFrom;
using net::Protocol;

constexpr Protocol protocols[] = {Protocol::tcp, Protocol::udp, Protocol::sctp};

Address address(const char* text) {
  return Address::parse(text).value();
}

struct Ends {
  PacketFrom from;
  const char *source, *destination;
};

// A frontend address as seen by each origin, both families.
constexpr Ends to_service[] = {
    {PacketFrom::external, "203.0.113.9", "10.96.0.20"}, {PacketFrom::pod, "10.40.1.9", "10.96.0.20"},
    {PacketFrom::remote_pod, "10.40.2.9", "10.96.0.20"}, {PacketFrom::node, "192.168.50.10", "10.96.0.20"},
    {PacketFrom::external, "2001:db8::9", "fd96::20"},   {PacketFrom::node, "fd50::10", "fd96::20"},
};
// An address of the node itself.
constexpr Ends to_node[] = {
    {PacketFrom::external, "203.0.113.9", "192.168.60.10"},
    {PacketFrom::node, "192.168.50.10", "192.168.50.10"},
    {PacketFrom::node, "127.0.0.1", "127.0.0.1"},
    {PacketFrom::external, "2001:db8::9", "fd50::10"},
    {PacketFrom::node, "fd50::10", "fd50::10"},
    {PacketFrom::node, "::1", "::1"},
};

Packet packet(const Ends& ends, Protocol protocol) {
  Packet packet;
  packet.from = ends.from;
  packet.src = address(ends.source);
  packet.dst = address(ends.destination);
  packet.protocol = protocol;
  packet.dport = protocol == Protocol::icmp ? 0 : 80;
  return packet;
}

kernel::NodeSetup a_node() {
  return {.addresses = {address("192.168.50.10"), address("192.168.60.10"), address("fd50::10")},
          .pod_interface = "pod0"};
}

kernel::Rulesets nft(const std::string& text) {
  return {.nft = {text}, .iptables = {}, .ip6tables = {}};
}

Observation one(Namespace& node, const Packet& what, unsigned repeat = 4) {
  return node.observe({&what, 1}, repeat).front();
}

Observation arrived(const char* at, std::uint16_t port, SourceFate source, unsigned count = 4) {
  return {.arrived = {{Arrival{address(at), port, source}, count}}};
}

bool is_v4(const Packet& what) {
  return what.family() == net::Family::ipv4;
}

constexpr auto translate = R"(
table ip t {
  chain in { type nat hook prerouting priority dstnat; ip daddr { 10.96.0.20, 192.168.60.10 } meta l4proto { tcp, udp, sctp } dnat to 10.40.1.5:8080; }
  chain out { type nat hook output priority -100; ip daddr { 10.96.0.20, 192.168.50.10, 127.0.0.1 } meta l4proto { tcp, udp, sctp } dnat to 10.40.1.5:8080; }
}
table ip6 t {
  chain in { type nat hook prerouting priority dstnat; ip6 daddr { fd96::20, fd50::10 } meta l4proto { tcp, udp, sctp } dnat to [fd40::5]:8080; }
  chain out { type nat hook output priority -100; ip6 daddr { fd96::20, fd50::10, ::1 } meta l4proto { tcp, udp, sctp } dnat to [fd40::5]:8080; }
}
)";
constexpr auto masquerade = R"(
table inet m { chain post { type nat hook postrouting priority srcnat; masquerade fully-random; }
}
)";

}  // namespace

TEST_CASE("a packet that no rule touches keeps destination and source") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp, Protocol::icmp}) {
    for (const auto& ends : to_service) {
      const auto what = packet(ends, protocol);
      INFO(what.text());
      CHECK(one(node, what) == arrived(ends.destination, what.dport, SourceFate::kept));
    }
    // Nothing listens: the kernel refuses, but after every rule, so it is no refusal of the ruleset.
    for (const auto& ends : to_node) {
      const auto what = packet(ends, protocol);
      INFO(what.text());
      const auto source = ends.from == PacketFrom::node ? SourceFate::kept : SourceFate::hidden;
      CHECK(one(node, what) == arrived(ends.destination, what.dport, source));
    }
  }
}

TEST_CASE("translation is seen, with and without masquerading") {
  if (!kernel::permitted()) return;
  for (const bool masqueraded : {false, true}) {
    Namespace node([] {
      auto setup = a_node();
      setup.route_localnet = true;
      return setup;
    }());
    node.load(nft(translate));
    if (masqueraded) node.load(nft(masquerade));
    const auto source = masqueraded ? SourceFate::replaced : SourceFate::kept;
    for (const auto protocol : protocols) {
      for (const auto& table : {std::span<const Ends>(to_service), std::span<const Ends>(to_node)}) {
        for (const auto& ends : table) {
          const auto what = packet(ends, protocol);
          // The kernel sends nothing from ::1 over an interface, whatever the rules want.
          if (what.src == address("::1")) continue;
          INFO(what.text());
          CHECK(one(node, what) == arrived(is_v4(what) ? "10.40.1.5" : "fd40::5", 8080, source));
        }
      }
    }
  }
}

TEST_CASE("a packet translated to the node itself ends here") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  node.load(nft(R"(
table ip t {
  chain in { type nat hook prerouting priority dstnat; ip daddr 10.96.0.20 meta l4proto { tcp, udp, sctp } dnat to 192.168.50.10:9000; }
  chain out { type nat hook output priority -100; ip daddr 10.96.0.20 meta l4proto { tcp, udp, sctp } dnat to 192.168.50.10:9000; }
}
table ip6 t {
  chain in { type nat hook prerouting priority dstnat; ip6 daddr fd96::20 meta l4proto { tcp, udp, sctp } dnat to [fd50::10]:9000; }
  chain out { type nat hook output priority -100; ip6 daddr fd96::20 meta l4proto { tcp, udp, sctp } dnat to [fd50::10]:9000; }
}
)"));
  node.load(nft(masquerade));
  for (const auto& ends : to_service) {
    const auto what = packet(ends, Protocol::tcp);
    INFO(what.text());
    const auto source = ends.from == PacketFrom::node ? SourceFate::replaced : SourceFate::hidden;
    CHECK(one(node, what) == arrived(is_v4(what) ? "192.168.50.10" : "fd50::10", 9000, source));
  }
}

TEST_CASE("refused and dropped at each hook") {
  if (!kernel::permitted()) return;
  // `verdict` is put at every hook in turn; a hook that the packet does not pass leaves it alone.
  for (const char* hook : {"prerouting", "input", "forward", "output", "postrouting"}) {
    for (const char* verdict : {"drop", "reject", "reject with icmpx type admin-prohibited"}) {
      const bool rejects = std::string_view(verdict) != "drop";
      // `reject` exists at input, forward and output (and prerouting of newer kernels).
      if (rejects && (std::string_view(hook) == "prerouting" || std::string_view(hook) == "postrouting")) continue;
      Namespace node(a_node());
      node.load(nft(fmt::format(
          "table inet t {{ chain c {{ type filter hook {} priority filter; th dport 80 {}; }}\n}}", hook, verdict)));
      for (const auto protocol : protocols) {
        for (const auto& table : {std::span<const Ends>(to_service), std::span<const Ends>(to_node)}) {
          for (const auto& ends : table) {
            const auto what = packet(ends, protocol);
            const bool here = table.data() == to_node;
            const bool from_node = ends.from == PacketFrom::node;
            const std::string_view at = hook;
            const bool passes = at == "postrouting"  ? from_node || !here
                                : at == "prerouting" ? !from_node || here
                                : at == "input"      ? here
                                : at == "forward"    ? !here && !from_node
                                                     : from_node;
            INFO(hook << " " << verdict << " " << net::to_string(ends.from) << " " << what.text());
            const auto seen = one(node, what);
            CHECK(seen.refused == (passes && rejects ? 4U : 0U));
            CHECK(seen.dropped == (passes && !rejects ? 4U : 0U));
            CHECK(seen.arrived.empty() == passes);
          }
        }
      }
    }
  }
}

TEST_CASE("a TCP reset is a refusal") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  node.load(nft(R"(
table inet t {
  chain f { type filter hook forward priority filter; meta l4proto tcp reject with tcp reset; }
  chain o { type filter hook output priority filter; tcp dport 80 reject with tcp reset; }
}
)"));
  for (const auto& ends : to_service)
    CHECK(one(node, packet(ends, Protocol::tcp)) == Observation{.arrived = {}, .refused = 4});
}

TEST_CASE("conntrack calls the invalid packets invalid and the others new") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  // An invalid packet can't be reported by its fate alone: the rules drop what is invalid and refuse what is new.
  node.load(nft(R"(
table inet t {
  chain f { type filter hook forward priority filter; ct state invalid drop; ct state new reject; }
  chain o { type filter hook output priority filter; meta l4proto 253 accept; th dport 80 ct state invalid drop; th dport 80 ct state new reject; }
}
)"));
  for (const auto protocol : protocols) {
    for (const auto& ends : to_service) {
      auto what = packet(ends, protocol);
      INFO(net::to_string(ends.from) << " " << what.text());
      CHECK(one(node, what) == Observation{.arrived = {}, .refused = 4});
      what.ct_state = net::ConntrackState::invalid;
      CHECK(one(node, what) == Observation{.arrived = {}, .refused = 0, .dropped = 4});
    }
  }
  auto ping = packet(to_service[0], Protocol::icmp);
  CHECK(one(node, ping) == Observation{.arrived = {}, .refused = 4});
  ping.ct_state = net::ConntrackState::invalid;
  CHECK(one(node, ping) == Observation{.arrived = {}, .refused = 0, .dropped = 4});
}

TEST_CASE("invalid packets of every protocol are seen to pass") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  node.load(
      nft("table inet t { chain f { type filter hook forward priority filter; ct state invalid accept; drop; }\n}"));
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp, Protocol::icmp}) {
    for (const auto* ends : {&to_service[0], &to_service[4]}) {
      auto what = packet(*ends, protocol);
      what.ct_state = net::ConntrackState::invalid;
      INFO(what.text());
      CHECK(one(node, what) == arrived(ends->destination, what.dport, SourceFate::kept));
    }
  }
}

TEST_CASE("packets arrive on the interface that they name") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  node.load(nft("table inet t { chain f { type filter hook prerouting priority filter; iifname \"pod*\" drop; }\n}"));
  auto pod = packet(to_service[1], Protocol::tcp);
  CHECK(one(node, pod).dropped == 4);
  auto external = packet(to_service[0], Protocol::tcp);
  CHECK(one(node, external).dropped == 0);
  external.iif = "pod7";
  CHECK(one(node, external).dropped == 4);
  pod.iif = "other0";
  CHECK(one(node, pod).dropped == 0);
}

TEST_CASE("every one of several endpoints is seen, and affinity is remembered and forgotten") {
  if (!kernel::permitted()) return;
  const auto what = packet(to_service[0], Protocol::tcp);
  const cases::Expectation both{.kind = ir::Fate::Kind::dnat,
                                .to = {{address("10.40.1.5"), 8080, false}, {address("10.40.1.6"), 8080, false}}};
  const auto balance = [](std::string_view remember_first, std::string_view remember_second, std::string_view recall) {
    return nft(fmt::format(R"(
table ip t {{
  set first_clients {{ type ipv4_addr; flags dynamic,timeout; timeout 10m; }}
  set second_clients {{ type ipv4_addr; flags dynamic,timeout; timeout 10m; }}
  chain first {{ {} meta l4proto tcp dnat to 10.40.1.5:8080; }}
  chain second {{ {} meta l4proto tcp dnat to 10.40.1.6:8080; }}
  chain in {{
    type nat hook prerouting priority dstnat;
    {}
    numgen random mod 2 vmap {{ 0 : goto first, 1 : goto second }}
  }}
}}
)",
                           remember_first, remember_second, recall));
  };
  Namespace plain(a_node());
  plain.load(balance("", "", ""));
  CHECK(kernel::check(plain, what, both, false) == std::nullopt);
  CHECK(kernel::check(plain, what, both, true) != std::nullopt);
  Namespace sticky(a_node());
  sticky.load(balance("update @first_clients { ip saddr }", "update @second_clients { ip saddr }",
                      "ip saddr @first_clients goto first; ip saddr @second_clients goto second;"));
  CHECK(one(sticky, what, 50).arrived.size() == 1);
  CHECK(kernel::check(sticky, what, both, false) != std::nullopt);
  CHECK(kernel::check(sticky, what, both, true) == std::nullopt);
}

TEST_CASE("iptables' lists of recent sources are forgotten") {
  if (!kernel::permitted()) return;
  for (const auto variant : {kernel::IptablesVariant::legacy, kernel::IptablesVariant::nft}) {
    if (const auto why = kernel::why_not(variant); !why.empty()) {
      fmt::print("{} is left out: {}\n", kernel::to_string(variant), why);
      continue;
    }
    Namespace node(a_node());
    node.load({.nft = {},
               .iptables = {"*filter\n-A FORWARD -m recent --name seen --rcheck -j DROP\n-A FORWARD -m recent --name "
                            "seen --set\nCOMMIT\n"},
               .ip6tables = {},
               .variant = variant});
    const auto what = packet(to_service[0], Protocol::udp);
    CHECK(one(node, what).dropped == 3);
    CHECK(one(node, what).dropped == 4);
    node.forget_affinity();
    CHECK(one(node, what).dropped == 3);
  }
}

TEST_CASE("a foreign policy that forwards nothing") {
  if (!kernel::permitted()) return;
  const auto expect = [](const kernel::Rulesets& rules) {
    Namespace node(a_node());
    node.load(rules);
    CHECK(one(node, packet(to_service[0], Protocol::tcp)).dropped == 4);
    CHECK(one(node, packet(to_service[4], Protocol::tcp)).dropped == 4);
    CHECK(one(node, packet(to_service[3], Protocol::tcp)).dropped == 0);
    CHECK(one(node, packet(to_node[0], Protocol::tcp)).dropped == 0);
  };
  expect(kernel::foreign_forward_drop_nftables());
  for (const auto variant : {kernel::IptablesVariant::legacy, kernel::IptablesVariant::nft})
    if (kernel::why_not(variant).empty()) expect(kernel::foreign_forward_drop_iptables(variant));
}

TEST_CASE("a given source port is sent again and again as the first packet of a flow") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  node.load(nft("table inet t { chain f { type filter hook forward priority filter; ct state new accept; drop; }\n}"));
  auto what = packet(to_service[0], Protocol::udp);
  what.sport = 4000;
  CHECK(one(node, what, 10) == arrived("10.96.0.20", 80, SourceFate::kept, 10));
}

TEST_CASE("rulesets that do not load are reported in the tool's words") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  CHECK_THROWS_WITH(node.load(nft("table ip t { chain c { nonsense } }")), Catch::Contains("nonsense"));
  CHECK_THROWS_AS(node.load({.nft = {}, .iptables = {"*nat\n-A NOWHERE -j DROP\nCOMMIT\n"}, .ip6tables = {}}),
                  kernel::Failure);
}

TEST_CASE("packets that open no flow are a mistake of the test") {
  if (!kernel::permitted()) return;
  Namespace node(a_node());
  auto what = packet(to_service[0], Protocol::tcp);
  what.ct_state = net::ConntrackState::established;
  CHECK_THROWS_AS(one(node, what), base::InternalError);
}

TEST_CASE("more flows than there are source ports, at a rate that allows thousands of rows") {
  if (!kernel::permitted()) return;
  Namespace node([] {
    auto setup = a_node();
    setup.route_localnet = true;
    return setup;
  }());
  node.load(nft(translate));
  for (const auto& ends : {to_service[0], to_service[3], to_node[2], to_service[4]}) {
    const auto what = packet(ends, Protocol::udp);
    const auto start = std::chrono::steady_clock::now();
    constexpr unsigned flows = 70'000;
    const auto seen = one(node, what, flows);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(seen == arrived(is_v4(what) ? "10.40.1.5" : "fd40::5", 8080, SourceFate::kept, flows));
    fmt::print("{} {}: {:.0f} packets a second\n", net::to_string(ends.from), what.text(), flows / took.count());
    // Far below what any machine shows; without it a time-out could creep into the normal path unseen.
    CHECK(flows / took.count() > 1000);
  }
}
