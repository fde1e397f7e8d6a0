#include "tests/unit/iptables/fixture.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace portcullis::iptables {

namespace {

bool is_v4(net::Family family) {
  return family == net::Family::ipv4;
}

}  // namespace

net::Address address(std::string_view text) {
  return net::Address::parse(text).value();
}

net::Prefix prefix(std::string_view text) {
  return net::Prefix::parse(text).value();
}

ir::Program empty_program(net::Family family, ir::Dialect dialect) {
  ir::Program p;
  p.node = "n1";
  p.family = family;
  p.dialect = dialect;
  p.local_addresses = {address(is_v4(family) ? "192.168.50.10" : "fd50::10")};
  p.detector = ir::CidrDetector{prefix(is_v4(family) ? "10.40.0.0/14" : "fd40::/32")};
  if (dialect == ir::Dialect::nftables) {
    p.accepted.addresses = p.local_addresses;
  } else {
    p.accepted.every_local = true;
    p.accepted.loopback = is_v4(family);
  }
  return p;
}

ir::PoolId add_pool(ir::Program& program, const std::string& name, const std::vector<std::string>& addresses,
                    net::Protocol protocol) {
  ir::Pool pool{name, protocol, {}};
  for (const std::string& a : addresses)
    pool.entries.push_back({address(a), 8080, 1, pool.entries.size() % 2 == 0, false});
  std::ranges::sort(pool.entries, {}, &ir::PoolEntry::text);
  program.pools.push_back(std::move(pool));
  return static_cast<ir::PoolId>(program.pools.size() - 1);
}

ir::Route& add_route(ir::Program& program, ir::Table table, const std::string& key_address, std::uint16_t port,
                     const std::string& owner, std::vector<ir::GuardedOutcome> outcomes) {
  ir::Route r;
  r.table = table;
  r.kind = table == ir::Table::service     ? ir::FrontendKind::cluster_ip
           : table == ir::Table::node_port ? ir::FrontendKind::node_port
                                           : ir::FrontendKind::host_port;
  if (!key_address.empty()) r.key.address = address(key_address);
  r.key.port = port;
  r.owner = owner;
  r.outcomes = std::move(outcomes);
  return program.routes.emplace_back(std::move(r));
}

ir::GuardedOutcome always(ir::Outcome outcome) {
  return {ir::SourceIs::any, 0, std::move(outcome)};
}

void finish(ir::Program& program) {
  std::ranges::sort(program.routes, [](const ir::Route& a, const ir::Route& b) {
    return std::tie(a.table, a.key) < std::tie(b.table, b.key);
  });
  std::ranges::sort(program.local_addresses);
}

Read read_text(const std::string& text, const std::string& name) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(name, text);
  Read out{read(file, sources, diagnostics), {}};
  for (const base::Diagnostic& d : diagnostics.all()) {
    const base::Position at = sources.begin(d.span);
    out.findings.push_back(fmt::format("{}:{} {}", at.line, at.column, d.message));
  }
  return out;
}

Ruleset printed_and_read(const ir::Program& program) {
  base::Diagnostics diagnostics;
  const Ruleset ruleset = lower(program, diagnostics);
  const std::string text = print(ruleset), jumps = print_jumps(ruleset);
  const Read back = read_text(text + jumps, program.family == net::Family::ipv4 ? "iptables.rules" : "ip6tables.rules");
  CHECK(back.findings == std::vector<std::string>{});
  REQUIRE(back.ruleset);
  CHECK(print(*back.ruleset) == text);
  CHECK(print_jumps(*back.ruleset) == jumps);
  CHECK(back.ruleset->family == program.family);
  return *back.ruleset;
}

namespace {

// A foreign FORWARD policy is the policy of the chain that our jump stands in.
netfilter::Model with_policy(netfilter::Model m, const ir::Program& program) {
  if (!std::ranges::any_of(program.checks, &ir::Check::foreign)) return m;
  for (netfilter::Chain& c : m.chains) {
    if (c.base && c.base->hook == netfilter::Hook::forward && c.base->priority == 0) c.base->policy_drop = true;
  }
  return m;
}

}  // namespace

Engine::Engine(const Ruleset& ruleset, const ir::Program& program)
    : model_(with_policy(model(ruleset, &program), program)), node_(netfilter::facts(program)), evaluator_(model_) {}

netfilter::Evaluation Engine::evaluate(const net::Packet& packet, const ir::Memory& memory) const {
  return evaluator_.evaluate(node_, packet, memory);
}

ir::Fate Engine::fate(const net::Packet& packet, const ir::Memory& memory) const {
  const netfilter::Evaluation e = evaluate(packet, memory);
  INFO(packet.text());
  REQUIRE(e.not_modelled.empty());
  return e.fate;
}

std::vector<net::Packet> packets_of(const ir::Program& program) {
  const bool v4 = is_v4(program.family);
  std::set<net::Address> sources{address(v4 ? "10.40.1.9" : "fd40::1:9"), address(v4 ? "203.0.113.9" : "2001:db8::9"),
                                 address(v4 ? "127.0.0.1" : "::1")};
  std::set<net::Address> destinations = sources;
  std::set<std::uint16_t> ports{1};
  for (const net::Address& a : program.local_addresses) sources.insert(a), destinations.insert(a);
  const auto near = [](std::set<net::Address>& set, const net::Address& a) {
    set.insert(a);
    if (const auto next = a.next()) set.insert(*next);
    if (const auto previous = a.previous()) set.insert(*previous);
  };
  for (const ir::Ranges& r : program.ranges) {
    const auto& prefixes = r.sources.prefixes();
    for (std::size_t i = 0; i < prefixes.size(); i += std::max<std::size_t>(1, prefixes.size() / 4)) {
      near(sources, prefixes[i].address());
      near(sources, prefixes[i].last());
    }
  }
  for (const ir::Pool& p : program.pools) {
    for (const ir::PoolEntry& e : p.entries) sources.insert(e.address), destinations.insert(e.address);
    ports.insert(p.entries.front().port);
  }
  for (const ir::Route& r : program.routes) {
    if (r.key.address) near(destinations, *r.key.address);
    for (int d = -1; d <= 1; ++d) ports.insert(static_cast<std::uint16_t>(r.key.port + d));
  }
  std::vector<net::Packet> out;
  for (const net::Address& src : sources) {
    for (const net::Address& dst : destinations) {
      for (const std::uint16_t port : ports) {
        for (const net::Protocol protocol : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::icmp}) {
          if (protocol == net::Protocol::icmp && port != 1) continue;
          net::Packet p;
          p.from = program.is_local(src) ? net::PacketFrom::node : net::PacketFrom::external;
          p.src = src;
          p.dst = dst;
          p.protocol = protocol;
          p.dport = protocol == net::Protocol::icmp ? std::uint16_t{0} : port;
          p.iif = p.from == net::PacketFrom::node ? "" : "eth0";
          out.push_back(std::move(p));
        }
      }
    }
  }
  return out;
}

}  // namespace portcullis::iptables
