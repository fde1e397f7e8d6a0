#include "verifier/specialise/chain_index.hpp"

#include <algorithm>

#include "verifier/specialise/questions.hpp"

namespace portcullis::specialise {

using namespace netfilter;

namespace {

Words words(const Value& address, std::uint32_t protocol, std::uint32_t port) {
  return {{address.words[0], address.words[1], address.words[2], address.words[3], protocol, port}};
}

void lower(std::uint32_t& best, const std::vector<std::uint32_t>& rules, std::uint32_t from) {
  const auto at = std::ranges::lower_bound(rules, from);
  if (at != rules.end()) best = std::min(best, *at);
}

template <class Map, class Of>
const std::vector<std::uint32_t>* find(const Map& map, const Of& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

}  // namespace

ChainIndex::ChainIndex(const Chain& chain, net::Family family)
    : family_(family), size_(static_cast<std::uint32_t>(chain.rules.size())) {
  for (std::uint32_t i = 0; i < size_; ++i) add(asks(chain.rules[i]), i);
}

// Matches in front of everything else; those that are negated, under a mask or of a set are passed over.
ChainIndex::Asks ChainIndex::asks(const Rule& rule) const {
  const bool ipv4 = family_ == net::Family::ipv4;
  Asks out;
  for (const Statement& s : rule.statements) {
    const auto* match = std::get_if<Match>(&s);
    if (match == nullptr) break;
    const auto* equals = std::get_if<Equals>(&match->test);
    if (match->negated || equals == nullptr || match->key.size() != 1) continue;
    const Term& term = match->key.front();
    const auto* field = std::get_if<Field>(&term.source);
    if (field == nullptr || term.flip != Value{} || !whole(term.mask, netfilter::width(*field))) continue;
    if (*field == (ipv4 ? Field::ip4_destination : Field::ip6_destination)) out.address = &equals->value;
    if (*field == Field::protocol) out.protocol = equals->value.words[0];
    if (*field == Field::destination_port) out.port = equals->value.words[0];
    if (*field == Field::fib_destination_type) out.local = out.local || equals->value == Value::number(fib::local);
  }
  return out;
}

void ChainIndex::add(const Asks& asks, std::uint32_t rule) {
  const bool port = asks.protocol && asks.port;
  if (asks.address != nullptr) {
    addresses_.push_back(asks.address->to_address(family_));
    if (!port) {
      of_address_[words(*asks.address, 0, 0)].push_back(rule);
      return;
    }
    of_port_at_[words(*asks.address, *asks.protocol, *asks.port)].push_back(rule);
    ports_at_[words(*asks.address, *asks.protocol, 0)].push_back(*asks.port);
  } else if (port) {
    (asks.local ? of_local_ : of_port_)[words({}, *asks.protocol, *asks.port)].push_back(rule);
    (asks.local ? local_ports_ : ports_)[*asks.protocol].push_back(*asks.port);
  } else {
    rest_.push_back(rule);
  }
}

std::uint32_t ChainIndex::next(std::uint32_t from, const Key& key, bool local) const {
  std::uint32_t best = size_;
  const Value address = Value::address(key.destination);
  const auto among = [&](const Rules* rules) {
    if (rules != nullptr) lower(best, *rules, from);
  };
  lower(best, rest_, from);
  among(find(of_address_, words(address, 0, 0)));
  if (key.protocol == net::Protocol::icmp) return best;
  const std::uint32_t protocol = net::number(key.protocol, family_);
  among(find(of_port_at_, words(address, protocol, key.port)));
  among(find(of_port_, words({}, protocol, key.port)));
  if (local) among(find(of_local_, words({}, protocol, key.port)));
  return best;
}

std::vector<AddressCut> ChainIndex::address_cuts() const {
  std::vector<AddressCut> cuts;
  cuts.reserve(addresses_.size());
  for (const net::Address& a : addresses_) cuts.push_back({a, a});
  return cuts;
}

void ChainIndex::port_cuts(const net::Address& destination, net::Protocol protocol, bool local,
                           std::vector<PortCut>& cuts) const {
  if (protocol == net::Protocol::icmp) return;
  const std::uint32_t number = net::number(protocol, family_);
  const auto add = [&](const Rules* ports) {
    if (ports == nullptr) return;
    for (const std::uint32_t port : *ports)
      cuts.push_back({static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(port)});
  };
  add(find(ports_at_, words(Value::address(destination), number, 0)));
  add(find(ports_, number));
  if (local) add(find(local_ports_, number));
}

}  // namespace portcullis::specialise
