#include "verifier/specialise/chain_index.hpp"

#include <algorithm>

#include "verifier/specialise/questions.hpp"

namespace portcullis::specialise {

using namespace netfilter;

namespace {

// The kind of an address that rules ask for with a port alone.
constexpr std::uint32_t with_port = 1;
// Kinds of those that rules ask for alone.
constexpr std::uint32_t first_kind_of_rule = 2;

using TableKey = std::array<std::uint32_t, 6>;

TableKey words(const Value& address, std::uint32_t protocol, std::uint32_t port) {
  return {address.words[0], address.words[1], address.words[2], address.words[3], protocol, port};
}

// The first rule from `from` on that is there under the key.
template <class Table>
void lower(std::uint32_t& best, const Table& table, const TableKey& key, std::uint32_t from) {
  if (table.empty()) return;
  const auto at = std::ranges::lower_bound(table, std::pair(key, from));
  if (at != table.end() && at->first == key) best = std::min(best, at->second);
}

// The ports that are there under the rest of the key.
template <class Table, class Each>
void each_port(const Table& table, TableKey key, const Each& each) {
  key.back() = 0;
  for (auto at = std::ranges::lower_bound(table, std::pair(key, std::uint32_t{0})); at != table.end(); ++at) {
    if (!std::equal(key.begin(), key.end() - 1, at->first.begin())) return;
    each(static_cast<std::uint16_t>(at->first.back()));
  }
}

}  // namespace

ChainIndex::ChainIndex(const Chain& chain, net::Family family)
    : family_(family), size_(static_cast<std::uint32_t>(chain.rules.size())), implied_(chain.rules.size()) {
  for (std::uint32_t i = 0; i < size_; ++i) add(asks(chain.rules[i]), chain.rules[i], i);
  for (Table* table : {&of_port_at_, &of_address_, &of_port_, &of_local_}) std::ranges::sort(*table);
  for (auto& [mask, table] : of_prefix_) std::ranges::sort(table);
  settle_kinds();
}

// Two rules of one address may be in either order.
void ChainIndex::settle_kinds() {
  for (AddressCut& cut : cuts_) {
    if (cut.kind == like_no_other) continue;
    const TableKey key = words(Value::address(cut.low), 0, 0);
    const auto at = std::ranges::lower_bound(of_address_, std::pair(key, std::uint32_t{0}));
    if (at + 1 != of_address_.end() && (at + 1)->first == key) cut.kind = like_no_other;
  }
}

// Matches in front of everything else; those that are negated, under a mask that is no prefix, or of a set are passed
// over.
ChainIndex::Asks ChainIndex::asks(const Rule& rule) const {
  const bool ipv4 = family_ == net::Family::ipv4;
  Asks out;
  for (std::uint32_t i = 0; i < rule.statements.size(); ++i) {
    const auto* match = std::get_if<Match>(&rule.statements[i]);
    if (match == nullptr) break;
    const auto* equals = std::get_if<Equals>(&match->test);
    if (match->negated || equals == nullptr || match->key.size() != 1) continue;
    const Term& term = match->key.front();
    const auto* field = std::get_if<Field>(&term.source);
    if (field == nullptr || term.flip != Value{}) continue;
    if (*field == (ipv4 ? Field::ip4_destination : Field::ip6_destination)) {
      if (whole(term.mask, netfilter::width(*field))) {
        out.address = &equals->value;
        out.at_address = i;
      } else if (is_prefix(term.mask, netfilter::width(*field)) && (equals->value & term.mask) == equals->value) {
        out.prefix = &equals->value;
        out.mask = &term.mask;
        out.at_prefix = i;
      }
    }
    if (!whole(term.mask, netfilter::width(*field))) continue;
    if (*field == Field::protocol) {
      out.protocol = equals->value.words[0];
      out.at_protocol = i;
    }
    if (*field == Field::destination_port) {
      out.port = equals->value.words[0];
      out.at_port = i;
    }
    if (*field == Field::fib_destination_type) out.local = out.local || equals->value == Value::number(fib::local);
  }
  return out;
}

void ChainIndex::add(const Asks& asks, const Rule& rule, std::uint32_t number) {
  const bool port = asks.protocol && asks.port;
  const auto imply = [&](std::uint32_t statement) {
    if (statement < 32) implied_[number] |= 1U << statement;
  };
  if (asks.address != nullptr || asks.prefix != nullptr || port) ++asking_;
  if (port && (asks.address != nullptr || asks.prefix == nullptr)) {
    imply(asks.at_protocol);
    imply(asks.at_port);
  }
  if (asks.address != nullptr) {
    imply(asks.at_address);
    if (port) {
      of_port_at_.emplace_back(words(*asks.address, *asks.protocol, *asks.port), number);
      return;
    }
    const net::Address address = asks.address->to_address(family_);
    cuts_.push_back({address, address, kind_of(rule, asks, number)});
    of_address_.emplace_back(words(*asks.address, 0, 0), number);
  } else if (asks.prefix != nullptr) {
    imply(asks.at_prefix);
    Value last = *asks.prefix;
    for (std::size_t w = 0; w < last.words.size(); ++w) last.words[w] |= ~asks.mask->words[w];
    cuts_.push_back({asks.prefix->to_address(family_), last.to_address(family_)});
    auto at = std::ranges::find(of_prefix_, *asks.mask, &std::pair<Value, Table>::first);
    if (at == of_prefix_.end()) at = of_prefix_.insert(of_prefix_.end(), {*asks.mask, {}});
    at->second.emplace_back(words(*asks.prefix, 0, 0), number);
  } else if (port) {
    (asks.local ? of_local_ : of_port_).emplace_back(words({}, *asks.protocol, *asks.port), number);
  } else {
    rest_.push_back(number);
  }
}

std::uint32_t ChainIndex::kind_of(const Rule& rule, const Asks& asks, std::uint32_t number) {
  std::vector<Verdict> verdicts;
  for (std::uint32_t i = 0; i < rule.statements.size(); ++i) {
    if (i == asks.at_address) continue;
    const auto* decide = std::get_if<Decide>(&rule.statements[i]);
    if (decide == nullptr && !std::holds_alternative<Reject>(rule.statements[i])) return like_no_other;
    if (decide != nullptr) verdicts.push_back(decide->verdict);
  }
  const std::size_t others = number - of_address_.size();
  const std::tuple kind(rule.statements.size(), verdicts, others);
  return first_kind_of_rule + kinds_.try_emplace(kind, static_cast<std::uint32_t>(kinds_.size())).first->second;
}

std::uint32_t ChainIndex::next(std::uint32_t from, const Key& key, bool local) const {
  std::uint32_t best = size_;
  const Value address = Value::address(key.destination);
  if (const auto at = std::ranges::lower_bound(rest_, from); at != rest_.end()) best = *at;
  lower(best, of_address_, words(address, 0, 0), from);
  for (const auto& [mask, table] : of_prefix_) lower(best, table, words(address & mask, 0, 0), from);
  if (key.protocol == net::Protocol::icmp) return best;
  const std::uint32_t protocol = net::number(key.protocol, family_);
  lower(best, of_port_at_, words(address, protocol, key.port), from);
  lower(best, of_port_, words({}, protocol, key.port), from);
  if (local) lower(best, of_local_, words({}, protocol, key.port), from);
  return best;
}

void ChainIndex::address_cuts(net::Protocol protocol, std::vector<AddressCut>& cuts) const {
  cuts.insert(cuts.end(), cuts_.begin(), cuts_.end());
  if (protocol == net::Protocol::icmp) return;
  const std::uint32_t number = net::number(protocol, family_);
  for (const auto& [key, rule] : of_port_at_) {
    if (key[4] != number) continue;
    Value address;
    std::copy_n(key.begin(), 4, address.words.begin());
    cuts.push_back({address.to_address(family_), address.to_address(family_), with_port});
  }
}

void ChainIndex::port_cuts(const net::Address& destination, net::Protocol protocol, bool local,
                           std::vector<PortCut>& cuts) const {
  if (protocol == net::Protocol::icmp) return;
  const std::uint32_t number = net::number(protocol, family_);
  each_port(of_port_at_, words(Value::address(destination), number, 0),
            [&](std::uint16_t port) { cuts.push_back({port, port, true}); });
  each_port(of_port_, words({}, number, 0), [&](std::uint16_t port) { cuts.push_back({port, port, false}); });
  if (!local) return;
  each_port(of_local_, words({}, number, 0), [&](std::uint16_t port) { cuts.push_back({port, port, false}); });
}

}  // namespace portcullis::specialise
