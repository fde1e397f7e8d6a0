#include <catch2/catch.hpp>

#include "reading.hpp"

namespace {

using namespace portcullis;
using nftables::test::read_text;

const std::string sets = R"(
  set addresses { type ipv4_addr; elements = { 10.96.0.20 } }
  set pairs { typeof ip saddr . meta mark; }
  set memory { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 10m; }
  map verdicts { type inet_proto . inet_service : verdict; }
  map ports { type inet_service : ipv4_addr . inet_service; }
  chain other { }
)";

// The rule as it is printed again; matches that are not known as `[…]`, statements without a model as `<…>`, each with
// what follows; no rule as what was found wrong.
std::string rule(const std::string& text) {
  auto result = read_text("table ip t {" + sets + "chain c { " + text + "\n}\n}\n");
  if (!result.ruleset) return "error: " + result.error;
  auto& chains = result.ruleset->model.chains;
  for (auto& chain : chains) {
    if (chain.name != "c") continue;
    std::string unknown;
    for (const auto& s : chain.rules.at(0).statements) {
      if (const auto* o = std::get_if<netfilter::Opaque>(&s)) {
        unknown += "[" + result.ruleset->model.opaque.at(o->match).text + "]";
      } else if (const auto* u = std::get_if<netfilter::Unmodelled>(&s)) {
        unknown += "<" + u->what + ">";
      } else if (!unknown.empty()) {
        unknown += std::holds_alternative<netfilter::Match>(s) ? " match" : " statement";
      }
    }
    if (!unknown.empty()) return unknown;
  }
  const std::string printed = print(*result.ruleset);
  const std::size_t begin = printed.rfind("chain c {\n\t\t") + 12;
  return printed.substr(begin, printed.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("read: rules in other spellings than ours") {
  struct Row {
    const char* text;
    const char* printed;
  };
  const std::vector<Row> rows{
      {"ip saddr 10.0.0.0/8 accept", "ip saddr 10.0.0.0/8 accept"},
      {"ip saddr != 10.0.0.0/8 drop", "ip saddr != 10.0.0.0/8 drop"},
      {"ip daddr @addresses counter packets 5 bytes 300 drop comment \"why\"", "ip daddr @addresses drop"},
      {"ct state new,established accept", "ct state established,new accept"},
      {"ct status dnat accept", "ct status dnat accept"},
      {"ct status ! dnat accept", "ct status ! dnat accept"},
      {"meta mark & 0x4000 != 0 meta mark set meta mark xor 0x4000",
       "meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000"},
      {"mark and 0x1 == 0x1 return", "meta mark & 0x00000001 == 0x00000001 return"},
      {"meta mark set mark or 0x2", "meta mark set meta mark | 0x00000002"},
      {"meta mark set 5 jump other", "meta mark set 0x00000005 jump other"},
      {"tcp dport 80 accept", "meta l4proto tcp th dport 80 accept"},
      {"tcp dport { 80, 443 } accept", "meta l4proto tcp th dport { 80, 443 } accept"},
      {"th dport 30000-32767 goto other", "th dport 30000-32767 goto other"},
      {"th dport < 1024 drop", "th dport 0-1023 drop"},
      {"iifname \"veth*\" accept", "iifname \"veth*\" accept"},
      {"iif \"lo\" accept", "iifname \"lo\" accept"},
      {"oifname != \"eth0\" accept", "oifname != \"eth0\" accept"},
      {"fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @verdicts",
       "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @verdicts"},
      {"ct state vmap { established : accept, invalid : drop }",
       "ct state vmap { established : accept, invalid : drop }"},
      {"numgen random mod 2 vmap { 0 : goto other, 1 : jump other }",
       "numgen random mod 2 vmap { 0 : goto other, 1 : jump other }"},
      {"meta l4proto tcp dnat to 10.0.0.1:80", "meta l4proto tcp dnat ip to 10.0.0.1:80"},
      {"dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }",
       "dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }"},
      {"dnat ip addr . port to th dport map @ports", "dnat ip to th dport map @ports"},
      {"update @memory { ip saddr timeout 600s } accept", "update @memory { ip saddr timeout 10m } accept"},
      {"ip saddr . meta mark @pairs masquerade fully-random", "ip saddr . meta mark @pairs masquerade fully-random"},
      {"log prefix \"x \" level info reject with icmp type port-unreachable", "reject"},
      {"meta priority set none continue", "meta priority set none continue"},
      {"ip protocol icmp accept", "meta nfproto ipv4 meta l4proto icmp accept"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(rule(row.text) == row.printed);
    CHECK(rule(row.printed) == row.printed);
  }
}

TEST_CASE("read: what is not known is kept, word by word") {
  struct Row {
    const char* text;
    const char* unmodelled;
  };
  const std::vector<Row> rows{
      {"limit rate 5/second accept", "[limit rate 5/second] statement"},
      {"ip saddr 10.0.0.1 tcp flags syn drop", "[tcp flags syn] statement"},
      {"ip saddr { 10.0.0.1, example } drop", "[ip saddr { 10.0.0.1, example }] statement"},
      {"socket transparent 1 ip saddr 10.0.0.1 meta mark set 0x1 accept",
       "[socket transparent 1 ip saddr 10.0.0.1] statement statement"},
      {"ct original saddr 10.0.0.1 drop", "[ct original saddr 10.0.0.1] statement"},
      {"tcp flags & (syn | ack) == syn jump other", "[tcp flags & (syn | ack) == syn] statement"},
      {"@th,0,16 80 drop", "[@th,0,16 80] statement"},
      {"socket transparent 1 ct mark set 5", "[socket transparent 1]<ct mark set 5>"},
      {"icmp type redirect drop", "[icmp type]<redirect drop>"},
      {"ip dscp set cs1", "<ip dscp set cs1>"},
      {"meta day vmap { \"Sunday\" : drop }", "<meta day vmap { \"Sunday\" : drop }>"},
      {"snat to 10.0.0.1", "<snat to 10.0.0.1>"},
      {"redirect to :80", "<redirect to :80>"},
      {"meta cgroup 5 drop", "[meta cgroup 5] statement"},
      {"ct mark set 5", "<ct mark set 5>"},
      {"fib daddr . iif type local accept", "[fib daddr . iif type local] statement"},
      {"numgen inc mod 2 vmap { 0 : drop }", "<numgen inc mod 2 vmap { 0 : drop }>"},
      {"masquerade to :1024-2048", "<masquerade to :1024-2048>"},
      {"accept trailing", "<trailing>"},
      {"iifname . oifname { \"a\" . \"b\" } numgen random mod 0 vmap @verdicts",
       "<numgen random mod 0 vmap @verdicts>"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(rule(row.text) == row.unmodelled);
  }
}

TEST_CASE("read: what is no ruleset is a finding with its place") {
  struct Row {
    const char* text;
    const char* error;
  };
  const std::vector<Row> rows{
      {"table ip t {", "1:13 cannot read this at the end: a set, map or chain is expected"},
      {"table ip t {\n chain c {", "2:11 cannot read this at the end: a chain does not end"},
      {"table ip t {\n chain c { jump nowhere\n }\n}\n",
       "5:1 cannot read this at the end: table ip t has no chain `nowhere`"},
      {"table ip t {\n chain c { ip saddr @nowhere drop\n }\n}\n",
       "5:1 cannot read this at the end: table ip t has no set `nowhere`"},
      {"table ip t {\n set s { type ipv4_addr; elements = { 10.0.0.300 }\n }\n}\n",
       "2:39 cannot read this at `10.0.0.300`: this is no ipv4_addr"},
      {"table ip t {\n set s { type ipv4_addr; elements = { 10.0.0.0/8 }\n }\n}\n",
       "2:39 cannot read this at `10.0.0.0/8`: a range in a set without `flags interval`"},
      {"table ip t {\n map m { type ipv4_addr; }\n}\n",
       "2:24 cannot read this at `;`: a map has a type for what it holds, a set has none"},
      {"table ip t {\n set s { type ipv4_addr; elements = { 10.0.0.1 10.0.0.2 } }\n}\n",
       "2:48 cannot read this at `10.0.0.2`: `,` or `}` is expected"},
      {"table ip t {\n chain c { type filter hook nowhere priority 0; }\n}\n",
       "2:37 cannot read this at `priority`: a hook and its priority are expected"},
      {"table ip t {\n set s { type ipv4_addr; }\n chain c { ip6 saddr @s drop\n }\n}\n",
       "6:1 cannot read this at the end: `s` is looked up with another kind of key than it has"},
      {"add table ip other\n", "1:19 cannot read this at the end of the line: only our own table is added or deleted"},
      {"chain c { }", "1:1 cannot read this at `chain`: a table is expected"},
      {"\x01", "1:1 cannot read this at `\\x01`: a table is expected"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto result = read_text(row.text);
    CHECK_FALSE(result.ruleset);
    CHECK(result.error == row.error);
  }
}

TEST_CASE("read: base chains, policies, priorities by name, tables of other layers") {
  const auto result = read_text(R"(
table inet filter {
  flags dormant;
  chain input { type filter hook input priority filter + 5; policy drop; }
}
table ip nat {
  chain pre { type nat hook prerouting priority dstnat - 10; policy accept; accept
  }
}
table netdev x { chain y { type filter hook ingress device "eth0" priority 0; } }
)");
  REQUIRE(result.ruleset);
  const auto& r = *result.ruleset;
  CHECK_FALSE(r.model.chains.at(0).base);  // a dormant table's chains are on no hook
  REQUIRE(r.model.chains.at(1).base);
  CHECK(r.model.chains[1].base->priority == -110);
  CHECK_FALSE(r.model.chains[1].ipv6);
  CHECK(r.model.chains[0].ipv6);
  CHECK(r.beyond == std::vector<std::string>{"netdev x"});
}

TEST_CASE("read: a type that is not known harms only the rules that use its set") {
  const auto result = read_text(R"(
table ip t {
  set odd { type ether_addr; elements = { 00:11:22:33:44:55 } }
  chain c { type filter hook forward priority 0;
    ip saddr @odd drop
    accept
  }
}
)");
  REQUIRE(result.ruleset);
  const auto& rules = result.ruleset->model.chains.at(0).rules;
  REQUIRE(rules.size() == 2);
  const auto* unmodelled = std::get_if<netfilter::Unmodelled>(&rules[0].statements.at(0));
  REQUIRE(unmodelled != nullptr);
  CHECK(unmodelled->what == "set odd with a type that is not known");
}
