#include "verifier/specialise/ruleset_cuts.hpp"

#include <algorithm>

#include "backends/netfilter/walk.hpp"

namespace portcullis::specialise {

using namespace netfilter;

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

RulesetCuts::RulesetCuts(const Model& model, const NodeFacts& node, net::Family family)
    : model_(model), node_(node), family_(family), questions_(family) {
  for (const Chain& chain : model.chains) {
    for (const Rule& rule : chain.rules) {
      for (const Statement& s : rule.statements) statements_.push_back(&s);
    }
    const bool is_long = chain.rules.size() >= ChainIndex::shortest;
    indexes_.push_back(is_long ? std::make_unique<ChainIndex>(chain, family) : nullptr);
  }
}

RulesetCuts::Question RulesetCuts::question(std::uint32_t test) const {
  return std::visit(Overloaded{
                        [](const Match& m) -> Question {
                          if (const auto* in = std::get_if<InSet>(&m.test)) return {m.key, in->set, nullptr};
                          return {m.key, {}, &m};
                        },
                        [](const DecideByMap& d) -> Question { return {d.key, d.map, nullptr}; },
                        [](const Assign& a) -> Question { return {a.value.terms, a.value.map, nullptr}; },
                        [](const Translate& t) -> Question { return {t.value.terms, t.value.map, nullptr}; },
                        [](const Update& u) -> Question { return {u.key, u.set, nullptr}; },
                        [](const auto&) -> Question { return {}; },
                    },
                    *statements_[test]);
}

std::vector<AddressCut> RulesetCuts::address_cuts(std::uint32_t test) const {
  std::vector<AddressCut> cuts;
  const auto add_local = [&] {
    for (const net::Address& a : node_.local_addresses) {
      if (a.family() == family_) cuts.push_back({a, a});
    }
    const bool ipv4 = family_ == net::Family::ipv4;
    cuts.push_back(
        {*net::Address::parse(ipv4 ? "127.0.0.0" : "::1"), *net::Address::parse(ipv4 ? "127.255.255.255" : "::1")});
  };
  if (test == statements_.size()) {
    add_local();
    return cuts;
  }
  if (test > statements_.size()) return indexes_[test - statements_.size() - 1]->address_cuts();
  const Question q = question(test);
  for (std::size_t i = 0; i < q.terms.size(); ++i) {
    const auto* f = std::get_if<Field>(&q.terms[i].source);
    if (f == nullptr || !is_destination(*f)) continue;
    if (*f == Field::fib_destination_type) {
      add_local();
      continue;
    }
    if (q.set) {
      const Set& set = model_.sets[*q.set];
      for (std::uint32_t e = 0; e < set.size(); ++e)
        cuts.push_back({questions_.address(low_of(set, e, i)), questions_.address(high_of(set, e, i))});
    } else if (q.match != nullptr) {
      Operand x{Operand::Kind::source, {}, q.terms[i].mask, q.terms[i].flip};
      if (const auto* equals = std::get_if<Equals>(&q.match->test)) {
        if (const auto in = questions_.masked(x, equals->value)) cuts.push_back({in->low, in->high});
      } else if (const auto* between = std::get_if<Between>(&q.match->test)) {
        cuts.push_back({(between->low ^ x.flip).to_address(family_), (between->high ^ x.flip).to_address(family_)});
      } else {
        throw NotModelled{"bits of the destination are tested"};
      }
    }
  }
  return cuts;
}

void RulesetCuts::port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                            std::vector<PortCut>& cuts) {
  if (test == statements_.size()) return;
  if (test > statements_.size())
    return indexes_[test - statements_.size() - 1]->port_cuts(destination, protocol, node_.is_local(destination), cuts);
  const Question q = question(test);
  const auto narrow = [](std::uint32_t n) { return static_cast<std::uint16_t>(std::min(n, 65535U)); };
  for (std::size_t i = 0; i < q.terms.size(); ++i) {
    const auto* f = std::get_if<Field>(&q.terms[i].source);
    if (f == nullptr || !is_destination_port(*f)) continue;
    if (!q.set) {
      if (q.match == nullptr) continue;
      if (const auto* equals = std::get_if<Equals>(&q.match->test)) {
        cuts.push_back({narrow(equals->value.words[0]), narrow(equals->value.words[0])});
      } else if (const auto* between = std::get_if<Between>(&q.match->test)) {
        cuts.push_back({narrow(between->low.words[0]), narrow(between->high.words[0])});
      } else {
        throw NotModelled{"bits of the port are tested"};
      }
      continue;
    }
    const Set& set = model_.sets[*q.set];
    std::optional<std::size_t> at_address, at_protocol;
    for (std::size_t j = 0; j < q.terms.size(); ++j) {
      const auto* g = std::get_if<Field>(&q.terms[j].source);
      if (g == nullptr) continue;
      if (*g == Field::ip4_destination || *g == Field::ip6_destination) at_address = j;
      if (*g == Field::protocol) at_protocol = j;
    }
    const auto add = [&](std::uint32_t e) {
      const std::uint32_t number = net::number(protocol, family_);
      if (at_protocol && (low_of(set, e, *at_protocol)[0] > number || high_of(set, e, *at_protocol)[0] < number))
        return;
      cuts.push_back({narrow(low_of(set, e, i)[0]), narrow(high_of(set, e, i)[0])});
    };
    if (!at_address) {
      for (std::uint32_t e = 0; e < set.size(); ++e) add(e);
      continue;
    }
    const auto [at, fresh] = by_fields_.try_emplace({*q.set, *at_address}, nullptr);
    if (fresh) at->second = std::make_unique<ByField>(set, *at_address);
    std::vector<std::uint32_t> words;
    append(words, Value::address(destination), set.key[*at_address]);
    at->second->matching(words, found_);
    std::ranges::for_each(found_, add);
  }
}

}  // namespace portcullis::specialise
