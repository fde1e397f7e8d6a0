// What `nft -j list ruleset` prints is read as what `nft list ruleset` prints: each pair was listed by nft 1.0.6. Its
// JSON does not say `dynamic`: which sets rules fill is seen in the rules.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/nftables/nftables.hpp"
#include "tests/engines/model_text.hpp"

namespace {

using namespace portcullis;

constexpr const char* text_sets = R"(
	set s {
		type ipv4_addr
		flags interval
		elements = { 1.2.3.4 comment "x", 10.0.0.0/8,
			     192.168.1.1-192.168.1.9 }
	}

	set u {
		type ifname
		elements = { "eth0",
			     "veth1" }
	}

	map m {
		type mark : verdict
		flags interval
		elements = { 0x00000001-0x00000005 : accept }
	}

	map d {
		type inet_service : ipv4_addr . inet_service
		elements = { 80 : 10.0.0.1 . 8080 }
	}

	set mem {
		type ipv4_addr . mark
		size 65535
		flags timeout
		timeout 10m
	}
)";
constexpr const char* json_sets = R"(
{"set": {"family": "ip", "name": "s", "table": "t", "type": "ipv4_addr", "handle": 5, "flags": ["interval"], "elem": [{"elem": {"val": "1.2.3.4", "comment": "x"}}, {"prefix": {"addr": "10.0.0.0", "len": 8}}, {"range": ["192.168.1.1", "192.168.1.9"]}]}},
{"set": {"family": "ip", "name": "u", "table": "t", "type": "ifname", "handle": 6, "elem": ["eth0", "veth1"]}},
{"map": {"family": "ip", "name": "m", "table": "t", "type": "mark", "handle": 7, "map": "verdict", "flags": ["interval"], "elem": [[{"range": [1, 5]}, {"accept": null}]]}},
{"map": {"family": "ip", "name": "d", "table": "t", "type": "inet_service", "handle": 8, "map": "ipv4_addr . inet_service", "elem": [[80, {"concat": ["10.0.0.1", 8080]}]]}},
{"set": {"family": "ip", "name": "mem", "table": "t", "type": ["ipv4_addr", "mark"], "handle": 9, "size": 65535, "flags": ["timeout"], "timeout": 600}})";

struct Read {
  std::optional<nftables::Ruleset> ruleset;
  std::string error;  // `line:column message`
  base::SourceMap sources;
};

Read read(const std::string& text) {
  Read out;
  base::Diagnostics diagnostics;
  out.ruleset = nftables::read(out.sources.add("listing", text), out.sources, diagnostics);
  if (!diagnostics.all().empty()) {
    const base::Position p = out.sources.begin(diagnostics.all().front().span);
    out.error = fmt::format("{}:{} {}", p.line, p.column, diagnostics.all().front().message);
  }
  return out;
}

std::string as_text(const std::string& rule) {
  return fmt::format(
      "table ip t {{{}chain c {{\n type nat hook prerouting priority dstnat; policy accept;\n {}\n}}\n}}\n", text_sets,
      rule);
}
std::string as_json(const std::string& rule) {
  return fmt::format(
      R"({{"nftables": [{{"metainfo": {{"version": "1.0.6"}}}}, {{"table": {{"family": "ip", "name": "t"}}}}, {},
{{"chain": {{"family": "ip", "table": "t", "name": "c", "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}}}},
{{"rule": {{"family": "ip", "table": "t", "chain": "c", "handle": 7, "expr": {}}}}}]}})",
      json_sets, rule);
}

}  // namespace

TEST_CASE("json: rules and sets are those of the text") {
  struct Row {
    const char* text;
    const char* json;
  };
  const std::vector<Row> rows{
      {R"(iifname @u drop)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "@u"}}, {"drop": null}])~"},
      {R"(iifname "eth*" accept)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth*"}}, {"accept": null}])~"},
      {R"(iifname != "lo" ct state established,related accept)",
       R"~([{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}])~"},
      {R"(ct state != new drop)",
       R"~([{"match": {"op": "!=", "left": {"ct": {"key": "state"}}, "right": "new"}}, {"drop": null}])~"},
      {R"(ct status dnat accept)",
       R"~([{"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}}, {"accept": null}])~"},
      {R"(ct original ip daddr 1.2.3.4 accept)",
       R"~([{"match": {"op": "==", "left": {"ct": {"key": "ip daddr", "dir": "original"}}, "right": "1.2.3.4"}}, {"accept": null}])~"},
      {R"(meta mark & 0x000000ff == 0x00000010 accept)",
       R"~([{"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 255]}, "right": 16}}, {"accept": null}])~"},
      {R"(meta mark 0x00000001-0x00000005 drop)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": {"range": [1, 5]}}}, {"drop": null}])~"},
      {R"(tcp dport { 80, 443, 1000-2000 } accept)",
       R"~([{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, 443, {"range": [1000, 2000]}]}}}, {"accept": null}])~"},
      {R"(ip saddr @s drop)",
       R"~([{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@s"}}, {"drop": null}])~"},
      {R"(ip saddr != { 1.2.3.4, 10.0.0.0/8 } drop)",
       R"~([{"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"set": ["1.2.3.4", {"prefix": {"addr": "10.0.0.0", "len": 8}}]}}}, {"drop": null}])~"},
      {R"(ip saddr . meta mark @mem accept)",
       R"~([{"match": {"op": "==", "left": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, {"meta": {"key": "mark"}}]}, "right": "@mem"}}, {"accept": null}])~"},
      {R"(update @mem { ip saddr . meta mark timeout 5m })",
       R"~([{"set": {"op": "update", "elem": {"elem": {"val": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, {"meta": {"key": "mark"}}]}, "timeout": 300}}, "set": "@mem"}}])~"},
      {R"(meta mark vmap @m)", R"~([{"vmap": {"key": {"meta": {"key": "mark"}}, "data": "@m"}}])~"},
      {R"(meta mark set meta mark & 0xffffff04 | 0x00000004)",
       R"~([{"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"&": [{"meta": {"key": "mark"}}, 4294967044]}, 4]}}}])~"},
      {R"(meta priority set 1:2)", R"~([{"mangle": {"key": {"meta": {"key": "priority"}}, "value": "1:2"}}])~"},
      {R"(meta l4proto { tcp, udp } th dport 53 accept)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["tcp", "udp"]}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "th", "field": "dport"}}, "right": 53}}, {"accept": null}])~"},
      {R"(ip protocol icmp accept)",
       R"~([{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "protocol"}}, "right": "icmp"}}, {"accept": null}])~"},
      {R"(icmp type echo-request accept)",
       R"~([{"match": {"op": "==", "left": {"payload": {"protocol": "icmp", "field": "type"}}, "right": "echo-request"}}, {"accept": null}])~"},
      {R"(tcp flags syn / syn,ack drop)",
       R"~([{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["syn", "ack"]]}, "right": "syn"}}, {"drop": null}])~"},
      {R"(tcp flags syn / fin,syn,rst,ack drop)",
       R"~([{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]}, "right": "syn"}}, {"drop": null}])~"},
      {R"(ip ttl > 5 drop)",
       R"~([{"match": {"op": ">", "left": {"payload": {"protocol": "ip", "field": "ttl"}}, "right": 5}}, {"drop": null}])~"},
      {R"(socket transparent 1 accept)",
       R"~([{"match": {"op": "==", "left": {"socket": {"key": "transparent"}}, "right": 1}}, {"accept": null}])~"},
      {R"(meta skuid 1000 accept)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 1000}}, {"accept": null}])~"},
      {R"(limit rate 10/second accept)",
       R"~([{"limit": {"rate": 10, "burst": 5, "per": "second"}}, {"accept": null}])~"},
      {R"(meta pkttype broadcast drop)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "pkttype"}}, "right": "broadcast"}}, {"drop": null}])~"},
      {R"(fib daddr . iif type local accept)",
       R"~([{"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr", "iif"]}}, "right": "local"}}, {"accept": null}])~"},
      {R"(fib saddr . iif oif missing drop)",
       R"~([{"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "right": false}}, {"drop": null}])~"},
      {R"(ct count over 5 drop)", R"~([{"ct count": {"val": 5, "inv": true}}, {"drop": null}])~"},
      {R"(ct mark 0x00000005 accept)",
       R"~([{"match": {"op": "==", "left": {"ct": {"key": "mark"}}, "right": 5}}, {"accept": null}])~"},
      {R"(meta hour "08:00"-"17:00" accept)",
       R"~([{"match": {"op": "==", "left": {"meta": {"key": "hour"}}, "right": {"range": ["08:00", "17:00"]}}}, {"accept": null}])~"},
      {R"(log prefix "x" level info)", R"~([{"log": {"prefix": "x", "level": "info"}}])~"},
      {R"(counter name "foo")", R"~([{"counter": "foo"}])~"},
      {R"(reject with tcp reset)", R"~([{"reject": {"type": "tcp reset"}}])~"},
      {R"(reject)", R"~([{"reject": {"type": "icmp", "expr": "port-unreachable"}}])~"},
      {R"(quota over 10 mbytes drop)",
       R"~([{"quota": {"val": 10, "val_unit": "mbytes", "inv": true}}, {"drop": null}])~"},
      {R"(jhash ip saddr mod 2 1 accept)",
       R"~([{"match": {"op": "==", "left": {"jhash": {"mod": 2, "expr": {"payload": {"protocol": "ip", "field": "saddr"}}}}, "right": 1}}, {"accept": null}])~"},
      {R"(th sport 80 accept)",
       R"~([{"match": {"op": "==", "left": {"payload": {"protocol": "th", "field": "sport"}}, "right": 80}}, {"accept": null}])~"},
      {R"(ip dscp cs1 accept)",
       R"~([{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "dscp"}}, "right": "cs1"}}, {"accept": null}])~"},
      {R"(ip frag-off & 8191 != 0 drop)",
       R"~([{"match": {"op": "!=", "left": {"&": [{"payload": {"protocol": "ip", "field": "frag-off"}}, 8191]}, "right": 0}}, {"drop": null}])~"},
      {R"(dnat ip to tcp dport map @d)",
       R"~([{"dnat": {"family": "ip", "addr": {"map": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": "@d"}}}}])~"},
      {R"(dnat to 10.0.0.1)", R"~([{"dnat": {"addr": "10.0.0.1"}}])~"},
      {R"(snat to 1.2.3.4)", R"~([{"snat": {"addr": "1.2.3.4"}}])~"},
      {R"(masquerade random)", R"~([{"masquerade": {"flags": "random"}}])~"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Read text = read(as_text(row.text)), json = read(as_json(row.json));
    CHECK(text.error == "");
    CHECK(json.error == "");
    REQUIRE((text.ruleset && json.ruleset));
    CHECK(engines::model_text(json.ruleset->model) == engines::model_text(text.ruleset->model));
  }
}

TEST_CASE("json: a rule stands where its object does, and so does an element") {
  const std::string rule = R"([{"drop": null}])", text = as_json(rule);
  const Read json = read(text);
  REQUIRE(json.ruleset);
  const auto& model = json.ruleset->model;
  CHECK(json.sources.text(model.chains.at(0).rules.at(0).span) ==
        R"({"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 7, "expr": )" + rule + "}}");
  CHECK(json.sources.text(model.sets.at(0).span_of(1)).starts_with(R"({"set": {"family": "ip", "name": "s")"));
}

TEST_CASE("json: what cannot be said is kept or refused, never left out") {
  struct Row {
    const char* expr;
    const char* what;  // the statements
  };
  const std::vector<Row> rows{
      {R"([{"queue": {"num": 0}}])", "  unmodelled\n"},
      {R"([{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": "a user"}}, {"drop": null}])",
       "  unmodelled\n"},
      {R"([{"match": {"op": "==", "left": {"osf": {"key": "name"}}, "right": "Linux"}}, {"drop": null}])",
       "  opaque  verdict 2\n"},
      {R"([{"jump": {"target": "c } chain d { accept"}}])", "  unmodelled\n"},
      {R"([{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": {"|": [1, {"&": [2, 3]}]}}}])",
       "  unmodelled\n"},
  };
  for (const Row& row : rows) {
    INFO(row.expr);
    const Read json = read(as_json(row.expr));
    CHECK(json.error == "");
    REQUIRE(json.ruleset);
    const std::string text = engines::model_text(json.ruleset->model);
    const std::size_t begin = text.find('\n') + 1;
    CHECK(text.substr(begin, text.find('\n', begin) + 1 - begin) == row.what);
  }
  CHECK(read("{").error.starts_with("1:1 this is no JSON: "));
  CHECK(read(R"({"nftables": 5})").error == "1:1 `nft -j list ruleset` prints an object with one list, `nftables`");
  CHECK(read(R"({"nftables": [{"meter": {"family": "ip", "table": "t"}}]})").error ==
        "1:15 this object cannot be read");
  CHECK(read(R"({"nftables": [{"table": {"family": "ip", "name": "a b"}}]})").error ==
        "1:15 this object cannot be read");
  CHECK(
      read(
          R"({"nftables": [{"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [{"jump": {"target": "d"}}]}}]})")
          .error.starts_with("1:15 cannot read this at the end: table ip t has no chain"));
}
