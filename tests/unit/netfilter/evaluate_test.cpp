// The kernel's rules of hooks, chains and translation, on rulesets made by hand. The node is 192.168.50.10.
#include "backends/netfilter/evaluate.hpp"

#include <catch2/catch.hpp>

#include "backends/netfilter/surroundings.hpp"
#include "compiler/base/error.hpp"

namespace {

using namespace portcullis;
using namespace portcullis::netfilter;
using net::PacketFrom;

net::Address address(const char* text) {
  return *net::Address::parse(text);
}

class World {
 public:
  ChainId chain(std::vector<std::vector<Statement>> rules) {
    Chain c;
    c.name = "c" + std::to_string(model.chains.size());
    for (auto& r : rules) c.rules.push_back({std::move(r), {}});
    model.chains.push_back(std::move(c));
    return static_cast<ChainId>(model.chains.size() - 1);
  }
  ChainId base(ChainType type, Hook hook, std::int32_t priority, std::vector<std::vector<Statement>> rules,
               bool drop = false) {
    const ChainId id = chain(std::move(rules));
    model.chains[id].base = BaseHook{type, hook, priority, drop};
    return id;
  }
  std::string fate(PacketFrom from, const char* src, const char* dst, std::uint16_t port = 80,
                   net::ConntrackState state = net::ConntrackState::fresh) const {
    net::Packet p{from, address(src), address(dst), net::Protocol::tcp, 0, port, {}, state};
    const Evaluation e = evaluate(p);
    return e.not_modelled.empty() ? ir::text(e.fate) : "? " + e.not_modelled;
  }
  Evaluation evaluate(const net::Packet& p, const ir::Memory& memory = {}) const {
    return Evaluator(model).evaluate({{address("192.168.50.10")}, {}}, p, memory);
  }
  Model model;
};

Term term(Field field) {
  return {field, Value::all_ones(), {}};
}
Term constant(const net::Address& a) {
  return {Constant{Value::address(a), 1}, Value::all_ones(), {}};
}
Term constant(std::uint32_t n) {
  return {Constant{Value::number(n), 1}, Value::all_ones(), {}};
}

Statement to(const char* dst) {
  return Match{{term(Field::ip4_destination)}, Equals{Value::address(address(dst))}, false};
}
Statement bits(Field field, std::uint32_t mask, bool negated = false) {
  return Match{{term(field)}, AnyBit{mask}, negated};
}
Statement dnat(const char* dst, std::uint16_t port = 8080) {
  return Translate{{{constant(address(dst)), constant(port)}, {}}, net::Family::ipv4, true};
}
Statement verdict(Verdict::Kind kind, ChainId chain = 0) {
  return Decide{{kind, chain}};
}
Statement mark(std::uint32_t value) {
  return Assign{Field::mark, {{constant(value)}, {}}};
}
Statement is_marked(std::uint32_t value) {
  return Match{{term(Field::mark)}, Equals{Value::number(value)}, false};
}

constexpr auto external = PacketFrom::external;
constexpr auto node = PacketFrom::node;
constexpr auto drop = Verdict::Kind::drop;
constexpr auto accept = Verdict::Kind::accept;

}  // namespace

TEST_CASE("evaluate: an empty node passes packets") {
  const World w;
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "none");
  CHECK(w.fate(node, "192.168.50.10", "192.168.50.10") == "none");
}

TEST_CASE("evaluate: the destination after translation decides between input and forward") {
  World w;
  w.base(ChainType::nat, Hook::prerouting, -100,
         {{to("10.96.0.20"), dnat("10.40.1.5")}, {to("10.96.0.30"), dnat("192.168.50.10")}});
  w.base(ChainType::filter, Hook::forward, 0, {{Reject{}}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "reject");
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.30") == "dnat 192.168.50.10:8080");
  // Packets of this node meet output, not prerouting.
  CHECK(w.fate(node, "192.168.50.10", "10.96.0.20") == "none");
}

TEST_CASE("evaluate: accept ends its own base chain, drop the packet") {
  World w;
  w.base(ChainType::filter, Hook::forward, 0, {{verdict(accept)}, {verdict(drop)}});
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7") == "accept");
  w.base(ChainType::filter, Hook::forward, 10, {}, true);
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7") == "drop");
}

TEST_CASE("evaluate: base chains run by priority, nat chains at one place") {
  World w;
  // Says −300, runs at −100 all the same: behind the mark at −150.
  w.base(ChainType::nat, Hook::prerouting, -300, {{is_marked(1), dnat("10.40.1.5")}});
  w.base(ChainType::filter, Hook::prerouting, -150, {{mark(1)}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "dnat 10.40.1.5:8080");
}

TEST_CASE("evaluate: the first nat chain that translates ends them") {
  World w;
  w.base(ChainType::nat, Hook::prerouting, -100, {{to("10.96.0.20"), dnat("10.40.1.5")}});
  w.base(ChainType::nat, Hook::prerouting, -90, {{dnat("10.40.1.6")}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "dnat 10.40.1.5:8080");
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.21") == "dnat 10.40.1.6:8080");
}

TEST_CASE("evaluate: nat chains see first packets only") {
  World w;
  w.base(ChainType::nat, Hook::prerouting, -100, {{dnat("10.40.1.5")}});
  using enum net::ConntrackState;
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20", 80, fresh) == "dnat 10.40.1.5:8080");
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20", 80, established) == "none");
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20", 80, invalid) == "none");
}

TEST_CASE("evaluate: jump comes back, goto comes back to the caller, return ends the chain") {
  World w;
  const ChainId empty = w.chain({});
  const ChainId returns = w.chain({{verdict(Verdict::Kind::back)}, {verdict(drop)}});
  const ChainId goes = w.chain({{verdict(Verdict::Kind::go_to, empty)}, {verdict(drop)}});
  w.base(ChainType::filter, Hook::forward, 0,
         {{verdict(Verdict::Kind::jump, returns)}, {verdict(Verdict::Kind::jump, goes)}, {Reject{}}});
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7") == "reject");
  World out;
  const ChainId target = out.chain({});
  out.base(ChainType::filter, Hook::forward, 0, {{verdict(Verdict::Kind::go_to, target)}, {Reject{}}}, true);
  CHECK(out.fate(external, "203.0.113.9", "198.51.100.7") == "drop");  // from the goto's end to the policy
}

TEST_CASE("evaluate: a packet between local addresses meets output, postrouting, prerouting, input") {
  World w;
  w.base(ChainType::nat, Hook::output, -100, {{to("10.96.0.20"), dnat("192.168.50.10")}});
  w.base(ChainType::nat, Hook::prerouting, -100,
         {{dnat("10.40.1.5")}});  // not for a packet that was translated at output
  const Statement from_lo = Match{{term(Field::input_interface)}, Equals{Value::interface("lo")}, false};
  w.base(ChainType::filter, Hook::prerouting, -150, {{from_lo, mark(7)}});
  w.base(ChainType::filter, Hook::input, 0,
         {{is_marked(7), Match{{term(Field::destination_port)}, Equals{Value::number(8080)}, false}, verdict(drop)}});
  CHECK(w.fate(node, "192.168.50.10", "10.96.0.20") == "drop");
  CHECK(w.fate(node, "192.168.50.10", "192.168.50.10") == "none");
}

TEST_CASE("evaluate: masquerade is postrouting's, and a wish for packets that end here") {
  World w;
  w.base(
      ChainType::nat, Hook::prerouting, -100,
      {{to("10.96.0.20"), mark(0x4000), dnat("10.40.1.5")}, {to("10.96.0.30"), mark(0x4000), dnat("192.168.50.10")}});
  w.base(ChainType::nat, Hook::postrouting, 100, {{is_marked(0x4000), Masquerade{}}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "dnat 10.40.1.5:8080*");
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.30") == "dnat 192.168.50.10:8080*");
}

TEST_CASE("evaluate: conntrack says dnat only if something changed, and nothing of invalid packets") {
  World w;
  w.base(ChainType::nat, Hook::prerouting, -100,
         {{to("10.40.1.5"), dnat("10.40.1.5")}, {to("10.96.0.20"), dnat("10.40.1.5")}});
  w.base(
      ChainType::filter, Hook::forward, 0,
      {{bits(Field::ct_status, status::dnat), Reject{}}, {bits(Field::ct_status, status::dnat, true), verdict(drop)}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "reject");
  CHECK(w.fate(external, "203.0.113.9", "10.40.1.5", 8080) == "drop");
  CHECK(w.fate(external, "203.0.113.9", "10.40.1.5", 8081) == "reject");
  CHECK(w.fate(external, "203.0.113.9", "10.40.1.5", 8080, net::ConntrackState::invalid) ==
        "none");  // both tests break off
}

TEST_CASE("evaluate: random choices are taken one after the other") {
  World w;
  const ChainId a = w.chain({{dnat("10.40.1.5")}}), b = w.chain({{dnat("10.40.1.6")}});
  Set map;
  map.key = {1};
  map.holds = Set::Data::verdicts;
  map.lows = {0, 1, 2};
  map.verdicts = {{Verdict::Kind::go_to, a}, {Verdict::Kind::go_to, b}, {Verdict::Kind::go_to, a}};
  w.model.sets.push_back(map);
  w.base(ChainType::nat, Hook::prerouting, -100, {{DecideByMap{{{Random{3, 0}, Value::all_ones(), {}}}, 0}}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "dnat 10.40.1.5:8080×2 10.40.1.6:8080");
  // A hole: the packet is translated or not, by chance. No fate says that.
  w.model.sets[0].lows.pop_back();
  w.model.sets[0].verdicts.pop_back();
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20").starts_with("? whether the packet is translated"));
}

TEST_CASE("evaluate: statistic's chain, one rule an endpoint") {
  World w;
  w.base(ChainType::nat, Hook::prerouting, -100,
         {{Chance{1, 3}, dnat("10.40.1.5")}, {Chance{1, 2}, dnat("10.40.1.6")}, {dnat("10.40.1.7")}});
  CHECK(w.fate(external, "203.0.113.9", "10.96.0.20") == "dnat 10.40.1.5:8080 10.40.1.6:8080 10.40.1.7:8080");
}

TEST_CASE("evaluate: memory is asked by source and label, and renewed") {
  World w;
  Set memory;
  memory.name = "endpoint-a";
  memory.key = {1};
  memory.dynamic = true;
  memory.timeout_seconds = 600;
  memory.labels[{}] = "default/web:http 10.40.1.5:8080";
  w.model.sets.push_back(memory);
  const std::vector<Term> source{term(Field::ip4_source)};
  w.base(ChainType::nat, Hook::prerouting, -100,
         {{Match{source, InSet{0}, false}, Update{Update::Operation::refresh, 0, source, {}}, dnat("10.40.1.5")},
          {dnat("10.40.1.6")}});
  const net::Packet p{external, address("203.0.113.9"), address("10.96.0.20"), net::Protocol::tcp, 0, 80, {}, {}};
  CHECK(ir::text(w.evaluate(p).fate) == "dnat 10.40.1.6:8080");
  ir::Memory remembered;
  remembered.remember(p.src, "default/web:http 10.40.1.5:8080");
  const Evaluation e = w.evaluate(p, remembered);
  CHECK(ir::text(e.fate) == "dnat 10.40.1.5:8080 sticky 600s");
  CHECK(e.fate.targets.front().label == "default/web:http 10.40.1.5:8080");
}

TEST_CASE("evaluate: what has no model stops it aloud, where it is reached") {
  World w;
  w.base(ChainType::filter, Hook::forward, 0, {{to("198.51.100.7"), Unmodelled{"limit rate 5/second"}}});
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7") == "? limit rate 5/second");
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.8") == "none");
  const net::Packet p{external, address("203.0.113.9"), address("198.51.100.7"), net::Protocol::tcp, 0, 80, {}, {}};
  CHECK_THROWS_AS(Evaluator(w.model).fate({}, p), base::InternalError);
}

TEST_CASE("evaluate: a match that is not known says what it is told, hook by hook") {
  World w;
  w.model.opaque.push_back({"-m geoip", {}});
  w.base(ChainType::filter, Hook::forward, 0, {{to("198.51.100.7"), Opaque{0}, verdict(drop)}});
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7") == "? `-m geoip` is not known");
  const net::Packet p{external, address("203.0.113.9"), address("198.51.100.7"), net::Protocol::tcp, 0, 80, {}, {}};
  const auto fate = [&](const Answers& answers) {
    return ir::text(Evaluator(w.model).evaluate({}, p, {}, &answers).fate);
  };
  CHECK(fate({}) == "none");
  CHECK(fate({{0, Hook::forward}}) == "drop");
  CHECK(fate({{0, Hook::input}}) == "none");
}

TEST_CASE("evaluate: the rule that decides is named, with the way to it") {
  World w;
  const auto at = [](std::uint32_t line) { return base::SourceSpan{1, line, line + 1}; };
  const ChainId endpoints = w.chain({{Chance{1, 2}, dnat("10.40.1.5")}, {dnat("10.40.1.6")}});
  const ChainId service = w.chain({{verdict(Verdict::Kind::go_to, endpoints)}});
  const ChainId passed = w.chain({{mark(1)}});
  const ChainId services =
      w.base(ChainType::nat, Hook::prerouting, -100,
             {{verdict(Verdict::Kind::jump, passed)}, {to("10.96.0.20"), verdict(Verdict::Kind::jump, service)}});
  const ChainId forward = w.base(ChainType::filter, Hook::forward, 0, {{to("10.40.1.6"), Reject{}}, {verdict(accept)}});
  const ChainId last = w.base(ChainType::nat, Hook::postrouting, 100, {{is_marked(1), Masquerade{}}});
  std::uint32_t line = 0;
  for (const ChainId id : {endpoints, service, passed, services, forward, last}) {
    for (Rule& rule : w.model.chains[id].rules) rule.span = at(++line);
  }
  net::Packet p{external, address("203.0.113.9"), address("10.96.0.20"), net::Protocol::tcp, 0, 80, {}, {}};
  const Evaluation e = w.evaluate(p);
  CHECK(ir::text(e.fate) == "dnat 10.40.1.5:8080* 10.40.1.6:8080(reject)");
  REQUIRE(e.because.size() == 2);
  CHECK(e.because[0].rule == at(1));
  CHECK(e.because[0].masquerade == at(9));
  CHECK(e.because[0].way == std::vector{at(6), at(3)});
  CHECK(e.because[1].rule == at(7));  // what refuses it, not what translates it
  CHECK(e.because[1].way.empty());
  p.dst = address("198.51.100.7");
  REQUIRE(w.evaluate(p).because.size() == 1);
  CHECK(w.evaluate(p).because[0].rule == at(8));
}

TEST_CASE("evaluate: a circle of gotos ends") {
  World w;
  const ChainId self = w.chain({});
  w.model.chains[self].rules.push_back({{verdict(Verdict::Kind::go_to, self)}, {}});
  w.base(ChainType::filter, Hook::forward, 0, {{verdict(Verdict::Kind::go_to, self)}});
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7").starts_with("? a circle"));
}

TEST_CASE("evaluate: conntrack is not asked before it has seen the packet") {
  World w;
  w.base(ChainType::filter, Hook::prerouting, -300, {{bits(Field::ct_state, state::fresh), verdict(drop)}});
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7").starts_with("? chain c0 asks conntrack"));
}

TEST_CASE("evaluate: rules and look-ups of the costliest branch") {
  World w;
  Set set;
  set.key = {1};
  set.lows = {1};
  w.model.sets.push_back(set);
  const Statement marked = Match{{term(Field::mark)}, InSet{0}, false};
  w.base(ChainType::filter, Hook::forward, 0, {{marked, verdict(drop)}, {Chance{1, 2}, verdict(accept)}, {marked}});
  const net::Packet p{external, address("203.0.113.9"), address("198.51.100.7"), net::Protocol::tcp, 0, 80, {}, {}};
  ir::Memory none;
  CHECK(w.evaluate(p, none).cost == Cost{3, 2});
}

TEST_CASE("evaluate: a foreign policy that the profile states") {
  World w;
  ir::Program program;
  program.family = net::Family::ipv4;
  program.checks.push_back(
      {"foreign policy", {false, true, false}, ir::States::any, ir::AnyPacket{}, ir::Verdict::drop, {}, true});
  add_foreign_checks(w.model, program);
  CHECK(w.fate(external, "203.0.113.9", "198.51.100.7") == "drop");
  CHECK(w.fate(external, "203.0.113.9", "192.168.50.10") == "none");
}
