#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/iptables/fixture.hpp"
#include "tests/unit/iptables/random_program.hpp"

namespace portcullis::iptables {

namespace {

std::size_t disagreements(const ir::Program& program, const Engine& engine, const std::vector<net::Packet>& packets,
                          std::string& first) {
  const ir::Interpreter interpreter(program);
  std::size_t wrong = 0;
  for (const net::Packet& p : packets) {
    const auto compare = [&](const ir::Memory& memory) {
      const ir::Fate meaning = interpreter.fate(p, memory);
      const netfilter::Evaluation e = engine.evaluate(p, memory);
      if (e.not_modelled.empty() && ir::equal(meaning, e.fate, p)) return meaning;
      if (wrong++ == 0) {
        first = p.text() + " (" + std::string(to_string(p.from)) + ", " + std::string(to_string(p.ct_state)) +
                "): " + ir::text(meaning) + " | " + ir::text(e.fate) + ' ' + e.not_modelled;
      }
      return meaning;
    };
    const ir::Fate meaning = compare({});
    if (!meaning.affinity_seconds || meaning.targets.empty()) continue;
    ir::Memory memory;
    memory.remember(p.src, meaning.targets.back().label);
    compare(memory);
  }
  return wrong;
}

// Every third packet in another state as well.
std::vector<net::Packet> in_states(std::vector<net::Packet> packets) {
  const std::size_t n = packets.size();
  for (std::size_t i = 0; i < n; i += 3) {
    net::Packet p = packets[i];
    p.ct_state = static_cast<net::ConntrackState>(1 + i / 3 % 3);
    packets.push_back(std::move(p));
  }
  return packets;
}

}  // namespace

TEST_CASE("random programs mean the same as their rules") {
  for (const net::Family family : net::all_families) {
    for (const ir::Dialect dialect : {ir::Dialect::nftables, ir::Dialect::iptables}) {
      std::size_t packets = 0;
      std::set<ir::Fate::Kind> kinds;
      for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        const ir::Program program = random_program(random, family, dialect);
        const Engine engine(printed_and_read(program), program);
        // Two thousand of them: with 40 ranges there are many.
        std::vector<net::Packet> all = in_states(packets_of(program)), some;
        const std::size_t stride = std::max<std::size_t>(1, all.size() / 2000);
        for (std::size_t i = seed % stride; i < all.size(); i += stride) some.push_back(all[i]);
        packets += some.size();
        std::string first;
        const std::size_t wrong = disagreements(program, engine, some, first);
        INFO("seed " << seed << ", " << to_string(family) << ", dialect " << to_string(dialect) << ": " << first);
        CHECK(wrong == 0);
        const ir::Interpreter interpreter(program);
        for (const net::Packet& p : some) kinds.insert(interpreter.fate(p).kind);
      }
      CHECK(packets > 10000);
      CHECK(kinds.size() == 5);  // all but conflict
    }
  }
}

TEST_CASE("labels that are no names of lists are found by the program") {
  ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
  const std::string owner = std::string(63, 'a') + "/" + std::string(63, 'b') + ":" + std::string(63, 'c') + "/udp";
  add_pool(p, owner, {"10.40.1.5", "10.40.2.5"});
  add_route(p, ir::Table::service, "10.96.0.20", 80, owner,
            {always(ir::Balance{0, false, ir::Masquerade::never, 600})});
  finish(p);
  const Engine engine(printed_and_read(p), p);
  std::string first;
  CHECK(disagreements(p, engine, packets_of(p), first) == 0);
  INFO(first);
}

TEST_CASE("an address list's labels come from the text alone") {
  ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
  add_pool(p, "default/web:http", {"10.40.1.5", "10.40.2.5"});
  add_route(p, ir::Table::service, "10.96.0.20", 80, "default/web:http",
            {always(ir::Balance{0, false, ir::Masquerade::never, 600})});
  finish(p);
  const netfilter::Model m = model(printed_and_read(p));
  REQUIRE(m.sets.size() == 2);
  CHECK(m.sets[0].label({}) == ir::label(p.pools[0], p.pools[0].entries[0]));
  CHECK(m.sets[0].timeout_seconds == 600U);
}

TEST_CASE("an interface name of the longest kind") {
  for (const char* name : {"a_name_of_15_ch", "a_name_of_16_chr"}) {
    for (const bool is_prefix : {false, true}) {
      ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
      p.detector = ir::InterfaceDetector{name, is_prefix};
      add_pool(p, "default/web:http", {"10.40.1.5"});
      add_route(p, ir::Table::service, "10.96.0.20", 80, "default/web:http",
                {{ir::SourceIs::pod, 0, ir::Balance{0, false, ir::Masquerade::off_cluster, {}}}, always(ir::Stop{})});
      add_route(p, ir::Table::service, "10.96.0.21", 80, "default/web:http",
                {always(ir::Balance{0, false, ir::Masquerade::off_cluster, {}})});
      finish(p);
      const Engine engine(printed_and_read(p), p);
      std::vector<net::Packet> packets = packets_of(p);
      for (net::Packet& packet : packets) {
        if (packet.from != net::PacketFrom::node) packet.iif = "a_name_of_15_ch";
      }
      std::string first;
      CHECK(disagreements(p, engine, packets, first) == 0);
      INFO(name << ' ' << first);
    }
  }
}

TEST_CASE("a first packet's rules do not grow with the number of frontends") {
  const auto cost = [](int services) {
    ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
    for (int i = 0; i < services; ++i) {
      const std::string owner = fmt::format("default/web-{:05}:http", i);
      add_pool(p, owner, {fmt::format("10.40.{}.{}", i / 250 % 250, i % 250 + 1)});
      add_route(p, ir::Table::service, fmt::format("10.96.{}.{}", i / 250 % 250, i % 250 + 1), 80, owner,
                {always(ir::Balance{static_cast<ir::PoolId>(i), false, ir::Masquerade::off_cluster, {}})});
    }
    finish(p);
    base::Diagnostics diagnostics;
    const Engine engine(lower(p, diagnostics), p);
    std::uint32_t worst = 0;
    for (int i = 0; i < services; i += services / 50) {
      net::Packet packet;
      packet.from = net::PacketFrom::pod;
      packet.src = address("10.40.1.9");
      packet.dst = address(fmt::format("10.96.{}.{}", i / 250 % 250, i % 250 + 1));
      packet.dport = 80;
      const netfilter::Evaluation e = engine.evaluate(packet);
      REQUIRE(e.fate.kind == ir::Fate::Kind::dnat);
      worst = std::max(worst, e.cost.rules);
    }
    return worst;
  };
  const std::uint32_t small = cost(100), large = cost(20000);
  CHECK(small <= 60);
  CHECK(large <= 110);
}

}  // namespace portcullis::iptables
