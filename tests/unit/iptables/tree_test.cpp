#include "backends/iptables/tree.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

namespace {

// The marks of the leaves that a packet meets (each leaf sets one of its own), and the rules that it looks at.
struct Walk {
  std::vector<std::uint32_t> leaves;
  std::size_t rules = 0;
  std::size_t depth = 0;
};

struct Target {
  net::Address address;
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t port = 0;
};

bool matches(const Rule& r, const Target& t) {
  if (r.destination && r.destination->prefix.contains(t.address) == r.destination->negated) return false;
  if (r.protocol && r.protocol->number != net::number(t.protocol, t.address.family())) return false;
  for (const Match& m : r.matches) {
    const auto& ports = std::get<PortMatch>(m);
    if (t.port < ports.destination->first || t.port > ports.destination->last) return false;
  }
  return true;
}

// By the kernel's rules of -j and -g; an ending chain returns to the last -j.
void walk(const Table& table, ChainId chain, const Target& target, Walk& out, std::size_t depth = 1) {
  out.depth = std::max(out.depth, depth);
  for (std::size_t i = 0; i < table.chains[chain].rules.size();) {
    const Rule& r = table.chains[chain].rules[i++];
    ++out.rules;
    if (!matches(r, target)) continue;
    if (const auto* mark = std::get_if<SetMark>(&r.target)) out.leaves.push_back(mark->value);
    if (std::holds_alternative<Return>(r.target)) return;
    const auto* jump = std::get_if<Jump>(&r.target);
    if (jump == nullptr) continue;
    if (jump->go_to) {
      chain = jump->chain;
      out.depth = std::max(out.depth, ++depth);
      i = 0;
    } else {
      walk(table, jump->chain, target, out, depth + 1);
    }
  }
}

Leaf leaf(const net::Prefix& p, std::uint32_t mark) {
  Leaf l{p, {}, 0, to_target(SetMark{mark, ~0U})};
  l.rule.destination = AddressMatch{p, false};
  return l;
}

struct Tree {
  Table table;
  ChainId top = 0;
};

Tree tree_of(const std::vector<net::Address>& addresses) {
  TableBuilder builder(TableName::nat);
  const ChainId top = builder.chain("PCL-NAT");
  builder.jump_from("OUTPUT", {}, top);
  std::vector<Leaf> leaves;
  for (std::uint32_t i = 0; i < addresses.size(); ++i) leaves.push_back(leaf(net::Prefix::host(addresses[i]), i));
  TreeBuilder(builder, addresses.front().family(), Forest::frontends).enter_by_address(top, std::move(leaves));
  Tree out{builder.take(), 0};
  out.top =
      static_cast<ChainId>(std::ranges::find(out.table.chains, "PCL-NAT", &Chain::name) - out.table.chains.begin());
  return out;
}

void check_tree(const std::vector<net::Address>& addresses, std::size_t most_rules, std::size_t most_depth) {
  const Tree tree = tree_of(addresses);
  const std::set<net::Address> known(addresses.begin(), addresses.end());
  std::size_t wrong = 0;
  Walk worst;
  const auto visit = [&](const net::Address& a, const std::vector<std::uint32_t>& expected) {
    Walk w;
    walk(tree.table, tree.top, {a}, w);
    if (w.leaves != expected) ++wrong;
    worst.rules = std::max(worst.rules, w.rules);
    worst.depth = std::max(worst.depth, w.depth);
  };
  for (std::uint32_t i = 0; i < addresses.size(); ++i) {
    visit(addresses[i], {i});
    for (const auto& near : {addresses[i].next(), addresses[i].previous()}) {
      if (near && !known.contains(*near)) visit(*near, {});
    }
  }
  CHECK(wrong == 0);
  CHECK(worst.rules <= most_rules);
  CHECK(worst.depth <= most_depth);
}

std::vector<net::Address> v4(const std::set<std::uint32_t>& values) {
  std::vector<net::Address> out;
  for (const std::uint32_t v : values) out.push_back(net::Address::v4(v));
  return out;
}

}  // namespace

TEST_CASE("a tree finds each of its addresses and no other") {
  std::mt19937_64 random(7);
  std::set<std::uint32_t> values;
  SECTION("one") {
    values = {0x0A600001};
  }
  SECTION("a few") {
    values = {0, 1, 0x0A600001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  }
  SECTION("a block without gaps") {
    for (std::uint32_t i = 0; i < 5000; ++i) values.insert(0x0A600000 + i);
  }
  SECTION("spread") {
    while (values.size() < 5000) values.insert(static_cast<std::uint32_t>(random()));
  }
  SECTION("powers of two: as deep as a trie can be") {
    for (std::uint32_t i = 0; i < 32; ++i) values.insert(1U << i);
  }
  SECTION("clusters of powers of two") {
    for (std::uint32_t i = 0; i < 32; ++i) {
      for (std::uint32_t k = 0; k < 32; ++k) {
        for (std::uint32_t m = 0; m < 8; ++m) values.insert((1U << i) ^ (1U << k) ^ m);
      }
    }
  }
  check_tree(v4(values), 60, 9);
}

TEST_CASE("30,000 addresses cost a few rules more than 100") {
  std::mt19937_64 random(3);
  const auto rules_for = [&](std::size_t n) {
    std::set<std::uint32_t> values;
    while (values.size() < n) values.insert(0x0A600000 + static_cast<std::uint32_t>(random() % (1U << 20U)));
    const std::vector<net::Address> addresses = v4(values);
    const Tree tree = tree_of(addresses);
    std::size_t worst = 0, sum = 0;
    for (std::size_t i = 0; i < addresses.size(); i += n / 100) {
      Walk w;
      walk(tree.table, tree.top, {addresses[i]}, w);
      worst = std::max(worst, w.rules);
      sum += w.rules;
    }
    CHECK(worst <= 50);
    return static_cast<double>(sum) / 100;
  };
  const double small = rules_for(100), large = rules_for(30000);
  CHECK(small < 20);
  CHECK(large < small + 5 * std::log2(300.0));
  // What is for no Service leaves at the gates.
  Walk miss;
  std::set<std::uint32_t> values;
  while (values.size() < 30000) values.insert(0x0A600000 + static_cast<std::uint32_t>(random() % (1U << 20U)));
  const Tree tree = tree_of(v4(values));
  walk(tree.table, tree.top, {address("8.8.8.8")}, miss);
  CHECK(miss.rules <= 4);
}

TEST_CASE("IPv6 addresses, and names that fold to one") {
  std::vector<net::Address> addresses;
  // The fifth and sixth group are not part of a chain's name.
  for (int i = 0; i < 400; ++i) addresses.push_back(address(fmt::format("fd96::{:x}:{:x}:0:1", i + 1, i * 7 + 1)));
  std::ranges::sort(addresses);
  check_tree(addresses, 60, 9);
}

TEST_CASE("many ports of one address are a tree of ports") {
  TableBuilder builder(TableName::nat);
  const ChainId top = builder.chain("PCL-NAT");
  builder.jump_from("OUTPUT", {}, top);
  std::vector<Leaf> leaves;
  const net::Address a = address("198.51.100.20");
  for (const net::Protocol protocol : {net::Protocol::udp, net::Protocol::tcp}) {
    for (std::uint16_t port = 1000; port < 3000; port += 2) {
      Leaf l = leaf(net::Prefix::host(a), port + (protocol == net::Protocol::tcp ? 0U : 100000U));
      l.protocol = protocol;
      l.port = port;
      l.rule.protocol = protocol_match(protocol, net::Family::ipv4);
      l.rule.matches.emplace_back(destination_ports(protocol, port, port));
      leaves.push_back(std::move(l));
    }
  }
  bool by_port = false;
  SECTION("behind the address") {
    TreeBuilder(builder, net::Family::ipv4, Forest::frontends).enter_by_address(top, leaves);
  }
  SECTION("without an address") {
    by_port = true;
    for (Leaf& l : leaves) l.prefix = {}, l.rule.destination.reset();
    TreeBuilder(builder, net::Family::ipv4, Forest::frontends).enter_by_port(top, leaves, {});
  }
  const Table table = builder.take();
  const auto id = static_cast<ChainId>(std::ranges::find(table.chains, "PCL-NAT", &Chain::name) - table.chains.begin());
  std::size_t wrong = 0, worst = 0;
  for (std::uint16_t port = 990; port < 3010; ++port) {
    for (const net::Protocol protocol : {net::Protocol::udp, net::Protocol::tcp, net::Protocol::sctp}) {
      Walk w;
      walk(table, id, {by_port ? address("192.0.2.1") : a, protocol, port}, w);
      std::vector<std::uint32_t> expected;
      if (port >= 1000 && port < 3000 && port % 2 == 0 && protocol != net::Protocol::sctp)
        expected.push_back(port + (protocol == net::Protocol::tcp ? 0U : 100000U));
      if (w.leaves != expected) ++wrong;
      worst = std::max(worst, w.rules);
    }
  }
  CHECK(wrong == 0);
  CHECK(worst <= 45);
}

TEST_CASE("a tree with an otherwise sends there whatever it does not hold") {
  TableBuilder builder(TableName::nat);
  const ChainId top = builder.chain("PCL-E"), rest = builder.chain("PCL-REST");
  builder.jump_from("OUTPUT", {}, top);
  builder.add(rest, to_target(SetMark{77777, ~0U}));
  std::vector<Leaf> leaves;
  for (std::uint32_t i = 0; i < 300; ++i) {
    leaves.push_back(leaf(net::Prefix::host(net::Address::v4(0x0A000000 + i * 3)), i));
    leaves.back().rule.target = Return{};
  }
  TreeBuilder(builder, net::Family::ipv4, Forest::frontends).grow_by_address(top, leaves, go_to(rest));
  const Table table = builder.take();
  const auto id = static_cast<ChainId>(std::ranges::find(table.chains, "PCL-E", &Chain::name) - table.chains.begin());
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < 900; ++i) {
    Walk w;
    walk(table, id, {net::Address::v4(0x0A000000 + i)}, w);
    const std::vector<std::uint32_t> expected =
        i % 3 == 0 ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{77777};
    if (w.leaves != expected) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the text names callees before callers and few chains in between") {
  // names.hpp: the sum of the distances from a chain to what it names is what iptables-nft-restore pays.
  std::mt19937_64 random(5);
  std::set<std::uint32_t> values;
  while (values.size() < 4000) values.insert(0x0A600000 + static_cast<std::uint32_t>(random() % (1U << 20U)));
  const Tree tree = tree_of(v4(values));
  std::size_t distance = 0, backwards = 0, out_of_order = 0;
  for (ChainId id = 0; id < tree.table.chains.size(); ++id) {
    const Chain& c = tree.table.chains[id];
    if (c.policy) continue;
    if (id > 1 && id + 1 < tree.table.chains.size() && c.name > tree.table.chains[id - 1].name) ++out_of_order;
    for (const Rule& r : c.rules) {
      const auto* jump = std::get_if<Jump>(&r.target);
      if (jump == nullptr) continue;
      if (jump->chain >= id) ++backwards;
      distance += id - jump->chain;
    }
  }
  CHECK(backwards == 0);
  CHECK(out_of_order <= tree.table.chains.size() / 10);
  CHECK(distance <= tree.table.chains.size() * 12);
}

}  // namespace portcullis::iptables
