#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

namespace {

// One Service of every kind that has rules of its own.
ir::Program sample(net::Family family, ir::Dialect dialect) {
  const bool v4 = family == net::Family::ipv4, nftables = dialect == ir::Dialect::nftables;
  ir::Program p = empty_program(family, dialect);
  const auto a = [&](const char* four, const char* six) { return std::string(v4 ? four : six); };
  const std::string cluster_ip = a("10.96.0.20", "fd96::20"), vip = a("198.51.100.20", "2001:db8:99::20");
  add_pool(p, "default/db:sql", {a("192.168.50.10", "fd50::10")});
  add_pool(p, "default/sticky:http", {a("10.40.1.6", "fd40::1:6"), a("10.40.2.6", "fd40::2:6")});
  add_pool(p, "default/web:http", {a("10.40.1.5", "fd40::1:5"), a("10.40.2.5", "fd40::2:5")});
  p.ranges.push_back({"default/web", net::PrefixSet({prefix(a("203.0.113.0/25", "2001:db8::/48")),
                                                     prefix(a("10.40.0.0/14", "fd40::/32")),
                                                     net::Prefix::host(p.local_addresses[0])})});

  const auto balance = [](ir::PoolId pool, bool local, ir::Masquerade masquerade) {
    return ir::Balance{pool, local, masquerade, {}};
  };
  add_route(p, ir::Table::service, cluster_ip, 80, "default/web:http",
            {always(balance(2, false, ir::Masquerade::off_cluster))});
  std::vector<ir::GuardedOutcome> external{{ir::SourceIs::pod, 0, balance(2, false, ir::Masquerade::never)},
                                           {ir::SourceIs::node, 0, balance(2, false, ir::Masquerade::always)},
                                           always(balance(2, true, ir::Masquerade::never))};
  add_route(p, ir::Table::node_port, {}, 30080, "default/web:http", external);
  if (!nftables) external.insert(external.begin(), {ir::SourceIs::outside, 0, ir::Fall{}});
  add_route(p, ir::Table::service, vip, 80, "default/web:http", external).kind = ir::FrontendKind::load_balancer;
  const ir::RouteKey vip_key = p.routes.back().key;
  add_route(p, ir::Table::service, a("10.96.0.30", "fd96::30"), 80, "default/sticky:http",
            {always(ir::Balance{1, false, ir::Masquerade::off_cluster, 600})});
  add_route(p, ir::Table::host_port, {}, 5432, "pod default/db:sql",
            {always(balance(0, false, ir::Masquerade::never))});

  const auto check = [&](std::string owner, ir::Hooks hooks, ir::States states, ir::CheckMatch match,
                         ir::Verdict verdict) {
    p.checks.push_back({std::move(owner), hooks, states, std::move(match), verdict, {}, false});
  };
  const ir::RouteKey empty{address(a("10.96.0.50", "fd96::50")), net::Protocol::tcp, 80};
  if (nftables) {
    p.pre.push_back({vip_key, 0, "default/web:http", {}});
    check("default/empty:http", {true, false, false}, ir::States::fresh,
          ir::ToNodePort{net::Protocol::tcp, 30050, false}, ir::Verdict::reject);
    check("default/empty:http", {true, true, true}, ir::States::fresh, ir::ToFrontend{empty, {}}, ir::Verdict::reject);
    check("hygiene default/web", {false, true, true}, ir::States::fresh, ir::ToAddress{address(cluster_ip)},
          ir::Verdict::reject);
    check("hygiene", {false, true, true}, ir::States::fresh, ir::ToPrefix{prefix(a("10.96.0.0/16", "fd96::/112"))},
          ir::Verdict::drop);
  } else {
    if (v4) check("martian", {true, false, true}, ir::States::any, ir::Martian{}, ir::Verdict::drop);
    check("default/web:http", {true, true, true}, ir::States::fresh, ir::ToFrontend{vip_key, 0}, ir::Verdict::drop);
    check("health default/web", {true, false, false}, ir::States::any, ir::ToNodePort{net::Protocol::tcp, 31000, true},
          ir::Verdict::accept);
    check("invalid", {false, true, false}, ir::States::invalid, ir::AnyPacket{}, ir::Verdict::drop);
    check("masquerade mark", {false, true, false}, ir::States::any, ir::Marked{}, ir::Verdict::accept);
    check("established", {false, true, false}, ir::States::established_or_related, ir::AnyPacket{},
          ir::Verdict::accept);
    check("default/empty:http", {false, true, true}, ir::States::fresh, ir::ToFrontend{empty, {}}, ir::Verdict::reject);
    check("default/empty:http", {true, true, false}, ir::States::fresh, ir::ToNodePort{net::Protocol::tcp, 30050, true},
          ir::Verdict::reject);
    check("foreign policy", {false, true, false}, ir::States::any, ir::AnyPacket{}, ir::Verdict::drop);
    p.checks.back().foreign = true;
  }
  finish(p);
  return p;
}

std::string without_head(const std::string& text) {
  return text.substr(text.find("\n*") + 1);
}

std::vector<net::Packet> telling_packets(const ir::Program& p) {
  std::vector<net::Packet> out = packets_of(p);
  const bool v4 = p.family == net::Family::ipv4;
  std::vector<net::Packet> more;
  for (const net::Packet& packet : out) {
    for (const int port : {30050, 31000, 80}) {
      net::Packet other = packet;
      if (other.protocol != net::Protocol::tcp) continue;
      other.dport = static_cast<std::uint16_t>(port);
      more.push_back(other);
      other.dst = address(v4 ? "10.96.0.50" : "fd96::50");
      more.push_back(other);
    }
    for (const auto state : {net::ConntrackState::established, net::ConntrackState::invalid}) {
      net::Packet other = packet;
      other.ct_state = state;
      more.push_back(other);
    }
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace

TEST_CASE("the rules of a small program, dialect nftables") {
  base::Diagnostics diagnostics;
  const Ruleset r = lower(sample(net::Family::ipv4, ir::Dialect::nftables), diagnostics);
  CHECK(without_head(print(r)) == R"(*mangle
:PCL-RI27TGF5OWSOJJ - [0:0]
:PCL-C6336414A32 - [0:0]
:PCL-RANGES - [0:0]
-A PCL-RI27TGF5OWSOJJ -s 10.40.0.0/14 -m comment --comment "default/web source ranges" -j RETURN
-A PCL-RI27TGF5OWSOJJ -s 192.168.50.10/32 -m comment --comment "default/web source ranges" -j RETURN
-A PCL-RI27TGF5OWSOJJ -s 203.0.113.0/25 -m comment --comment "default/web source ranges" -j RETURN
-A PCL-RI27TGF5OWSOJJ -m comment --comment "default/web source ranges" -j DROP
-A PCL-C6336414A32 -d 198.51.100.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http source ranges" -g PCL-RI27TGF5OWSOJJ
-A PCL-RANGES -d 198.51.100.20/32 -j PCL-C6336414A32
COMMIT
*filter
:PCL-Y0A600014A32 - [0:0]
:PCL-0A600032A32.2 - [0:0]
:PCL-CHECK.2 - [0:0]
:PCL-OUTPUT - [0:0]
:PCL-0A600032A32 - [0:0]
:PCL-00000000A7562 - [0:0]
:PCL-CHECK - [0:0]
:PCL-INPUT - [0:0]
:PCL-FORWARD - [0:0]
-A PCL-Y0A600014A32 -d 10.96.0.20/32 -m comment --comment "hygiene default/web" -j REJECT --reject-with icmp-port-unreachable
-A PCL-0A600032A32.2 -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-CHECK.2 -d 10.96.0.50/32 -j PCL-0A600032A32.2
-A PCL-CHECK.2 -d 10.96.0.20/32 -j PCL-Y0A600014A32
-A PCL-CHECK.2 -d 10.96.0.0/16 -m comment --comment hygiene -j DROP
-A PCL-OUTPUT -m conntrack --ctstate NEW -j PCL-CHECK.2
-A PCL-0A600032A32 -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-00000000A7562 -p tcp -m tcp --dport 30050 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-CHECK -d 192.168.50.10/32 -p tcp -m tcp --dport 30050 -j PCL-00000000A7562
-A PCL-CHECK -d 10.96.0.50/32 -j PCL-0A600032A32
-A PCL-INPUT -m conntrack --ctstate NEW -j PCL-CHECK
-A PCL-FORWARD -m conntrack --ctstate NEW -j PCL-CHECK.2
COMMIT
*nat
:PCL-Q00000000A00 - [0:0]
:PCL-MASQUERADE - [0:0]
:PCL-POSTROUTING - [0:0]
:PCL-C63364140050TQ - [0:0]
:PCL-C63364140050TP - [0:0]
:PCL-C63364140050TH - [0:0]
:PCL-C63364140050TF - [0:0]
:PCL-00000000A7580 - [0:0]
:PCL-NODEPORTS - [0:0]
:PCL-000000001538TP - [0:0]
:PCL-H00000000A1538 - [0:0]
:PCL-0A60001E0050TP - [0:0]
:PCL-00000000A00 - [0:0]
:PCL-NAT - [0:0]
-A PCL-Q00000000A00 -s 10.40.1.5/32 -d 10.40.1.5/32 -m comment --comment "default/web:http" -j MASQUERADE --random-fully
-A PCL-Q00000000A00 -s 10.40.1.6/32 -d 10.40.1.6/32 -m comment --comment "default/sticky:http" -j MASQUERADE --random-fully
-A PCL-Q00000000A00 -s 192.168.50.10/32 -d 192.168.50.10/32 -m comment --comment "default/db:sql" -j MASQUERADE --random-fully
-A PCL-MASQUERADE -j MARK --set-xmark 0x0/0x4000
-A PCL-MASQUERADE -j MASQUERADE --random-fully
-A PCL-POSTROUTING -m mark --mark 0x4000/0x4000 -g PCL-MASQUERADE
-A PCL-POSTROUTING -m conntrack ! --ctstate DNAT -j RETURN
-A PCL-POSTROUTING -j PCL-Q00000000A00
-A PCL-C63364140050TQ -p tcp -m comment --comment "default/web:http" -j DNAT --to-destination 10.40.1.5:8080
-A PCL-C63364140050TP -p tcp -m statistic --mode random --probability 0.50000000000 -m comment --comment "default/web:http" -j DNAT --to-destination 10.40.1.5:8080
-A PCL-C63364140050TP -p tcp -j DNAT --to-destination 10.40.2.5:8080
-A PCL-C63364140050TH -m comment --comment "default/web:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-C63364140050TH -m comment --comment "default/web:http" -g PCL-C63364140050TP
-A PCL-C63364140050TF -s 10.40.0.0/14 -m comment --comment "default/web:http" -g PCL-C63364140050TP
-A PCL-C63364140050TF -m addrtype --src-type LOCAL -m comment --comment "default/web:http" -g PCL-C63364140050TH
-A PCL-C63364140050TF -m comment --comment "default/web:http" -g PCL-C63364140050TQ
-A PCL-00000000A7580 -p tcp -m tcp --dport 30080 -m comment --comment "default/web:http node-port" -g PCL-C63364140050TF
-A PCL-NODEPORTS -p tcp -m tcp --dport 30080 -j PCL-00000000A7580
-A PCL-000000001538TP -p tcp -m comment --comment "default/db:sql" -j DNAT --to-destination 192.168.50.10:8080
-A PCL-H00000000A1538 -p tcp -m tcp --dport 5432 -m comment --comment "pod default/db:sql host-port" -g PCL-000000001538TP
-A PCL-0A60001E0050TP ! -s 10.40.0.0/14 -m comment --comment "default/sticky:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-0A60001E0050TP -p tcp -m recent --update --seconds 600 --reap --name default,sticky:http@10.40.1.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.1.6:8080
-A PCL-0A60001E0050TP -p tcp -m recent --update --seconds 600 --reap --name default,sticky:http@10.40.2.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.2.6:8080
-A PCL-0A60001E0050TP -p tcp -m statistic --mode random --probability 0.50000000000 -m recent --set --name default,sticky:http@10.40.1.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.1.6:8080
-A PCL-0A60001E0050TP -p tcp -m recent --set --name default,sticky:http@10.40.2.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.2.6:8080
-A PCL-00000000A00 ! -s 10.40.0.0/14 -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http cluster-ip" -j MARK --set-xmark 0x4000/0x4000
-A PCL-00000000A00 -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http cluster-ip" -g PCL-C63364140050TP
-A PCL-00000000A00 -d 10.96.0.30/32 -p tcp -m tcp --dport 80 -m comment --comment "default/sticky:http cluster-ip" -g PCL-0A60001E0050TP
-A PCL-00000000A00 -d 198.51.100.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http load-balancer" -g PCL-C63364140050TF
-A PCL-NAT -j PCL-00000000A00
-A PCL-NAT -d 192.168.50.10/32 -j PCL-NODEPORTS
-A PCL-NAT -p tcp -m tcp --dport 5432 -m addrtype --dst-type LOCAL -j PCL-H00000000A1538
COMMIT
)");
}

TEST_CASE("the rules of a small program, dialect iptables") {
  base::Diagnostics diagnostics;
  const Ruleset r = lower(sample(net::Family::ipv4, ir::Dialect::iptables), diagnostics);
  CHECK(without_head(print(r)) == R"(*mangle
:PCL-Q00000000A00 - [0:0]
:PCL-HAIRPIN - [0:0]
-A PCL-Q00000000A00 -s 10.40.1.5/32 -d 10.40.1.5/32 -m comment --comment "default/web:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-Q00000000A00 -s 10.40.1.6/32 -d 10.40.1.6/32 -m comment --comment "default/sticky:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-Q00000000A00 -s 10.40.2.5/32 -d 10.40.2.5/32 -m comment --comment "default/web:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-Q00000000A00 -s 10.40.2.6/32 -d 10.40.2.6/32 -m comment --comment "default/sticky:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-Q00000000A00 -s 192.168.50.10/32 -d 192.168.50.10/32 -m comment --comment "default/db:sql" -j MARK --set-xmark 0x4000/0x4000
-A PCL-HAIRPIN -m conntrack ! --ctstate DNAT -j RETURN
-A PCL-HAIRPIN -j PCL-Q00000000A00
COMMIT
*filter
:PCL-RI27TGF5OWSOJJ - [0:0]
:PCL-00000000A00 - [0:0]
:PCL-CHECK.4 - [0:0]
:PCL-OUTPUT - [0:0]
:PCL-00000000A7562 - [0:0]
:PCL-CHECK.2 - [0:0]
:PCL-C6336414A32 - [0:0]
:PCL-CHECK - [0:0]
:PCL-00000000A7918 - [0:0]
:PCL-INPUT - [0:0]
:PCL-0A600032A32 - [0:0]
:PCL-00000000A7562.2 - [0:0]
:PCL-CHECK.3 - [0:0]
:PCL-FORWARD - [0:0]
-A PCL-RI27TGF5OWSOJJ -s 10.40.0.0/14 -m comment --comment "default/web source ranges" -j RETURN
-A PCL-RI27TGF5OWSOJJ -s 192.168.50.10/32 -m comment --comment "default/web source ranges" -j RETURN
-A PCL-RI27TGF5OWSOJJ -s 203.0.113.0/25 -m comment --comment "default/web source ranges" -j RETURN
-A PCL-RI27TGF5OWSOJJ -m comment --comment "default/web source ranges" -j DROP
-A PCL-00000000A00 -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-00000000A00 -d 198.51.100.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http" -j PCL-RI27TGF5OWSOJJ
-A PCL-CHECK.4 -j PCL-00000000A00
-A PCL-OUTPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -m comment --comment martian -j DROP
-A PCL-OUTPUT -m conntrack --ctstate NEW -j PCL-CHECK.4
-A PCL-00000000A7562 -p tcp -m tcp --dport 30050 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-CHECK.2 -p tcp -m tcp --dport 30050 -m addrtype --dst-type LOCAL -j PCL-00000000A7562
-A PCL-C6336414A32 -d 198.51.100.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http" -j PCL-RI27TGF5OWSOJJ
-A PCL-CHECK -d 198.51.100.20/32 -j PCL-C6336414A32
-A PCL-00000000A7918 -p tcp -m tcp --dport 31000 -m comment --comment "health default/web" -j ACCEPT
-A PCL-INPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -m comment --comment martian -j DROP
-A PCL-INPUT -m conntrack --ctstate NEW -j PCL-CHECK
-A PCL-INPUT -p tcp -m tcp --dport 31000 -m addrtype --dst-type LOCAL -j PCL-00000000A7918
-A PCL-INPUT -m conntrack --ctstate NEW -j PCL-CHECK.2
-A PCL-0A600032A32 -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-00000000A7562.2 -p tcp -m tcp --dport 30050 -m comment --comment "default/empty:http" -j REJECT --reject-with icmp-port-unreachable
-A PCL-CHECK.3 -d 10.96.0.50/32 -j PCL-0A600032A32
-A PCL-CHECK.3 -p tcp -m tcp --dport 30050 -m addrtype --dst-type LOCAL -j PCL-00000000A7562.2
-A PCL-FORWARD -m conntrack --ctstate NEW -j PCL-CHECK
-A PCL-FORWARD -m conntrack --ctstate INVALID -m comment --comment invalid -j DROP
-A PCL-FORWARD -m mark --mark 0x4000/0x4000 -m comment --comment "masquerade mark" -j ACCEPT
-A PCL-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment established -j ACCEPT
-A PCL-FORWARD -m conntrack --ctstate NEW -j PCL-CHECK.3
COMMIT
*nat
:PCL-MASQUERADE - [0:0]
:PCL-POSTROUTING - [0:0]
:PCL-000000001538TP - [0:0]
:PCL-H00000000A1538 - [0:0]
:PCL-C63364140050TQ - [0:0]
:PCL-C63364140050TP - [0:0]
:PCL-C63364140050TH - [0:0]
:PCL-C63364140050TF.2 - [0:0]
:PCL-00000000A7580 - [0:0]
:PCL-C63364140050TFG - [0:0]
:PCL-C63364140050TF - [0:0]
:PCL-0A60001E0050TP - [0:0]
:PCL-00000000A00 - [0:0]
:PCL-NAT - [0:0]
-A PCL-MASQUERADE -j MARK --set-xmark 0x0/0x4000
-A PCL-MASQUERADE -j MASQUERADE --random-fully
-A PCL-POSTROUTING -m mark --mark 0x4000/0x4000 -g PCL-MASQUERADE
-A PCL-000000001538TP -p tcp -m comment --comment "default/db:sql" -j DNAT --to-destination 192.168.50.10:8080
-A PCL-H00000000A1538 -p tcp -m tcp --dport 5432 -m comment --comment "pod default/db:sql host-port" -g PCL-000000001538TP
-A PCL-C63364140050TQ -p tcp -m comment --comment "default/web:http" -j DNAT --to-destination 10.40.1.5:8080
-A PCL-C63364140050TP -p tcp -m statistic --mode random --probability 0.50000000000 -m comment --comment "default/web:http" -j DNAT --to-destination 10.40.1.5:8080
-A PCL-C63364140050TP -p tcp -j DNAT --to-destination 10.40.2.5:8080
-A PCL-C63364140050TH -m comment --comment "default/web:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-C63364140050TH -m comment --comment "default/web:http" -g PCL-C63364140050TP
-A PCL-C63364140050TF.2 -s 10.40.0.0/14 -m comment --comment "default/web:http" -g PCL-C63364140050TP
-A PCL-C63364140050TF.2 -m addrtype --src-type LOCAL -m comment --comment "default/web:http" -g PCL-C63364140050TH
-A PCL-C63364140050TF.2 -m comment --comment "default/web:http" -g PCL-C63364140050TQ
-A PCL-00000000A7580 -p tcp -m tcp --dport 30080 -m comment --comment "default/web:http node-port" -g PCL-C63364140050TF.2
-A PCL-C63364140050TFG -s 10.40.0.0/14 -m comment --comment "default/web:http" -g PCL-C63364140050TP
-A PCL-C63364140050TFG -m addrtype --src-type LOCAL -m comment --comment "default/web:http" -g PCL-C63364140050TH
-A PCL-C63364140050TFG -m comment --comment "default/web:http" -g PCL-C63364140050TQ
-A PCL-C63364140050TF -s 10.40.0.0/14 -m comment --comment "default/web:http" -g PCL-C63364140050TFG
-A PCL-C63364140050TF -s 192.168.50.10/32 -m comment --comment "default/web:http" -g PCL-C63364140050TFG
-A PCL-C63364140050TF -s 203.0.113.0/25 -m comment --comment "default/web:http" -g PCL-C63364140050TFG
-A PCL-0A60001E0050TP ! -s 10.40.0.0/14 -m comment --comment "default/sticky:http" -j MARK --set-xmark 0x4000/0x4000
-A PCL-0A60001E0050TP -p tcp -m recent --update --seconds 600 --reap --name default,sticky:http@10.40.1.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.1.6:8080
-A PCL-0A60001E0050TP -p tcp -m recent --update --seconds 600 --reap --name default,sticky:http@10.40.2.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.2.6:8080
-A PCL-0A60001E0050TP -p tcp -m statistic --mode random --probability 0.50000000000 -m recent --set --name default,sticky:http@10.40.1.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.1.6:8080
-A PCL-0A60001E0050TP -p tcp -m recent --set --name default,sticky:http@10.40.2.6:8080 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.40.2.6:8080
-A PCL-00000000A00 ! -s 10.40.0.0/14 -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http cluster-ip" -j MARK --set-xmark 0x4000/0x4000
-A PCL-00000000A00 -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http cluster-ip" -g PCL-C63364140050TP
-A PCL-00000000A00 -d 10.96.0.30/32 -p tcp -m tcp --dport 80 -m comment --comment "default/sticky:http cluster-ip" -g PCL-0A60001E0050TP
-A PCL-00000000A00 -d 198.51.100.20/32 -p tcp -m tcp --dport 80 -m comment --comment "default/web:http load-balancer" -g PCL-C63364140050TF
-A PCL-NAT -j PCL-00000000A00
-A PCL-NAT -p tcp -m tcp --dport 30080 -m addrtype --dst-type LOCAL -j PCL-00000000A7580
-A PCL-NAT -p tcp -m tcp --dport 5432 -m addrtype --dst-type LOCAL -j PCL-H00000000A1538
COMMIT
)");
}

namespace {

// Whether a packet, in some memory, has another fate than the program says.
bool differs(const ir::Program& program, const Ruleset& ruleset, const std::vector<net::Packet>& packets) {
  const ir::Interpreter interpreter(program);
  const Engine engine(ruleset, program);
  return std::ranges::any_of(packets, [&](const net::Packet& p) {
    const auto in_memory = [&](const ir::Memory& memory) {
      const netfilter::Evaluation e = engine.evaluate(p, memory);
      return !e.not_modelled.empty() || !ir::equal(interpreter.fate(p, memory), e.fate, p);
    };
    if (in_memory({})) return true;
    const ir::Fate meaning = interpreter.fate(p);
    return meaning.affinity_seconds && std::ranges::any_of(meaning.targets, [&](const ir::Target& t) {
             ir::Memory memory;
             memory.remember(p.src, t.label);
             return in_memory(memory);
           });
  });
}

// The rules whose absence makes no difference, as `table chain number`.
std::vector<std::string> invisible_rules(const ir::Program& program) {
  // An accept shows where a foreign policy drops, a drop where none does.
  ir::Program without_policy = program;
  std::erase_if(without_policy.checks, [](const ir::Check& c) { return c.foreign; });
  const Ruleset whole = printed_and_read(program);
  const std::vector<net::Packet> packets = telling_packets(program);
  REQUIRE_FALSE(differs(program, whole, packets));
  REQUIRE_FALSE(differs(without_policy, whole, packets));
  std::vector<std::string> out;
  for (std::size_t t = 0; t < whole.tables.size(); ++t) {
    for (std::size_t c = 0; c < whole.tables[t].chains.size(); ++c) {
      for (std::size_t i = 0; i < whole.tables[t].chains[c].rules.size(); ++i) {
        Ruleset broken = whole;
        auto& rules = broken.tables[t].chains[c].rules;
        rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(i));
        if (differs(without_policy, broken, packets) || differs(program, broken, packets)) continue;
        out.push_back(fmt::format("{} {} {}", to_string(whole.tables[t].name), whole.tables[t].chains[c].name, i + 1));
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("every rule of a small program matters, dialect nftables: without it some packet has another fate") {
  CHECK(invisible_rules(sample(net::Family::ipv4, ir::Dialect::nftables)) ==
        std::vector<std::string>{
            // A refusal at input, of an address that is not local (here, now).
            "filter PCL-0A600032A32 1",
            "filter PCL-CHECK 2",
            // The mark is cleared for those behind us.
            "nat PCL-MASQUERADE 1",
        });
  CHECK(invisible_rules(sample(net::Family::ipv6, ir::Dialect::nftables)).size() == 3);
}

TEST_CASE("every rule of a small program matters, dialect iptables: without it some packet has another fate") {
  CHECK(invisible_rules(sample(net::Family::ipv4, ir::Dialect::iptables)) ==
        std::vector<std::string>{
            // Sources inside the ranges of a load-balancer address were translated.
            "filter PCL-RI27TGF5OWSOJJ 1",
            "filter PCL-RI27TGF5OWSOJJ 2",
            "filter PCL-RI27TGF5OWSOJJ 3",
            // Martians of this node are dropped at input, too.
            "filter PCL-OUTPUT 1",
            // A refusal at input, of an address that is not local (here, now); a node port's at forward.
            "filter PCL-INPUT 2",
            "filter PCL-00000000A7562.2 1",
            "filter PCL-CHECK.3 2",
            "nat PCL-MASQUERADE 1",
        });
  // No martian.
  CHECK(invisible_rules(sample(net::Family::ipv6, ir::Dialect::iptables)).size() == 7);
}

TEST_CASE("a foreign check is not emitted") {
  ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
  p.checks.push_back(
      {"foreign policy", {false, true, false}, ir::States::any, ir::AnyPacket{}, ir::Verdict::drop, {}, true});
  base::Diagnostics diagnostics;
  CHECK(lower(p, diagnostics).tables.empty());
}

TEST_CASE("hooks with the same checks share their chains") {
  ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
  for (int i = 0; i < 100; ++i) {
    p.checks.push_back({"hygiene",
                        {false, true, true},
                        ir::States::fresh,
                        ir::ToAddress{address(fmt::format("10.96.0.{}", i + 1))},
                        ir::Verdict::reject,
                        {},
                        false});
  }
  base::Diagnostics diagnostics;
  const Ruleset r = lower(p, diagnostics);
  std::size_t rejects = 0;
  for (const Chain& c : r.tables.at(0).chains) {
    for (const Rule& rule : c.rules) rejects += std::holds_alternative<Reject>(rule.target) ? 1U : 0U;
  }
  CHECK(rejects == 100);
}

}  // namespace portcullis::iptables
