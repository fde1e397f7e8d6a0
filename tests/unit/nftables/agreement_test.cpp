// Text against meaning: each program is lowered, printed, read back and evaluated, for packets at its boundaries and
// what it remembers.
#include <catch2/catch.hpp>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/surroundings.hpp"
#include "backends/nftables/model.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "reading.hpp"

namespace {

using namespace portcullis;

// Every feature once. `@` stands for the family's prefix of an address.
const std::string features = R"(mark 0x4000
local @5010 @5020
detector cidr @4000/16
accepted @5010
ranges default/ranged { @7100/24 }
ranges hp { @4100/24 @4201/32 }
pool default/dns:u/udp udp { @4105:5353 local @4205:5353 }
pool default/loc:http tcp { @4105:8080 local @4106:8080 local-only @4205:8080 }
pool default/sticky:http tcp { @4105:8080 local @4205:8080 weight 2 @4206:8080 }
pool default/web:http tcp { @4105:8080 local @4205:8080 @5010:8443 local }
pool zhp tcp { @4144:5000 local }
PRE
route service/cluster-ip default/web:http tcp @9620:80 -> balance default/web:http masquerade off-cluster
route service/cluster-ip default/sticky:http tcp @9630:80 -> balance default/sticky:http masquerade off-cluster affinity 600s
route service/cluster-ip default/dns:u/udp udp @9680:53 -> balance default/dns:u/udp masquerade off-cluster
route service/external-ip default/loc:http tcp @5010:30020 from pod -> balance default/loc:http ; from node -> balance default/loc:http masquerade always ; -> END
route service/load-balancer default/loc:http tcp @8140:80 from pod -> balance default/loc:http ; from node -> balance default/loc:http masquerade always ; -> balance default/loc:http local
route service/load-balancer default/web:http tcp @8170:80 GUARD -> balance default/web:http masquerade always
route node-port default/web:http tcp @accepted:30020 -> balance default/web:http masquerade always
route node-port default/sticky:http tcp @accepted:30030 from pod -> balance default/sticky:http affinity 600s ; -> balance default/sticky:http local affinity 600s
route host-port pod tcp @local:5001 inside hp -> balance zhp masquerade always ; -> balance zhp
route host-port pod tcp @5020:5002 -> balance zhp
CHECKS
)";

const std::string nftables_checks = R"(stage check default/nope:http tcp @accepted:30050 input new -> reject
stage check default/empty:http tcp @9650:80 input forward output new -> reject
stage check default/web:http tcp @4205:8080 input forward output new -> drop
stage check "hygiene default/web" any @9620 forward output new -> reject
stage check hygiene any @9600/24 forward output new -> drop
stage check policy any forward any-state foreign -> drop)";  // in dialect iptables nftables can't accept past it
const std::string iptables_checks = R"(stage check martian martian input output any-state -> drop
stage check default/ranged:http tcp @8170:80 outside default/ranged input forward output new -> drop
stage check health tcp @local:31000 input any-state -> accept
stage check invalid any forward invalid -> drop
stage check mark marked forward any-state -> accept
stage check established any forward established -> accept
stage check default/empty:http tcp @9650:80 forward output new -> reject
stage check default/loc:http tcp @8140:80 input forward new -> drop
stage check default/web:http tcp @4205:8080 input forward output new -> drop
stage check default/nope:http tcp @local:30050 input forward new -> reject)";

void replace(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

// `@4105` is 10.41.0.5 or fd00::41:5 (`:port` behind it wants brackets).
std::string with_addresses(const std::string& text, bool v4) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '@' || i + 4 >= text.size() || std::isdigit(static_cast<unsigned char>(text[i + 1])) == 0) {
      out += text[i];
      continue;
    }
    const std::string net = text.substr(i + 1, 2), host = text.substr(i + 3, 2);
    i += 4;
    const bool port = i + 1 < text.size() && text[i + 1] == ':';
    const bool prefix = i + 1 < text.size() && text[i + 1] == '/';
    if (v4) {
      out += "10." + net + ".0." + std::to_string(std::stoi(host));
    } else {
      const std::string address =
          host == "00" ? "fd00:" + net + "::" : "fd00:" + net + "::" + std::to_string(std::stoi(host));
      out += port ? "[" + address + "]" : address;
      if (prefix) {
        const std::size_t end = text.find_first_not_of("0123456789", i + 2);
        out += text.substr(i + 2, end - i - 2) == "32" ? "/128" : "/32";
        i = end - 1;
      }
    }
  }
  return out;
}

ir::Program feature_program(bool v4, bool nft) {
  std::string text = features;
  replace(text, "PRE", nft ? "stage pre default/web:http tcp @8170:80 allow default/ranged else drop" : "");
  replace(text, "GUARD", nft ? "" : "outside default/ranged -> fall ;");
  replace(text, "END", nft ? "stop" : "fall");
  replace(text, "CHECKS", nft ? nftables_checks : iptables_checks);
  if (!nft) replace(text, "accepted @5010", "accepted every-local loopback");
  text = std::string("program n1 ") + (v4 ? "ipv4" : "ipv6") + " dialect " + (nft ? "nftables" : "iptables") + "\n" +
         with_addresses(text, v4);
  return nftables::test::program(text);
}

// Every address of the program, its neighbours and an outsider; every port and its neighbours.
std::vector<net::Packet> packets(const ir::Program& p) {
  std::set<net::Address> addresses{
      p.family == net::Family::ipv4 ? net::Address::v4(0x7F000001) : *net::Address::parse("::1"),
      *net::Address::parse(p.family == net::Family::ipv4 ? "203.0.113.9" : "2001:db8::9")};
  std::set<std::pair<net::Protocol, std::uint16_t>> ports{{net::Protocol::icmp, 0}};
  const auto key = [&](const ir::RouteKey& k) {
    if (k.address) addresses.insert(*k.address);
    for (const int d : {-1, 0, 1}) ports.insert({k.protocol, static_cast<std::uint16_t>(k.port + d)});
  };
  for (const auto& r : p.routes) key(r.key);
  for (const auto& a : p.local_addresses) addresses.insert(a);
  for (const auto& pool : p.pools) {
    for (const auto& e : pool.entries) {
      addresses.insert({e.address});
      ports.insert({pool.protocol, e.port});
    }
  }
  for (const auto& r : p.ranges) {
    for (const auto& prefix : r.sources.prefixes()) addresses.insert({prefix.last(), *prefix.last().next()});
  }
  for (const auto& c : p.checks) {
    if (const auto* to = std::get_if<ir::ToFrontend>(&c.match)) key(to->key);
    if (const auto* to = std::get_if<ir::ToNodePort>(&c.match)) ports.insert({to->protocol, to->port});
    if (const auto* to = std::get_if<ir::ToPrefix>(&c.match)) addresses.insert(to->prefix.last());
  }
  std::vector<net::Packet> out;
  for (const auto& src : addresses) {
    for (const auto& dst : addresses) {
      for (const auto& [protocol, port] : ports) {
        for (const auto from : {net::PacketFrom::pod, net::PacketFrom::external, net::PacketFrom::node}) {
          out.push_back({from, src, dst, protocol, 0, port, {}, {}});
        }
      }
    }
  }
  return out;
}

struct Tally {
  std::size_t compared = 0, translated = 0, refused = 0;
};

void compare(const netfilter::Evaluator& evaluator, const netfilter::NodeFacts& facts,
             const ir::Interpreter& interpreter, const net::Packet& p, const ir::Memory& memory, Tally& tally) {
  const ir::Fate meaning = interpreter.fate(p, memory);
  const netfilter::Evaluation text = evaluator.evaluate(facts, p, memory);
  ++tally.compared;
  tally.translated += meaning.kind == ir::Fate::Kind::dnat ? 1U : 0U;
  tally.refused += meaning.kind == ir::Fate::Kind::drop || meaning.kind == ir::Fate::Kind::reject ? 1U : 0U;
  if (text.not_modelled.empty() && ir::equal(meaning, text.fate, p)) return;
  FAIL_CHECK(p.text() << " from " << net::to_string(p.from) << ": meaning " << ir::text(meaning) << ", text "
                      << ir::text(text.fate) << text.not_modelled);
}

}  // namespace

TEST_CASE("agreement: the ruleset's text gives every packet the program's fate") {
  for (const bool v4 : {true, false}) {
    for (const bool nft : {true, false}) {
      const ir::Program p = feature_program(v4, nft);
      const auto result = nftables::test::read_text(nftables::test::lowered(p));
      INFO(result.error);
      REQUIRE(result.ruleset);
      netfilter::Model model = nftables::model(*result.ruleset, std::span(&p, 1));
      netfilter::add_foreign_checks(model, p);
      const netfilter::Evaluator evaluator(model);
      const netfilter::NodeFacts facts = netfilter::facts(p);
      const ir::Interpreter interpreter(p);
      Tally tally;
      std::size_t i = 0;
      for (net::Packet packet : packets(p)) {
        compare(evaluator, facts, interpreter, packet, {}, tally);
        const ir::Fate fate = interpreter.fate(packet);
        if (fate.affinity_seconds) {
          ir::Memory memory;
          for (auto t = fate.targets.rbegin(); t != fate.targets.rend(); ++t) {
            memory.remember(packet.src, t->label);
            compare(evaluator, facts, interpreter, packet, memory, tally);
          }
        }
        if (++i % 7 != 0) continue;
        for (const auto state :
             {net::ConntrackState::established, net::ConntrackState::related, net::ConntrackState::invalid}) {
          packet.ct_state = state;
          compare(evaluator, facts, interpreter, packet, {}, tally);
        }
      }
      CHECK(tally.compared > 20000);
      CHECK(tally.translated > 300);
      CHECK(tally.refused > 300);
    }
  }
}

TEST_CASE("agreement: a text that was tampered with does not agree") {
  const ir::Program p = feature_program(true, true);
  const std::string text = nftables::test::lowered(p);
  const ir::Interpreter interpreter(p);
  const auto all = packets(p);
  struct Row {
    const char* from;
    const char* to;
  };
  for (const Row& row : std::vector<Row>{
           {"10.42.0.5 . 8080", "10.42.0.5 . 8081"},  // an endpoint's port
           {"numgen random mod 3 map @endpoints_tcp",
            "numgen random mod 2 map @endpoints_tcp"},                                 // an endpoint never taken
           {"ip saddr != 10.40.0.0/16 meta mark", "ip saddr 10.40.0.0/16 meta mark"},  // masquerade the wrong way
           {"fib saddr type local meta mark set meta mark | 0x00004000 ", "fib saddr type local "},
           {"iifname != \"lo\" ct state new ip daddr . meta l4proto . th dport @ranged",
            "iifname \"lo\" ct state new ip daddr . meta l4proto . th dport @ranged"},
           {"10.96.0.50 . tcp . 80 comment \"default/empty:http\" : goto refuse",
            "10.96.0.50 . tcp . 80 comment \"default/empty:http\" : drop"},
           {"offset 1 map @label_of", "offset 2 map @label_of"},  // asks another endpoint's memory
           {"tcp . 5001 . 10.41.0.0/24", "tcp . 5001 . 10.41.0.0/25"},
           {"hairpin masquerade", "hairpin continue"},
       }) {
    std::string broken = text;
    const std::size_t at = broken.find(row.from);
    INFO(row.from);
    REQUIRE(at != std::string::npos);
    replace(broken, row.from, row.to);
    const auto result = nftables::test::read_text(broken);
    INFO(result.error);
    REQUIRE(result.ruleset);
    const netfilter::Model model = nftables::model(*result.ruleset, std::span(&p, 1));
    const netfilter::Evaluator evaluator(model);
    const auto differs = [&](const net::Packet& packet) {
      ir::Memory memory;
      const ir::Fate first = interpreter.fate(packet);
      if (first.affinity_seconds && first.targets.size() > 1) memory.remember(packet.src, first.targets[1].label);
      const auto e = evaluator.evaluate(netfilter::facts(p), packet, memory);
      return !e.not_modelled.empty() || !ir::equal(interpreter.fate(packet, memory), e.fate, packet);
    };
    CHECK(std::ranges::any_of(all, differs));
  }
}
