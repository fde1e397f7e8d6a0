// The index of a long chain against a look at each of its rules.
#include "verifier/specialise/chain_index.hpp"

#include <random>
#include <set>

#include <catch2/catch.hpp>

namespace {

using namespace portcullis;
using namespace netfilter;
using specialise::ChainIndex;
using specialise::Key;

Match equals(Field field, std::uint32_t value, bool negated = false) {
  return {{{field, Value::all_ones(), {}}}, Equals{Value::number(value)}, negated};
}

net::Address address(std::uint32_t last) {
  return net::Address::v4(0x0A600000 + last);
}

// Up to four matches of a rule, on few enough values for packets to meet.
Rule random_rule(std::mt19937& random) {
  const auto up_to = [&](std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n)(random); };
  Rule rule;
  if (up_to(2) != 0) rule.statements.emplace_back(equals(Field::ip4_destination, 0x0A600000 + up_to(5), up_to(5) == 0));
  if (up_to(3) == 0) rule.statements.emplace_back(equals(Field::mark, 1));
  if (up_to(2) != 0) rule.statements.emplace_back(equals(Field::protocol, up_to(1) == 0 ? 6 : 17));
  if (up_to(2) != 0) rule.statements.emplace_back(equals(Field::destination_port, 80 + up_to(3)));
  if (up_to(3) == 0) rule.statements.emplace_back(equals(Field::fib_destination_type, fib::local));
  rule.statements.emplace_back(Decide{{Verdict::Kind::back, 0}});
  if (up_to(3) == 0) rule.statements.emplace_back(equals(Field::destination_port, 9));  // behind a statement
  return rule;
}

// Whether no match on the destination in front of the first statement fails.
bool may_match(const Rule& rule, const Key& key, bool local) {
  for (const Statement& s : rule.statements) {
    const auto* m = std::get_if<Match>(&s);
    if (m == nullptr) return true;
    const Value& value = std::get<Equals>(m->test).value;
    bool holds = true;
    switch (std::get<Field>(m->key.front().source)) {
      case Field::ip4_destination:
        holds = (value == Value::address(key.destination)) != m->negated;
        break;
      case Field::protocol:
        holds = value == Value::number(net::number(key.protocol, net::Family::ipv4));
        break;
      case Field::destination_port:
        holds = value == Value::number(key.port) && key.protocol != net::Protocol::icmp;
        break;
      case Field::fib_destination_type:
        holds = local;
        break;
      default:
        break;
    }
    if (!holds) return false;
  }
  return true;
}

std::vector<std::uint32_t> visited(const ChainIndex& index, std::size_t rules, const Key& key, bool local) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t at = index.next(0, key, local); at < rules; at = index.next(at + 1, key, local)) out.push_back(at);
  return out;
}

}  // namespace

TEST_CASE("chain index: no rule that may match is passed over, and cuts tell all answers apart") {
  std::size_t passed_over = 0;
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    Chain chain;
    for (int i = 0; i < 40; ++i) chain.rules.push_back(random_rule(random));
    const ChainIndex index(chain, net::Family::ipv4);
    for (const net::Protocol protocol :
         {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp, net::Protocol::icmp}) {
      std::set<net::Address> cut_addresses;
      std::vector<specialise::AddressCut> address_cuts;
      index.address_cuts(protocol, address_cuts);
      for (const auto& cut : address_cuts) cut_addresses.insert(cut.low);
      for (const bool local : {false, true}) {
        std::vector<std::uint32_t> uncut_address;  // at a port that no cut names
        for (std::uint32_t last = 0; last < 9; ++last) {
          std::vector<specialise::PortCut> cuts;
          index.port_cuts(address(last), protocol, local, cuts);
          std::set<std::uint16_t> cut_ports;
          for (const auto& cut : cuts) cut_ports.insert(cut.low);
          std::vector<std::uint32_t> uncut_port;
          for (std::uint16_t port = 78; port < 86; ++port) {
            const Key key{address(last), protocol, port};
            const auto seen = visited(index, chain.rules.size(), key, local);
            passed_over += chain.rules.size() - seen.size();
            for (std::uint32_t r = 0; r < chain.rules.size(); ++r) {
              if (may_match(chain.rules[r], key, local)) CHECK(std::ranges::find(seen, r) != seen.end());
            }
            if (cut_ports.contains(port)) continue;
            if (port == 78) uncut_port = seen;
            CHECK(seen == uncut_port);
          }
          if (cut_addresses.contains(address(last))) continue;
          if (uncut_address.empty()) uncut_address = uncut_port;
          CHECK(uncut_port == uncut_address);
        }
      }
    }
  }
  CHECK(passed_over > 100'000);
}
