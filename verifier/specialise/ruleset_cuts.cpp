#include "verifier/specialise/ruleset_cuts.hpp"

#include <algorithm>
#include <bit>

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

// The term that is one of these fields as it is.
std::optional<std::size_t> term_of(std::span<const Term> terms, std::initializer_list<Field> fields) {
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto* f = std::get_if<Field>(&terms[i].source);
    if (f == nullptr || std::ranges::find(fields, *f) == fields.end()) continue;
    if (terms[i].flip == Value{} && whole(terms[i].mask, width(*f))) return i;
  }
  return {};
}

bool as_it_is(const Term& term, Field field) {
  return term.flip == Value{} && whole(term.mask, width(field));
}

// The ports that are `value` under the term's mask.
PortCut masked_ports(const Term& term, std::uint32_t value) {
  const std::uint32_t open = ~term.mask.words[0] & 0xFFFFU;
  if (term.flip != Value{} || !std::has_single_bit(open + 1)) throw NotModelled{"bits of the port are tested"};
  const std::uint32_t low = std::min(value, 65535U);
  return {static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(low | open), false};
}

// Whether a field of one word may be `number`.
bool holds(const Set& set, std::uint32_t element, std::size_t field, std::uint32_t number) {
  return low_of(set, element, field)[0] <= number && number <= high_of(set, element, field)[0];
}

}  // namespace

RulesetCuts::RulesetCuts(const Model& model, const NodeFacts& node, net::Family family)
    : model_(model), node_(node), family_(family), questions_(family) {
  for (const Chain& chain : model.chains) {
    auto index = chain.rules.size() < 2 ? nullptr : std::make_unique<ChainIndex>(chain, family);
    indexes_.push_back(index != nullptr && index->helps() ? std::move(index) : nullptr);
    for (std::uint32_t r = 0; r < chain.rules.size(); ++r) {
      const std::size_t first = statements_.size();
      for (const Statement& s : chain.rules[r].statements) statements_.push_back(&s);
      implied_.resize(statements_.size(), false);
      const std::uint32_t implied = indexes_.back() == nullptr ? 0 : indexes_.back()->implied(r);
      for (std::size_t s = 0; s < 32 && implied >> s != 0; ++s) {
        if ((implied >> s & 1U) != 0) implied_[first + s] = true;
      }
    }
  }
}

RulesetCuts::Question RulesetCuts::question(std::uint32_t test) const {
  return std::visit(Overloaded{
                        [](const Match& m) -> Question {
                          if (const auto* in = std::get_if<InSet>(&m.test)) return {m.key, in->set, nullptr, true};
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

void RulesetCuts::address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const {
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
    return;
  }
  if (test > statements_.size()) {
    indexes_[test - statements_.size() - 1]->address_cuts(protocol, cuts);
    return;
  }
  const Question q = question(test);
  const auto at_protocol = q.set ? term_of(q.terms, {Field::protocol}) : std::nullopt;
  for (std::size_t i = 0; i < q.terms.size(); ++i) {
    const auto* f = std::get_if<Field>(&q.terms[i].source);
    if (f == nullptr || !is_destination(*f)) continue;
    if (*f == Field::fib_destination_type) {
      add_local();
      continue;
    }
    if (q.set) {
      const Set& set = model_.sets[*q.set];
      if (!as_it_is(q.terms[i], *f)) throw NotModelled{"a masked key of set " + set.name};
      const auto at_port = term_of(q.terms, {Field::destination_port});
      const std::size_t known = 1U + (at_protocol ? 1U : 0U) + (at_port ? 1U : 0U);
      // Elements that say no more than that they are there.
      const bool alike = term_of(q.terms, {Field::ip4_destination, Field::ip6_destination}) == i &&
                         q.terms.size() == known && (at_port || q.membership);
      for (std::uint32_t e = 0; e < set.size(); ++e) {
        if (at_protocol && !holds(set, e, *at_protocol, net::number(protocol, family_))) continue;
        const bool one_port = !at_port || low_of(set, e, *at_port)[0] == high_of(set, e, *at_port)[0];
        cuts.push_back({questions_.address(low_of(set, e, i)), questions_.address(high_of(set, e, i)),
                        alike && one_port ? 1 : like_no_other});
      }
    } else if (q.match != nullptr) {
      Operand x{Operand::Kind::source, {}, q.terms[i].mask, q.terms[i].flip};
      if (const auto* equals = std::get_if<Equals>(&q.match->test)) {
        if (const auto in = questions_.masked(x, equals->value)) cuts.push_back({in->low, in->high});
      } else if (const auto* between = std::get_if<Between>(&q.match->test)) {
        if (!whole(q.terms[i].mask, width(*f))) throw NotModelled{"a range of masked destinations"};
        cuts.push_back({(between->low ^ x.flip).to_address(family_), (between->high ^ x.flip).to_address(family_)});
      } else {
        throw NotModelled{"bits of the destination are tested"};
      }
    }
  }
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
        cuts.push_back(masked_ports(q.terms[i], equals->value.words[0]));
      } else if (const auto* between = std::get_if<Between>(&q.match->test)) {
        if (!as_it_is(q.terms[i], *f)) throw NotModelled{"a range of masked ports"};
        cuts.push_back({narrow(between->low.words[0]), narrow(between->high.words[0])});
      } else {
        throw NotModelled{"bits of the port are tested"};
      }
      continue;
    }
    const Set& set = model_.sets[*q.set];
    if (!as_it_is(q.terms[i], *f)) throw NotModelled{"a masked key of set " + set.name};
    const auto at_address = term_of(q.terms, {Field::ip4_destination, Field::ip6_destination});
    const auto at_protocol = term_of(q.terms, {Field::protocol});
    const auto add = [&](std::uint32_t e) {
      if (at_protocol && !holds(set, e, *at_protocol, net::number(protocol, family_))) return;
      const std::uint16_t low = narrow(low_of(set, e, i)[0]), high = narrow(high_of(set, e, i)[0]);
      const bool own =
          low == high && at_address && std::ranges::equal(low_of(set, e, *at_address), high_of(set, e, *at_address));
      cuts.push_back({low, high, own});
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
