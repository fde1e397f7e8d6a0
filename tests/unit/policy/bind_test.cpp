#include "compiler/policy/bind.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/policy/bound_world.hpp"
#include "tests/unit/policy/shop.hpp"

namespace portcullis::tests {

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the manifests of these tests are sound") {
  const BoundWorld world(shop, {});
  for (const base::Diagnostic& d : world.about_manifests.all()) {
    INFO(d.code << " " << d.message);
    CHECK(d.severity != base::Severity::error);
  }
}

TEST_CASE("a whole policy binds") {
  const BoundWorld world(shop, {R"(zone internet = 0.0.0.0/0, ::/0 except cluster
zone office   = 203.0.113.0/24
zone shop     = pods in namespace shop where tier != "db"

reachable   from internet to ingress "shop.example.com" path "/cart"          surviving any 1 node
reachable   from shop     to service shop/db port 5432
unreachable from internet to service * in namespace *  where tier == "db"
unreachable from internet to any node port  except service edge/gateway
only office reaches service ops/grafana
preserves source from internet to service edge/mail port 25
same fate for service shop/web on cluster-ip and load-balancer
forbid host-port, host-network except in namespace kube-system
no conflicts

waive PC3107 on service shop/legacy until 2027-03-01 because "moves to the gateway with release 9"
)"});
  CHECK(world.findings() == Texts{});
  Texts names;
  for (const policy::Obligation& o : world.bound.obligations) names.push_back(o.name());
  CHECK(
      names ==
      Texts{"a.policy:5: reachable from internet to ingress \"shop.example.com\" path \"/cart\" surviving any 1 node",
            "a.policy:6: reachable from shop to service shop/db port 5432",
            "a.policy:7: unreachable from internet to service * in namespace * where tier == \"db\" [shop/db:pg]",
            "a.policy:7: unreachable from internet to service * in namespace * where tier == \"db\" [shop/db-pods:pg]",
            "a.policy:8: unreachable from internet to any node port except service edge/gateway [shop/web:http]",
            "a.policy:8: unreachable from internet to any node port except service edge/gateway [shop/web:admin]",
            "a.policy:9: only office reaches service ops/grafana",
            "a.policy:10: preserves source from internet to service edge/mail port 25",
            "a.policy:11: same fate for service shop/web on cluster-ip and load-balancer [shop/web:http]",
            "a.policy:11: same fate for service shop/web on cluster-ip and load-balancer [shop/web:admin]",
            "a.policy:12: forbid host-port, host-network except in namespace kube-system [host-port]",
            "a.policy:12: forbid host-port, host-network except in namespace kube-system [host-network]",
            "a.policy:13: no conflicts"});
  REQUIRE(world.bound.waivers.size() == 1);
  CHECK(world.bound.waivers[0].code == "PC3107");
  CHECK(world.bound.waivers[0].kind == "Service");
  CHECK_FALSE(world.bound.waivers[0].expired);
}

TEST_CASE("what a name or a selector does not find is said") {
  struct Row {
    std::string policy;
    Texts findings;
  };
  const Row row = GENERATE(values<Row>({
      // PC4002
      {"reachable from internet to service shop/webb port http",
       {"1:36-45 PC4002 no Service `shop/webb`; nearest: `shop/web`"}},
      {"reachable from internet to service shop/web  port http", {}},
      {"reachable from internet to service webb", {"1:36-40 PC4002 no Service `webb`; nearest: `web`"}},
      {"reachable from internet to service shp/web", {"1:36-43 PC4002 no namespace `shp`; nearest: `shop`"}},
      {"reachable from internet to services in namespace shp", {"1:50-53 PC4002 no namespace `shp`; nearest: `shop`"}},
      {"reachable from ofice to service shop/web\nzone office = 203.0.113.0/24",
       {"1:16-21 PC4002 no zone `ofice`; nearest: `office`"}},
      {"reachable from vpn to service shop/web", {}},
      {"zone a = b\nzone b = 10.0.0.0/8",
       {"1:10-11 PC4002 no zone `b` | it is defined on line 2: a zone uses only zones above it"}},
      {"zone a = a", {"1:10-11 PC4002 no zone `a` | it is defined on line 1: a zone uses only zones above it"}},
      {"reachable from pod shop/web-9 to service shop/web",
       {"1:20-30 PC4002 no Pod `shop/web-9`; nearest: `shop/web-0`"}},
      {"reachable from node n9 to service shop/web", {"1:21-23 PC4002 no Node `n9`; nearest: `n1`"}},
      {"reachable from internet to service shop/web port 81",
       {"1:45-52 PC4002 no `port 81`: Service shop/web has ports `http` (80) and `admin` (8443)"}},
      {"reachable from internet to service shop/db port 5432 udp",
       {"1:44-57 PC4002 no `port 5432 udp`: Service shop/db has port `pg` (5432)"}},
      {"reachable from internet to ingress shop.exmaple.com",
       {"1:36-52 PC4002 no Ingress host `shop.exmaple.com`; nearest: `shop.example.com`"}},
      {"reachable from internet to ingress shop.example.com path /carts",
       {"1:58-64 PC4002 no Ingress path `/carts`; nearest: `/cart`"}},
      {"reachable from internet to ingress shop.example.com path /cart/7, ingress a.example.org path /any", {}},
      {"reachable from internet to ingress example.org",
       {"1:36-47 PC4002 no Ingress host `example.org`; nearest: `*.example.org`"}},
      {"forbid host-port except in namespace kube-sytem",
       {"1:38-48 PC4002 no namespace `kube-sytem`; nearest: `kube-system`"}},
      {"forbid host-port except in namespace kube-public", {}},
      {"same fate for service shop/db on cluster-ip and load-balancer",
       {"1:49-62 PC4002 no load-balancer of `shop/db:pg`"}},
      {"waive PC9999 on service shop/web until 2027-01-01 because \"x\"",
       {"1:7-13 PC4002 no finding `PC9999` | `portcullis explain` lists them"}},
      {"waive prot-name-missing on service shop/web until 2027-01-01 because \"x\"",
       {"1:7-24 PC4002 no finding `prot-name-missing`; nearest: `port-name-missing` | `portcullis explain` lists "
        "them"}},
      {"waive PC4003 on service shop/web until 2027-01-01 because \"x\"",
       {"1:7-13 PC4001 `PC4003`: expected a finding that can be waived | input that cannot be read, and what is wrong "
        "with a "
        "policy, has to be mended"}},
      {"waive PC2007 on servce shop/web until 2027-01-01 because \"x\"",
       {"1:17-23 PC4002 no kind of object `servce`; nearest: `Service`"}},
      {"waive PC2007 on Servic shop/web until 2027-01-01 because \"x\"",
       {"1:17-23 PC4002 no kind of object `Servic`; nearest: `Service`"}},
      {"waive PC2007 on service shop/legaci until 2027-01-01 because \"x\"",
       {"1:25-36 PC4002 no Service `shop/legaci`; nearest: `shop/legacy`"}},
      {"waive PC2007 on network-policy shop/* until 2027-01-01 because \"x\"", {}},
      {"waive host-port on Pod proxy until 2027-01-01 because \"x\"", {}},
      {"waive PC2001 on node n1 until 2027-01-01 because \"x\"", {}},
      // PC4003
      {"reachable from internet to services in namespace empty",
       {"1:28-55 PC4003 `services in namespace empty` speaks of nothing | there is no Service in the namespace"}},
      {"reachable from internet to service x* in namespace shop",
       {"1:28-56 PC4003 `service x* in namespace shop` speaks of nothing | no Service has such a name"}},
      {"reachable from internet to services where teir == db",
       {"1:28-53 PC4003 `services where teir == db` speaks of nothing | none of them has a label `teir`; nearest: "
        "`tier`"}},
      {"reachable from internet to services where tier == bd",
       {"1:28-53 PC4003 `services where tier == bd` speaks of nothing | label `tier` has the values `db` and `front`"}},
      {"reachable from internet to service shop/web where tier == db",
       {"1:28-61 PC4003 `service shop/web where tier == db` speaks of nothing | label `tier` has the value `front`"}},
      {"reachable from pods where tier == db and app == web to service shop/web",
       {"1:16-52 PC4003 `pods where tier == db and app == web` speaks of nothing | each condition holds somewhere, and "
        "nowhere "
        "do all of them"}},
      {"reachable from nodes where has gpu to service shop/web",
       {"1:16-35 PC4003 `nodes where has gpu` speaks of nothing | none of them has a label `gpu`"}},
      {"reachable from internet to services in namespace x-*",
       {"1:50-53 PC4003 `x-*` speaks of nothing | no namespace has such a name"}},
      {"reachable from vpn except 198.51.0.0/16 to service shop/web",
       {"1:16-40 PC4003 `vpn except 198.51.0.0/16` speaks of nothing | `except` takes every address away"}},
      {"reachable from 127.0.0.0/8 to service shop/web",
       {"1:16-27 PC4003 `127.0.0.0/8` speaks of nothing | no packet can have such a source"}},
      {"reachable from internet to node port 31000",
       {"1:28-43 PC4003 `node port 31000` speaks of nothing | no Service has such a node port"}},
      {"reachable from internet to services port 81",
       {"1:37-44 PC4003 `port 81` speaks of nothing | none of the 10 Services has such a port"}},
      {"only anywhere reaches service shop/web",
       {"1:6-14 PC4003 `anywhere` speaks of nothing | nobody is left whom the sentence would keep out"}},
      {"same fate for services on external-ip and node-port, cluster-ip and load-balancer",
       {"1:52-53 PC4001 `,`: expected `with` or the next sentence"}},
      {"same fate for services in namespace kube-system on external-ip and load-balancer",
       {"1:1-81 PC4003 `same fate for services in namespace kube-system on external-ip and load-balancer` speaks of "
        "nothing | "
        "no Service port has all of these frontends"}},
      {"same fate for service ops/elsewhere on external-ip and load-balancer",
       {"1:15-36 PC4003 `service ops/elsewhere` speaks of nothing | a Service without ports has no traffic"}},
      // PC4004
      {"reachable from internet to service shop/web port htp",
       {"1:45-53 PC4004 no `port htp`: Service shop/web has ports `http` (80) and `admin` (8443) | did you mean "
        "`http`?"}},
      {"reachable from internet to services in namespace shop port htp",
       {"1:55-63 PC4004 none of the 4 Services has the port `htp` | did you mean `http`?"}},
      {"reachable from internet to services in namespace shop port http", {}},
      {"reachable from internet to service edge/mail port smtp",
       {"1:46-55 PC4004 no `port smtp`: Service edge/mail has port 25"}},
      {"reachable from internet to pods in namespace shop port htp",
       {"1:51-59 PC4004 no container of these pods has a port `htp` | did you mean `http`?"}},
      // PC4005
      {"waive PC3107 on service shop/web until 2026-01-31 because \"moves to the gateway\"",
       {"1:40-50 PC4005 the waiver of PC3107 for shop/web ended on 2026-01-31 | mend what it waives, or decide anew"}},
      {"waive PC3107 on service shop/web until 2027-01-31 because \"moves to the gateway\"", {}},
      {"waive PC3107 on service shop/web until 2026-11-24 because \"its last day\"", {}},
      {"waive PC3107 on service shop/web until 2026-11-23 because \"the day after\"",
       {"1:40-50 PC4005 the waiver of PC3107 for shop/web ended on 2026-11-23 | mend what it waives, or decide anew"}},
      // PC4007
      {"zone a = 10.0.0.0/8\nonly a, 10.1.0.0/16 reaches service shop/web",
       {"2:9-20 PC4007 zones `a` and `10.1.0.0/16` share 10.1.0.0/16"}},
      {"reachable from 10.1.0.0/16, 10.0.0.0/8, nodes, node n1 to service shop/web",
       {"1:29-39 PC4007 zones `10.1.0.0/16` and `10.0.0.0/8` share 10.1.0.0/16",
        "1:48-55 PC4007 zones `nodes` and `node n1` share 192.168.0.11/32"}},
      {"reachable from 10.0.0.0/8 except 10.1.0.0/16 to service shop/web", {}},
      {"zone both = 10.0.0.0/8, 10.1.0.0/16", {}},
      // PC4008's texts: no contradiction is looked for here
      {"reachable from internet to service shop/web   unreachable from internet to service * in namespace shop", {}},
      {"reachable from internet to service shop/web   unreachable from internet to service * in namespace shop where "
       "tier "
       "== \"db\"",
       {}},
      // PC4009
      {"zone a = pods\nzone a = nodes", {"2:6-7 PC4009 zone `a` is defined on line 1 too"}},
      {"zone vpn = pods", {"1:6-9 PC4009 zone `vpn` is defined in the profile too"}},
      {"zone internet = 0.0.0.0/0", {}},
      {"zone internet = 0.0.0.0/0\nzone internet = ::/0", {"2:6-14 PC4009 zone `internet` is defined on line 1 too"}},
      // PC4010
      {"reachable from internet to service shop/web surviving any 3 nodes",
       {"1:59-60 PC4010 3 nodes: none is left after losing 3"}},
      {"reachable from internet to service shop/web surviving any 2 nodes", {}},
      // everything that is wrong with a sentence is said at once
      {"unreachable from ofice to service shop/webb except service shop/dbb",
       {"1:18-23 PC4002 no zone `ofice`", "1:35-44 PC4002 no Service `shop/webb`; nearest: `shop/web`",
        "1:60-68 PC4002 no Service `shop/dbb`; nearest: `shop/db`"}},
  }));
  const BoundWorld world(shop, {row.policy});
  INFO(row.policy);
  CHECK(world.findings() == row.findings);
  if (world.diagnostics.has_errors()) CHECK(world.bound.obligations.empty());
}

TEST_CASE("zones are addresses, and who has them") {
  struct Row {
    std::string zones;
    std::string sources;
  };
  const std::string pods =
      "pods somewhere: 10.244.0.0/24 10.244.4.0–10.244.255.255; pods on n1: 10.244.1.0/24; pods on n2: 10.244.2.0/24; "
      "pods "
      "on n3: 10.244.3.0/24";
  const std::string nodes = "nodes on n1: 192.168.0.11; nodes on n2: 192.168.0.12; nodes on n3: 192.168.0.13";
  const std::string outside_v4 =
      "outside: 1.0.0.0–10.95.255.255 10.112.0.0–10.243.255.255 10.245.0.0–126.255.255.255 128.0.0.0–192.168.0.10 "
      "192.168.0.14–223.255.255.255 240.0.0.0–255.255.255.254";
  const std::string outside = outside_v4 + " ::2–feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const Row row = GENERATE_COPY(values<Row>({
      {"203.0.113.0/24", "outside: 203.0.113.0/24"},
      {"vpn, 203.0.113.7", "outside: 198.51.100.0/24 203.0.113.7"},
      {"vpn except 198.51.100.128/25", "outside: 198.51.100.0/25"},
      {"anywhere", outside + "; " + pods + "; " + nodes},
      {"internet", outside},
      {"0.0.0.0/0 except cluster", outside_v4},
      {"cluster", pods + "; " + nodes},
      {"pods", pods},
      {"nodes", nodes},
      {"nodes where role == edge", "nodes on n1: 192.168.0.11"},
      {"nodes where lacks role, node n1",
       "nodes on n1: 192.168.0.11; nodes on n2: 192.168.0.12; nodes on n3: 192.168.0.13"},
      {"node n*", nodes},
      {"pods in namespace shop", "pods on n1: 10.244.1.10; pods on n2: 10.244.2.10; pods on n3: 10.244.3.10"},
      {"pods in namespace shop where tier != db", "pods on n1: 10.244.1.10; pods on n2: 10.244.2.10"},
      {"pods where tier != db",
       "pods on n1: 10.244.1.10 10.244.1.20; pods on n2: 10.244.2.10; nodes on n1: 192.168.0.11"},
      {"pods where has canary", "pods on n2: 10.244.2.10"},
      {"pods where lacks canary and app in (web, db)", "pods on n1: 10.244.1.10; pods on n3: 10.244.3.10"},
      {"pods where app not in (web, db, agent)", "pods on n1: 10.244.1.20"},
      {"pod shop/web-1", "pods on n2: 10.244.2.10"},
      {"pod web-*", "pods on n1: 10.244.1.10; pods on n2: 10.244.2.10"},
      {"pods except pod shop/db-0, pods in namespace edge",
       "pods somewhere: 10.244.0.0/24 10.244.4.0–10.244.255.255; pods on n1: 10.244.1.0–10.244.1.19 "
       "10.244.1.21–10.244.1.255; pods on n2: 10.244.2.0/24; pods on n3: 10.244.3.0–10.244.3.9 "
       "10.244.3.11–10.244.3.255"},
      // a pod on the host network has its node's address
      {"pod kube-system/agent", "nodes on n1: 192.168.0.11"},
      // a range is whoever has an address of it
      {"192.168.0.8/29", "outside: 192.168.0.8–192.168.0.10 192.168.0.14/31; " + nodes},
      {"10.96.0.0/11", "outside: 10.112.0.0/12"},
      {"fd00::/8", "outside: fd00::/8"},
  }));
  INFO(row.zones);
  const BoundWorld world(shop, {"reachable from " + row.zones + " to service shop/db"});
  CHECK(world.findings() == Texts{});
  REQUIRE(world.bound.obligations.size() == 1);
  const auto& question = std::get<policy::ReachableQuestion>(world.bound.obligations[0].question);
  CHECK(policy::text(*question.from) == row.sources);
}

TEST_CASE("known pods stand in their zone") {
  const BoundWorld world(shop, {"zone z = pods in namespace shop\nreachable from z to service shop/db"});
  REQUIRE(world.bound.obligations.size() == 1);
  const auto& groups = std::get<policy::ReachableQuestion>(world.bound.obligations[0].question).from->groups;
  REQUIRE(groups.size() == 3);
  REQUIRE(groups[0].pods.size() == 1);
  CHECK(groups[0].pods[0]->name == "web-0");
  CHECK(groups[0].node == "n1");
  CHECK(groups[0].origin == policy::Origin::pods);
}

TEST_CASE("targets are Service ports, pods and addresses") {
  struct Row {
    std::string targets;
    Texts destinations;
  };
  const std::string web_http =
      "shop/web:http by cluster-ip 10.96.0.80:80, external-ip 203.0.113.80:80, load-balancer 192.0.2.80:80, node-port "
      "30080";
  const std::string web_admin =
      "shop/web:admin by cluster-ip 10.96.0.80:8443, external-ip 203.0.113.80:8443, load-balancer 192.0.2.80:8443, "
      "node-port "
      "30443";
  const std::string legacy = "shop/legacy:http by cluster-ip 10.96.0.81:80";
  const Row row = GENERATE_COPY(values<Row>({
      {"service shop/web", {web_http, web_admin}},
      {"service web", {web_http, web_admin}},
      {"service shop/web port http", {web_http}},
      {"service shop/web port 80-100", {web_http}},
      {"service shop/web port 80-9000 tcp", {web_http, web_admin}},
      {"services in namespace shop port http", {legacy, web_http}},
      {"service shop/* port http", {legacy, web_http}},
      {"service l* in namespace sh*", {legacy}},
      {"service kube-system/dns port 53",
       {"kube-system/dns:dns/udp by cluster-ip 10.96.0.10:53/udp",
        "kube-system/dns:dns-tcp by cluster-ip 10.96.0.10:53"}},
      {"service kube-system/dns port 53 udp", {"kube-system/dns:dns/udp by cluster-ip 10.96.0.10:53/udp"}},
      {"services where tier == db", {"shop/db:pg by cluster-ip 10.96.0.54:5432", "shop/db-pods:pg at its endpoints"}},
      {"any node port",
       {"edge/gateway:443 by node-port 30090", "shop/web:http by node-port 30080",
        "shop/web:admin by node-port 30443"}},
      {"node port 30080", {"shop/web:http by node-port 30080"}},
      {"node port 30000-30100 tcp", {"edge/gateway:443 by node-port 30090", "shop/web:http by node-port 30080"}},
      {"pod shop/web-0", {"Pod shop/web-0 at 10.244.1.10, any port"}},
      {"pods in namespace shop where app == web port http",
       {"Pod shop/web-0 at 10.244.1.10, 8080/tcp", "Pod shop/web-1 at 10.244.2.10, 8080/tcp"}},
      {"pods in namespace shop port pg", {"Pod shop/db-0 at 10.244.3.10, 5432/tcp"}},
      {"pod shop/db-0 port 5432", {"Pod shop/db-0 at 10.244.3.10, 5432"}},
      {"pod shop/db-0 port 5400-5500 udp", {"Pod shop/db-0 at 10.244.3.10, 5400-5500/udp"}},
      {"address 192.0.2.80 port 80", {"192.0.2.80 of Service shop/web, 80, with load-balancer 192.0.2.80:80"}},
      {"address 192.168.0.11 port 30080 tcp", {"192.168.0.11 of Node n1, 30080/tcp, with node-port 30080"}},
      {"address 10.244.3.10", {"10.244.3.10 of Pod shop/db-0, any port"}},
      {"address 169.254.169.254 port 80", {"169.254.169.254, 80"}},
      {"service shop/db, pod shop/db-0",
       {"shop/db:pg by cluster-ip 10.96.0.54:5432", "Pod shop/db-0 at 10.244.3.10, any port"}},
      // exceptions
      {"service shop/* port http except service shop/legacy", {web_http}},
      {"service shop/web except service shop/web port admin", {web_http}},
      {"service shop/web port http except address 203.0.113.80, node port 30080",
       {"shop/web:http by cluster-ip 10.96.0.80:80, load-balancer 192.0.2.80:80"}},
      {"services where tier == db except service shop/db-pods", {"shop/db:pg by cluster-ip 10.96.0.54:5432"}},
      {"any node port except service edge/gateway, node port 30443", {"shop/web:http by node-port 30080"}},
      {"pods in namespace shop except pod shop/web-*", {"Pod shop/db-0 at 10.244.3.10, any port"}},
      {"pod shop/db-0 port 5400-5500 except pod shop/db-0 port 5432",
       {"Pod shop/db-0 at 10.244.3.10, 5400-5431 5433-5500"}},
      {"pod shop/db-0 port 5432 except service shop/db", {"Pod shop/db-0 at 10.244.3.10, 5432/udp 5432/sctp"}},
      {"address 192.0.2.80 port 80-8443 tcp except service shop/web port http",
       {"192.0.2.80 of Service shop/web, 81-8443/tcp, with load-balancer 192.0.2.80:8443"}},
  }));
  INFO(row.targets);
  const BoundWorld world(shop, {"unreachable from vpn to " + row.targets});
  CHECK(world.findings() == Texts{});
  Texts destinations;
  for (const policy::Obligation& o : world.bound.obligations)
    destinations.push_back(policy::text(std::get<policy::UnreachableQuestion>(o.question).to));
  CHECK(destinations == row.destinations);
}

TEST_CASE("each sentence becomes its question") {
  struct Row {
    std::string sentence;
    std::string text;
  };
  const Row row = GENERATE(values<Row>({
      {"reachable from vpn to service shop/db surviving any 2 nodes",
       "    reachable shop/db:pg by cluster-ip 10.96.0.54:5432\n"
       "    from      outside: 198.51.100.0/24\n"
       "    surviving any 2 lost\n"},
      {"only vpn, cluster except nodes reaches pod shop/db-0 port pg",
       "    never     Pod shop/db-0 at 10.244.3.10, 5432/tcp\n"
       "    from      outside: 1.0.0.0–10.95.255.255 10.112.0.0–10.243.255.255 10.245.0.0–126.255.255.255 "
       "128.0.0.0–192.168.0.10 192.168.0.14–198.51.99.255 198.51.101.0–223.255.255.255 240.0.0.0–255.255.255.254 "
       "::2–feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff; nodes on n1: 192.168.0.11; nodes on n2: 192.168.0.12; nodes on "
       "n3: "
       "192.168.0.13\n"
       "    allowed   outside: 198.51.100.0/24; pods somewhere: 10.244.0.0/24 10.244.4.0–10.244.255.255; pods on n1: "
       "10.244.1.0/24; pods on n2: 10.244.2.0/24; pods on n3: 10.244.3.0/24\n"},
      {"preserves source from vpn to service edge/mail",
       "    source of outside: 198.51.100.0/24\n"
       "    seen by   edge/mail:25 by cluster-ip 10.96.0.25:25, load-balancer 192.0.2.25:25\n"},
      {"same fate for service shop/web port http on cluster-ip and load-balancer",
       "    same fate cluster-ip 10.96.0.80:80\n"
       "    as        load-balancer 192.0.2.80:80\n"},
      {"same fate for service edge/gateway on cluster-ip and node-port with source",
       "    same fate cluster-ip 10.96.0.90:443\n"
       "    and source node-port 30090\n"},
      {"forbid host-port", "    nobody    has a host-port\n    but       Pod edge/proxy: hostPort 443/TCP\n"},
      {"forbid host-port except in namespace edge, kube-*", "    nobody    has a host-port\n"},
      {"forbid host-network", "    nobody    has a host-network\n    but       Pod kube-system/agent: hostNetwork\n"},
      {"forbid node-port except in namespace shop",
       "    nobody    has a node-port\n    but       Service edge/gateway: nodePort 30090/TCP\n"},
      {"forbid external-ip",
       "    nobody    has a external-ip\n    but       Service shop/web: externalIP 203.0.113.80\n"},
      {"forbid load-balancer except in namespace shop",
       "    nobody    has a load-balancer\n    but       Service edge/mail: type LoadBalancer\n"},
      {"no conflicts", "    no key    has two owners\n"},
      {"reachable from vpn to ingress shop.example.com",
       "    reachable GET shop.example.com/\n    from      outside: 198.51.100.0/24\n"},
      {"reachable from vpn to ingress Shop.Example.com path /cart/ surviving any 1 node",
       "    reachable GET shop.example.com/cart\n    from      outside: 198.51.100.0/24\n"
       "    surviving any 1 lost\n"},
      {"unreachable from vpn to ingress \"*.example.org\" path / except ingress \"*.example.org\" path /x",
       "    never     requests for *.example.org, path / and below, but not /x\n    from      outside: "
       "198.51.100.0/24\n"},
      {"unreachable from vpn to ingress shop.example.com path /cart except ingress shop.example.com",
       "    holds     all that there is, is excepted\n"},
      {"preserves source from vpn to ingress shop.example.com",
       "    undecided a router asks in the place of its clients: whether it says who they are is not decided\n"},
      {"reachable from vpn to service ops/foreign",
       "    undecided another proxy serves it (label service.kubernetes.io/service-proxy-name)\n"},
      {"reachable from vpn to service ops/elsewhere",
       "    undecided it is another name for example.com, and has no address\n"},
      {"unreachable from vpn to node port 31000", "    holds     no Service has such a node port\n"},
      {"unreachable from vpn to any node port except service shop/web, service edge/gateway",
       "    holds     all that there is, is excepted\n"},
  }));
  const BoundWorld world(shop, {row.sentence});
  CHECK(world.findings() == Texts{});
  CHECK(world.text() == "a.policy:1: " + row.sentence + "\n" + row.text);
}

TEST_CASE("among many, a Service that is a mere name is passed over, and one of another proxy is not") {
  const BoundWorld world(shop, {"unreachable from vpn to services in namespace ops"});
  CHECK(world.about() == Texts{"ops/grafana:http", "ops/foreign"});
  CHECK(std::holds_alternative<policy::UnsupportedQuestion>(world.bound.obligations[1].question));
}

TEST_CASE("three frontends are two questions") {
  const BoundWorld world(shop, {"same fate for services in namespace shop on cluster-ip, node-port and load-balancer"});
  CHECK(world.findings() == Texts{});
  CHECK(world.about() == Texts{"shop/web:http on node-port", "shop/web:http on load-balancer",
                               "shop/web:admin on node-port", "shop/web:admin on load-balancer"});
}

TEST_CASE("shared keys are the answer to `no conflicts`") {
  const std::string yaml =
      "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, clusterIP: 10.96.0.1, ports: "
      "[{port: 80, "
      "nodePort: 30080}]}}\n---\n"
      "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {type: NodePort, clusterIP: 10.96.0.2, ports: "
      "[{port: 80, "
      "nodePort: 30080}]}}\n";
  const BoundWorld world(yaml, {"no conflicts"});
  CHECK(world.text() == "a.policy:1: no conflicts\n    no key    has two owners\n    but       node-port TCP/30080\n");
}

TEST_CASE("a zone of one file is known in another, and defined once") {
  const BoundWorld world(shop, {"reachable from office to service shop/web port http", "zone office = 203.0.113.0/24",
                                "\nzone office = pods"});
  CHECK(world.findings() == Texts{"2:6-12 PC4009 zone `office` is defined on line 1 too"});
  REQUIRE(world.bound.obligations.size() == 1);
  CHECK(world.bound.obligations[0].name().starts_with("a.policy:1: "));
}

TEST_CASE("pods that are planned are known by the labels of their workload") {
  const std::string yaml =
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {replicas: 2, "
      "serviceName: db, "
      "selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, "
      "image: "
      "i, ports: [{name: pg, containerPort: 5432}]}]}}}}\n";
  const BoundWorld world(
      yaml, {"unreachable from nodes to pods where \"statefulset.kubernetes.io/pod-name\" == db-1 port pg\n"
             "unreachable from nodes to pods where app == db"});
  CHECK(world.findings() == Texts{});
  REQUIRE(world.about() == Texts{"StatefulSet shop/db", "StatefulSet shop/db"});
  const auto pods = [&](std::size_t i) {
    return std::get<policy::PodDestination>(
               std::get<policy::UnreachableQuestion>(world.bound.obligations[i].question).to)
        .pods;
  };
  REQUIRE(pods(0).size() == 1);
  CHECK(pods(0)[0]->name == "db-1");
  CHECK(pods(1).size() == 2);
}

TEST_CASE("assumed nodes are named as such") {
  const BoundWorld world("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}",
                         {"reachable from nodes to service a surviving any 3 nodes"});
  CHECK(world.findings() ==
        Texts{"1:49-50 PC4010 3 nodes: none is left after losing 3 | these nodes are assumed: give the "
              "cluster's in a profile"});
}

}  // namespace portcullis::tests
