#include <algorithm>

#include <catch2/catch.hpp>

#include "backends/netfilter/evaluate.hpp"
#include "backends/nftables/groups.hpp"
#include "backends/nftables/model.hpp"
#include "reading.hpp"

namespace {

using namespace portcullis;
using nftables::test::lowered;
using nftables::test::program;
using nftables::test::read_text;

const std::string head4 = R"(program n1 ipv4 dialect nftables
mark 0x4000
local 192.168.50.10
detector cidr 10.244.0.0/16
accepted 192.168.50.10
)";

// `count` Services of three endpoints each; every fifth with affinity, every third with a node port.
ir::Program services(unsigned count) {
  ir::Program p = program(head4);
  for (unsigned i = 0; i < count; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "default/s%05u:http", i);
    ir::Pool pool{name, net::Protocol::tcp, {}};
    for (unsigned k = 0; k < 3; ++k)
      pool.entries.push_back({net::Address::v4(0x0AF40000U + 8 * i + k), 8080, 1, k == 0, false});
    p.pools.push_back(std::move(pool));
    const auto affinity = i % 5 == 0 ? std::optional<std::uint32_t>(600) : std::nullopt;
    p.routes.push_back({ir::Table::service,
                        ir::FrontendKind::cluster_ip,
                        {net::Address::v4(0x0A600000U + i), net::Protocol::tcp, 80},
                        name,
                        {{ir::SourceIs::any, 0, ir::Balance{i, false, ir::Masquerade::off_cluster, affinity}}},
                        {},
                        {}});
  }
  for (unsigned i = 0; i < count; i += 3) {
    p.routes.push_back({ir::Table::node_port,
                        ir::FrontendKind::node_port,
                        {{}, net::Protocol::tcp, static_cast<std::uint16_t>(30000 + i)},
                        p.pools[i].name,
                        {{ir::SourceIs::any, 0,
                          ir::Balance{i, false, ir::Masquerade::always,
                                      i % 5 == 0 ? std::optional<std::uint32_t>(600) : std::nullopt}}},
                        {},
                        {}});
  }
  for (unsigned i = 0; i < count; ++i) {
    p.checks.push_back({"hygiene",
                        {false, true, true},
                        ir::States::fresh,
                        ir::ToAddress{net::Address::v4(0x0A600000U + i)},
                        ir::Verdict::reject,
                        {},
                        false});
  }
  return p;
}

nftables::Ruleset ruleset(const ir::Program& p) {
  base::Diagnostics diagnostics;
  return nftables::lower(std::span(&p, 1), diagnostics);
}

std::vector<std::string> findings(const std::string& text) {
  const ir::Program p = program(text);
  base::Diagnostics diagnostics;
  (void)nftables::lower(std::span(&p, 1), diagnostics);
  std::vector<std::string> out;
  for (const base::Diagnostic& d : diagnostics.all()) out.push_back(d.code + " " + d.message);
  return out;
}

}  // namespace

TEST_CASE("lower: rules and chains do not grow with Services") {
  const auto small = ruleset(services(10)), large = ruleset(services(1000));
  CHECK(small.model.rules() == large.model.rules());
  CHECK(small.model.chains.size() == large.model.chains.size());
  CHECK(small.model.sets.size() == large.model.sets.size());
  CHECK(large.model.elements() > 80 * small.model.elements());
}

TEST_CASE("lower: a first packet costs the same look-ups at any number of Services") {
  const ir::Program small = services(100), large = services(3000);
  const auto cost = [](const ir::Program& p, unsigned service, bool node_port) {
    const auto r = ruleset(p);
    const auto model = nftables::model(r);
    net::Packet packet{net::PacketFrom::external,
                       net::Address::v4(0xCB007109),
                       net::Address::v4(0x0A600000U + service),
                       net::Protocol::tcp,
                       0,
                       80,
                       {},
                       {}};
    if (node_port) packet.dst = net::Address::v4(0xC0A8320A);
    if (node_port) packet.dport = static_cast<std::uint16_t>(30000 + service);
    const auto e = netfilter::Evaluator(model).evaluate(netfilter::facts(p), packet);
    REQUIRE(e.fate.kind == ir::Fate::Kind::dnat);
    return e.cost;
  };
  CHECK(cost(small, 1, false) == cost(large, 2999, false));
  CHECK(cost(small, 5, false) == cost(large, 2995, false));  // with affinity
  CHECK(cost(small, 3, true) == cost(large, 2997, true));
  CHECK(cost(small, 1, false).lookups == 5);  // frontends, classes, balance, endpoints; check_addresses
}

TEST_CASE("lower: the text of a small program") {
  const std::string text =
      lowered(program(head4 + R"(pool default/service-test:80 tcp { 10.244.1.2:8080 local 10.244.2.2:8080 }
route service/cluster-ip default/service-test:80 tcp 10.3.241.152:80 -> balance default/service-test:80 masquerade off-cluster
)"));
  // What the declarations and `flush` in front are followed by.
  const std::string filled = text.substr(text.rfind("table ip portcullis {"));
  CHECK(filled == R"(table ip portcullis {
	set node_addresses {
		typeof ip daddr
		elements = {
			192.168.50.10
		}
	}
	map frontends {
		typeof ip daddr . meta l4proto . th dport : meta priority
		elements = {
			10.3.241.152 . tcp . 80 comment "default/service-test:80 cluster-ip" : 5000:0
		}
	}
	map classes {
		typeof meta priority : verdict
		flags interval
		elements = {
			5000:0-500f:ffff : goto route_cluster_masquerade_off_cluster
		}
	}
	map balance {
		typeof meta priority : verdict
		flags interval
		elements = {
			5000:0 : goto balance_tcp_2
		}
	}
	map endpoints_tcp {
		typeof meta priority . numgen random mod 65536 : ip daddr . tcp dport
		elements = {
			5000:0 . 0 comment "default/service-test:80" : 10.244.1.2 . 8080,
			5000:0 . 1 comment "default/service-test:80" : 10.244.2.2 . 8080
		}
	}
	set hairpin {
		typeof ip saddr . ip daddr . meta l4proto . th dport
		elements = {
			10.244.1.2 . 10.244.1.2 . tcp . 8080 comment "default/service-test:80"
		}
	}
	chain refuse {
		reject
	}
	chain balance_tcp_2 {
		meta l4proto tcp dnat ip to meta priority . numgen random mod 2 map @endpoints_tcp
	}
	chain services {
		meta priority set ip daddr . meta l4proto . th dport map @frontends meta priority vmap @classes
	}
	chain route_cluster_masquerade_off_cluster {
		meta priority set meta priority & 500f:ffff
		ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000
		meta priority vmap @balance
	}
	chain ranges_prerouting {
		type filter hook prerouting priority -110; policy accept;
	}
	chain ranges_output {
		type filter hook output priority -110; policy accept;
	}
	chain nat_prerouting {
		type nat hook prerouting priority -100; policy accept;
		jump services
	}
	chain nat_output {
		type nat hook output priority -100; policy accept;
		jump services
	}
	chain end_prerouting {
		type filter hook prerouting priority -99; policy accept;
		ct state new meta priority 5000:0-60ff:ffff meta priority set none
	}
	chain end_output {
		type filter hook output priority -99; policy accept;
		ct state new meta priority 5000:0-60ff:ffff meta priority set none
	}
	chain filter_input {
		type filter hook input priority 0; policy accept;
	}
	chain filter_forward {
		type filter hook forward priority 0; policy accept;
	}
	chain filter_output {
		type filter hook output priority 0; policy accept;
	}
	chain nat_postrouting {
		type nat hook postrouting priority 100; policy accept;
		meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random
		ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin masquerade fully-random
	}
}
)");
}

TEST_CASE("lower: one transaction that works on an empty kernel and on an older load") {
  const std::string text = lowered(services(5));
  const auto at = [&](const char* what) {
    INFO(what);
    const std::size_t found = text.find(what);
    REQUIRE(found != std::string::npos);
    return found;
  };
  CHECK(at("add table ip6 portcullis\ndelete table ip6 portcullis\n") <
        at("table ip portcullis {\n\tcomment \"portcullis layout 1\"\n"));
  CHECK(at("set memory {") < at("flush table ip portcullis\n"));
  CHECK(at("flush map ip portcullis frontends\n") < at("elements = {"));
  CHECK(text.find("flush set ip portcullis memory") == std::string::npos);  // sessions survive
  CHECK(text.find("flush ruleset") == std::string::npos);
}

TEST_CASE("lower: the same program gives the same bytes, and they come back from reading") {
  const std::string text = lowered(services(40));
  CHECK(text == lowered(services(40)));
  const auto result = read_text(text);
  INFO(result.error);
  REQUIRE(result.ruleset);
  CHECK(print(*result.ruleset) == text);
}

TEST_CASE("lower: labels do not depend on other Services") {
  const auto labels = [](const ir::Program& p) {
    base::Diagnostics diagnostics;
    const nftables::Groups groups(p, diagnostics);
    const nftables::Labels all(p, groups, diagnostics);
    std::map<std::string, std::uint32_t> out;
    for (const auto& l : all.all()) out[ir::label(p.pools[l.pool], p.pools[l.pool].entries[l.entry])] = l.number;
    return out;
  };
  const auto few = labels(services(10)), many = labels(services(500));
  REQUIRE(few.size() == 6);
  for (const auto& [name, number] : few) CHECK(many.at(name) == number);
  std::set<std::uint32_t> distinct;
  for (const auto& [name, number] : many) distinct.insert(number);
  CHECK(distinct.size() == many.size());
}

TEST_CASE("lower: a label's name survives a comment that was cut") {
  const std::string name = std::string(63, 'n') + "/" + std::string(63, 's') + ":p";
  const ir::Program p = program(head4 + "pool " + name + " tcp { 10.244.1.2:8080 local }\nroute service/cluster-ip " +
                                name + " tcp 10.96.0.30:80 -> balance " + name + " affinity 600s\n");
  const auto result = read_text(lowered(p));
  REQUIRE(result.ruleset);
  const auto model = nftables::model(*result.ruleset, std::span(&p, 1));
  const net::Packet packet{net::PacketFrom::pod,
                           net::Address::v4(0x0AF40109),
                           net::Address::v4(0x0A60001E),
                           net::Protocol::tcp,
                           0,
                           80,
                           {},
                           {}};
  const auto fate = netfilter::Evaluator(model).fate(netfilter::facts(p), packet);
  REQUIRE(fate.targets.size() == 1);
  CHECK(fate.targets.front().label == ir::label(p.pools[0], p.pools[0].entries[0]));
}

TEST_CASE("lower: what nftables cannot say is a finding") {
  const std::string pools = "pool a tcp { 10.244.1.2:80 }\npool b tcp { 10.244.1.3:80 }\n";
  struct Row {
    std::string program;
    std::vector<std::string> findings;
  };
  const std::vector<Row> rows{
      {head4 + pools + "route service/cluster-ip a tcp 10.96.0.1:80 -> balance a\n", {}},
      {head4 + pools + "route service/cluster-ip a tcp 10.96.0.1:80 from pod -> balance a ; -> balance b\n",
       {"PC5002 a route of `a` balances over two pools"}},
      {head4 + pools + "route service/cluster-ip a tcp 10.96.0.1:80 -> balance a | rivals b\n",
       {"PC5002 `a` and `b` both claim one key"}},
      {head4 + pools +
           "route service/cluster-ip a tcp 10.96.0.1:80 -> balance a affinity 600s\nroute service/cluster-ip a tcp "
           "10.96.0.2:80 -> balance a affinity 60s\n",
       {"PC5003 IPv4: session affinity remembers up to 1048576 pairs of source and endpoint on a node",
        "PC5002 `a` has two affinity time-outs or protocols"}},
      {head4 + "pool a tcp { 10.244.1.2:80 local }\npool b tcp { 10.244.1.2:80 }\nroute service/cluster-ip a tcp "
               "10.96.0.1:80 -> balance a\nroute service/cluster-ip b tcp 10.96.0.2:80 -> balance b\n",
       {"PC5002 endpoint 10.244.1.2:80 of `a` is on this node, of `b` it is not"}},
      {head4 + "pool a sctp { 10.244.1.2:80 }\nroute service/cluster-ip a sctp 10.96.0.1:80 -> balance a\n",
       {"PC5001 `a` needs SCTP in the node's kernel (nf_conntrack, nft_nat)"}},
      {head4 + "stage check mark marked forward any-state -> accept\n",
       {"PC5002 IPv4: dialect iptables accepts forwarded packets of Services, which nftables cannot do past a foreign "
        "chain"}},
      {head4 +
           "stage check mark marked forward any-state -> accept\nstage check p any forward any-state foreign -> drop\n",
       {"PC5002 IPv4: dialect iptables accepts forwarded packets of Services, which nftables cannot do past a foreign "
        "chain with the policy DROP"}},
  };
  for (const Row& row : rows) {
    INFO(row.program);
    CHECK(findings(row.program) == row.findings);
  }
}
