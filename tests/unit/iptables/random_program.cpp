#include "tests/unit/iptables/random_program.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

namespace {

class Maker {
 public:
  Maker(Random& random, net::Family family, ir::Dialect dialect)
      : random_(random), v4_(family == net::Family::ipv4), p_(empty_program(family, dialect)) {}

  ir::Program make() {
    if (chance(50)) p_.local_addresses.push_back(at(3));
    if (chance(30)) p_.accepted = {true, v4_ && chance(50), {}};
    if (chance(20)) p_.accepted = {false, false, {at(3)}};
    if (chance(15)) p_.detector = ir::NoDetector{};
    if (chance(15)) p_.detector = ir::InterfaceDetector{"eth", true};
    if (chance(10)) p_.detector = ir::InterfaceDetector{"eth1", false};
    for (int i = 0; i < 4; ++i) add_ranges(i);
    for (int i = 0; i < 4; ++i) add_pool(i);
    for (const ir::Table table : {ir::Table::service, ir::Table::node_port, ir::Table::host_port}) add_routes(table);
    add_range_checks();
    const int checks = below(14);
    for (int i = 0; i < checks; ++i) add_check();
    finish(p_);
    return std::move(p_);
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return below(100) < percent; }

  net::Address at(int i) const {
    return address(v4_ ? fmt::format("198.51.100.{}", 10 + i * 5) : fmt::format("2001:db8:99::{:x}", 16 + i * 5));
  }
  // Mostly frontends, sometimes the node itself.
  net::Address any_address() { return chance(25) ? p_.local_addresses.front() : at(below(6)); }
  std::uint16_t any_port() { return static_cast<std::uint16_t>(below(3) * 8000 + 80); }
  net::Protocol any_protocol() { return chance(75) ? net::Protocol::tcp : net::Protocol::udp; }

  void add_ranges(int i) {
    ir::Ranges r{fmt::format("ranges-{}", i), {}};
    const int n = std::array{0, 1, 2, 40}.at(static_cast<std::size_t>(i));
    for (int k = 0; k < n; ++k) {
      r.sources.add(
          prefix(v4_ ? fmt::format("203.0.{}.0/25", 113 + k * 2) : fmt::format("2001:db8:{:x}::/48", 7 + k * 2)));
    }
    if (chance(30)) r.sources.add(prefix(v4_ ? "10.40.0.0/15" : "fd40::1:0/112"));
    p_.ranges.push_back(std::move(r));
  }

  void add_pool(int i) {
    ir::Pool pool{fmt::format("default/pool-{}:http", i), i == 2 ? net::Protocol::udp : net::Protocol::tcp, {}};
    const int n = std::array{1, 3, 20, 40}.at(static_cast<std::size_t>(i));
    for (int k = 0; k < n; ++k) {
      ir::PoolEntry e{address(v4_ ? fmt::format("10.40.{}.{}", 1 + k % 2, 5 + k + 60 * i)
                                  : fmt::format("fd40::{:x}:{:x}", 1 + k % 2, 5 + k + 60 * i)),
                      8080, chance(80) ? 1U : 3U, k % 2 == 0, false};
      e.local_only = e.local && k > 0 && chance(20);
      // An endpoint that is a frontend of its own, or this node.
      if (k == 1 && chance(40)) e.address = any_address(), e.port = any_port();
      pool.entries.push_back(std::move(e));
    }
    std::ranges::sort(pool.entries, {}, &ir::PoolEntry::text);
    p_.pools.push_back(std::move(pool));
  }

  ir::Balance balance(net::Protocol protocol) {
    ir::Balance b;
    b.pool = protocol == net::Protocol::udp ? 2U : std::array{0U, 1U, 3U}.at(static_cast<std::size_t>(below(3)));
    const auto& entries = p_.pools[b.pool].entries;
    const bool any_local = std::ranges::any_of(entries, &ir::PoolEntry::local);
    const bool any_cluster = !std::ranges::all_of(entries, &ir::PoolEntry::local_only);
    b.local_set = any_local && (!any_cluster || chance(30));
    const bool detector = !std::holds_alternative<ir::NoDetector>(p_.detector);
    b.masquerade = static_cast<ir::Masquerade>(below(detector ? 3 : 2));
    if (b.pool == 1) b.affinity_seconds = 600;
    return b;
  }

  ir::Outcome outcome(net::Protocol protocol) {
    if (chance(60)) return balance(protocol);
    if (chance(50)) return ir::Stop{};
    return ir::Fall{};
  }

  std::vector<ir::GuardedOutcome> outcomes(net::Protocol protocol) {
    std::vector<ir::GuardedOutcome> out;
    while (chance(45)) {
      out.push_back({static_cast<ir::SourceIs>(1 + below(4)), static_cast<ir::RangesId>(below(4)), outcome(protocol)});
    }
    out.push_back(always(outcome(protocol)));
    return out;
  }

  void add_routes(ir::Table table) {
    std::set<ir::RouteKey> keys;
    for (int i = 0; i < 5; ++i) {
      ir::RouteKey key{{}, any_protocol(), any_port()};
      if (table == ir::Table::service || (table == ir::Table::host_port && chance(50))) key.address = any_address();
      if (!keys.insert(key).second) continue;
      ir::Route& r =
          add_route(p_, table, {}, key.port, fmt::format("default/s-{}:http", below(4)), outcomes(key.protocol));
      r.key = key;
    }
  }

  void add_range_checks() {
    std::set<ir::RouteKey> keys;
    for (int i = below(4); i > 0; --i) {
      const ir::RouteKey key{any_address(), any_protocol(), any_port()};
      if (keys.insert(key).second)
        p_.pre.push_back({key, static_cast<ir::RangesId>(below(4)), "default/ranged:http", {}});
    }
    std::ranges::sort(p_.pre, {}, &ir::RangeCheck::key);
  }

  ir::CheckMatch match() {
    switch (below(6)) {
      case 0:
      case 1: {
        ir::ToFrontend to{{any_address(), any_protocol(), any_port()}, {}};
        if (chance(40)) to.unless_from = static_cast<ir::RangesId>(below(4));
        return to;
      }
      case 2:
        return ir::ToNodePort{any_protocol(), any_port(), chance(50)};
      case 3:
        return ir::ToAddress{any_address()};
      case 4:
        return ir::ToPrefix{prefix(v4_ ? (chance(50) ? "198.51.100.0/27" : "10.40.0.0/15") : "2001:db8:99::/120")};
      default:
        return chance(70) ? ir::CheckMatch{ir::Martian{}} : ir::CheckMatch{ir::AnyPacket{}};
    }
  }

  void add_check() {
    ir::Check c;
    c.owner = fmt::format("default/check-{}", below(100));
    c.hooks = {chance(50), chance(60), chance(50)};
    c.states = chance(60) ? ir::States::fresh : static_cast<ir::States>(below(4));
    c.match = match();
    c.verdict = static_cast<ir::Verdict>(below(3));
    if (p_.dialect == ir::Dialect::iptables && chance(15)) {
      c.match = ir::Marked{};
      c.hooks = {false, true, false};
    }
    c.foreign = false;
    p_.checks.push_back(std::move(c));
  }

  Random& random_;
  bool v4_;
  ir::Program p_;
};

}  // namespace

ir::Program random_program(Random& random, net::Family family, ir::Dialect dialect) {
  return Maker(random, family, dialect).make();
}

}  // namespace portcullis::iptables
