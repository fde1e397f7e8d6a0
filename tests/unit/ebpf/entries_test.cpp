// Tables as rows of maps: the bytes are written down here by hand, from what bpf/types.h says.
#include "backends/ebpf/entries.hpp"

#include <cstring>

#include <catch2/catch.hpp>

namespace {

using namespace portcullis;
using ebpf::Endpoint;
using ebpf::Entries;
using ebpf::Frontend;
using ebpf::Pool;
using ebpf::Rows;
using ebpf::TableId;
using ebpf::Tables;
using ebpf::Verdict;
using Octets = std::vector<int>;

net::Address address(const char* text) {
  return net::Address::parse(text).value();
}

net::Prefix prefix(const char* text) {
  return net::Prefix::parse(text).value();
}

Octets octets(const std::vector<std::byte>& bytes, std::size_t size, std::size_t row) {
  Octets out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(std::to_integer<int>(bytes.at(row * size + i)));
  return out;
}

Octets key(const Rows& rows, std::size_t row) {
  return octets(rows.keys(), rows.key_size(), row);
}

Octets value(const Rows& rows, std::size_t row) {
  return octets(rows.values(), rows.value_size(), row);
}

Frontend frontend(const char* to, std::uint16_t port) {
  Frontend out;
  out.key = {.address = address(to), .scope = 0, .protocol = net::Protocol::tcp, .port = port};
  out.owner = "default/web:80";
  return out;
}

// Two pools, a weight, affinity, a scope, a set.
Tables sample() {
  Tables t;
  t.node = "node-a";
  t.program = "digest";
  t.pods = {prefix("10.244.0.0/16")};
  t.services = {prefix("10.96.0.0/12"), prefix("fd96::/112")};
  t.sets = {{2, "office", {prefix("192.0.2.0/24")}}};
  t.locals = {{address("192.168.0.10"), true, 1}, {address("192.168.0.77"), false, 2}};
  t.pools = {Pool{.name = "default/web:80",
                  .sticky = {},
                  .endpoints = {Endpoint{.address = address("10.244.0.5"), .port = 8080, .weight = 2},
                                Endpoint{.address = address("fd00::5"), .port = 80}}},
             Pool{.name = "default/dns:53",
                  .protocol = net::Protocol::udp,
                  .sticky = 10800,
                  .memory = 0x01020304,
                  .endpoints = {Endpoint{.address = address("10.244.0.6"), .port = 53, .hairpin = true}}}};
  Frontend web = frontend("10.96.0.20", 80);
  web.pools = {0, 1};
  web.ranges = 2;
  web.actions[0] = {Verdict::dnat, true, 1};
  web.actions[PCL_CLASS_POD] = {Verdict::dnat, false, 0};
  web.actions[PCL_CLASS_OUT] = {Verdict::reject, false, 0};
  Frontend node_port;
  node_port.key = {.address = {}, .scope = 1, .protocol = net::Protocol::udp, .port = 30053};
  node_port.owner = "default/dns:53";
  node_port.pools = {1};
  node_port.actions.fill({Verdict::dnat, false, 0});
  Frontend whole;
  whole.key = {.address = address("10.96.0.20"), .scope = 0, .protocol = {}, .port = 0};
  whole.owner = "default/web";
  whole.actions.fill({Verdict::drop, false, 0});
  t.frontends = {node_port, whole, web};
  std::ranges::sort(t.frontends, {}, &Frontend::key);
  return t;
}

}  // namespace

TEST_CASE("a frontend's key and value") {
  Tables t;
  Frontend web = frontend("10.96.0.20", 80);
  web.pools = {7, 8};
  web.ranges = 5;
  web.actions[0] = {Verdict::dnat, true, 1};
  web.actions[15] = {Verdict::drop, false, 0};
  t.frontends = {web};
  const Rows rows = ebpf::entries(t).of(TableId::frontends);
  REQUIRE(rows.count() == 1);
  CHECK(key(rows, 0) == Octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 96, 0, 20, 0, 80, 6, 0});
  CHECK(value(rows, 0) == Octets{0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3,  //
                                 7,    0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0});
}

TEST_CASE("keys of a scope and of a whole address") {
  Tables t;
  t.frontends.resize(2);
  t.frontends[0].key = {.address = {}, .scope = 3, .protocol = net::Protocol::sctp, .port = 30000};
  t.frontends[1].key = {.address = address("fd96::20"), .scope = 0, .protocol = {}, .port = 0};
  const Rows rows = ebpf::entries(t).of(TableId::frontends);
  CHECK(key(rows, 0) == Octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 117, 48, 132, 3});
  CHECK(key(rows, 1) == Octets{0xfd, 0x96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0});
}

TEST_CASE("a weight is a number of slots, one behind the other") {
  const Entries e = ebpf::entries(sample());
  CHECK(value(e.of(TableId::pools), 0) == Octets{0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(value(e.of(TableId::pools), 1) == Octets{3, 0, 0, 0, 1, 0, 0, 0, 0x30, 0x2a, 0, 0, 4, 3, 2, 1});
  const Rows& slots = e.of(TableId::endpoints);
  REQUIRE(slots.count() == 4);
  const Octets first{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 244, 0, 5, 0x1f, 0x90, 0, 0};
  CHECK(value(slots, 0) == first);
  CHECK(value(slots, 1) == first);
  CHECK(value(slots, 2) == Octets{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 80, 0, 0});
  CHECK(value(slots, 3) == Octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 244, 0, 6, 0, 53, 1, 0});
}

TEST_CASE("what refuses the translated packet, and hairpins") {
  Tables t;
  Endpoint e{.address = address("10.0.0.1"), .port = 1, .hairpin = true, .hairpin_same = true};
  e.refusals = {Verdict::reject, Verdict::none, Verdict::drop, Verdict::reject};
  t.pools = {Pool{.name = "p", .sticky = {}, .endpoints = {e}}};
  // Bits 8 and 9: 2, 10 and 11: 0, 12 and 13: 3, 14 and 15: 2.
  CHECK(ebpf::entries(t).of(TableId::endpoints).value<pcl_endpoint>(0).flags == 0xb203);
}

TEST_CASE("only sticky pools have members") {
  const Rows rows = ebpf::entries(sample()).of(TableId::members);
  REQUIRE(rows.count() == 1);
  CHECK(key(rows, 0) == Octets{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 244, 0, 6, 0, 53, 0, 0});
  CHECK(value(rows, 0) == Octets{3, 0, 0, 0});
}

TEST_CASE("of an endpoint that is twice in a sticky pool the first slot is remembered") {
  Tables t;
  const Endpoint e{.address = address("10.0.0.1"), .port = 1};
  t.pools = {Pool{.name = "p", .sticky = 10, .endpoints = {Endpoint{.address = address("10.0.0.2"), .port = 1}, e, e}}};
  const Rows rows = ebpf::entries(t).of(TableId::members);
  REQUIRE(rows.count() == 2);
  CHECK(rows.value<pcl_u32>(0) == 1);
  CHECK(rows.value<pcl_u32>(1) == 0);
}

TEST_CASE("prefixes carry the number of their set") {
  const Rows rows = ebpf::entries(sample()).of(TableId::prefixes);
  REQUIRE(rows.count() == 4);
  const auto has = [&](const Octets& wanted) {
    for (std::size_t i = 0; i < rows.count(); ++i)
      if (key(rows, i) == wanted) return true;
    return false;
  };
  CHECK(has({144, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 244, 0, 0}));
  CHECK(has({140, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 96, 0, 0}));
  CHECK(has({144, 0, 0, 0, 0, 0, 0, 1, 0xfd, 0x96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(has({152, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 0}));
}

TEST_CASE("addresses of the node") {
  const Rows rows = ebpf::entries(sample()).of(TableId::locals);
  REQUIRE(rows.count() == 2);
  CHECK(key(rows, 0) == Octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 168, 0, 10});
  CHECK(value(rows, 0) == Octets{1, 1, 0, 0});
  CHECK(value(rows, 1) == Octets{0, 2, 0, 0});
}

TEST_CASE("arrays have a row where there is no pool") {
  const Entries e = ebpf::entries(Tables{});
  CHECK(e.of(TableId::pools).count() == 1);
  CHECK(e.of(TableId::endpoints).count() == 1);
  CHECK(e.of(TableId::frontends).count() == 0);
  CHECK(ebpf::tables_of(e, {}).pools.empty());
}

TEST_CASE("rows are sorted by key, whatever the order they were added in") {
  Tables t = sample();
  const Entries before = ebpf::entries(t);
  std::ranges::reverse(t.frontends);
  std::ranges::reverse(t.locals);
  CHECK(ebpf::entries(t) == before);
}

TEST_CASE("tables come back from the rows, with the names of those that are known") {
  const Tables t = sample();
  CHECK(ebpf::tables_of(ebpf::entries(t), t) == t);
}

TEST_CASE("what nobody knows gets a name that says so") {
  const Tables t = sample();
  const Tables back = ebpf::tables_of(ebpf::entries(t), {});
  CHECK(back.pools.at(1).name == "unknown-pool-1");
  CHECK(back.sets.at(0).name == "unknown-set-2");
  CHECK(back.frontends.at(0).owner == "unknown");
  CHECK(ebpf::entries(back) == ebpf::entries(t));
}

TEST_CASE("addresses there and back") {
  for (const char* text : {"0.0.0.0", "255.255.255.255", "10.1.2.3", "::", "::1", "fd00::1:2", "ffff::"})
    CHECK(ebpf::to_address(ebpf::to_bytes(address(text))) == address(text));
}
