#include "tests/proof/mutate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace portcullis::proof {

namespace {

using namespace netfilter;

struct Place {
  ChainId chain = 0;
  std::size_t rule = 0, statement = 0;
};

Statement& at(Model& m, const Place& p) {
  return m.chains[p.chain].rules[p.rule].statements[p.statement];
}

template <class T>
const T& pick(const std::vector<T>& from, Random& random) {
  return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
}

// Every statement that `wanted` takes.
template <class Wanted>
std::vector<Place> places(const Model& m, const Wanted& wanted) {
  std::vector<Place> out;
  for (ChainId c = 0; c < m.chains.size(); ++c) {
    for (std::size_t r = 0; r < m.chains[c].rules.size(); ++r) {
      const auto& statements = m.chains[c].rules[r].statements;
      for (std::size_t s = 0; s < statements.size(); ++s) {
        if (wanted(statements[s])) out.push_back({c, r, s});
      }
    }
  }
  return out;
}

// A fault in one statement of type T that `wanted` takes.
template <class T>
Fault statement_fault(std::string kind, std::function<bool(const T&)> wanted, std::function<void(T&, Random&)> change) {
  return {std::move(kind), [wanted = std::move(wanted), change = std::move(change)](Model& m, Random& random) {
            const auto all = places(m, [&](const Statement& s) {
              const auto* t = std::get_if<T>(&s);
              return t != nullptr && wanted(*t);
            });
            if (all.empty()) return false;
            change(std::get<T>(at(m, pick(all, random))), random);
            return true;
          }};
}

// The statement is left out.
template <class T>
Fault without(std::string kind, std::function<bool(const T&)> wanted) {
  return {std::move(kind), [wanted = std::move(wanted)](Model& m, Random& random) {
            const auto all = places(m, [&](const Statement& s) {
              const auto* t = std::get_if<T>(&s);
              return t != nullptr && wanted(*t);
            });
            if (all.empty()) return false;
            const Place p = pick(all, random);
            auto& statements = m.chains[p.chain].rules[p.rule].statements;
            statements.erase(statements.begin() + static_cast<std::ptrdiff_t>(p.statement));
            return true;
          }};
}

bool is_field(const Match& m, std::initializer_list<Field> fields) {
  const auto* f = std::get_if<Field>(&m.key.front().source);
  return m.key.size() == 1 && f != nullptr && std::ranges::find(fields, *f) != fields.end();
}
const std::initializer_list<Field> addresses{Field::ip4_source, Field::ip4_destination, Field::ip6_source,
                                             Field::ip6_destination};

std::size_t last_word(const Match& m) {
  return width(m.key.front()) - 1U;
}

// A rule of one of the chains with at least `least` of them.
std::optional<std::pair<ChainId, std::size_t>> rule(const Model& m, Random& random, std::size_t least) {
  std::vector<std::pair<ChainId, std::size_t>> all;
  for (ChainId c = 0; c < m.chains.size(); ++c) {
    if (m.chains[c].rules.size() < least) continue;
    for (std::size_t r = 0; r < m.chains[c].rules.size(); ++r) all.emplace_back(c, r);
  }
  if (all.empty()) return {};
  return pick(all, random);
}

template <class Wanted, class Change>
bool in_set(Model& m, Random& random, const Wanted& wanted, const Change& change) {
  std::vector<SetId> all;
  for (SetId id = 0; id < m.sets.size(); ++id) {
    if (!m.sets[id].dynamic && m.sets[id].size() > 0 && wanted(m.sets[id])) all.push_back(id);
  }
  if (all.empty()) return false;
  Set& set = m.sets[pick(all, random)];
  change(set, std::uniform_int_distribution<std::size_t>(0, set.size() - 1)(random));
  return true;
}
// Other sets of the same kind and key.
std::vector<SetId> alike(const Model& m, SetId set) {
  std::vector<SetId> out;
  for (SetId id = 0; id < m.sets.size(); ++id) {
    if (id != set && m.sets[id].dynamic == m.sets[set].dynamic && m.sets[id].key == m.sets[set].key) out.push_back(id);
  }
  return out;
}
bool any_set(const Set&) {
  return true;
}

void erase_words(std::vector<std::uint32_t>& words, std::size_t element, std::size_t width) {
  if (words.empty()) return;
  const auto from = words.begin() + static_cast<std::ptrdiff_t>(element * width);
  words.erase(from, from + static_cast<std::ptrdiff_t>(width));
}

template <class Wanted, class Change>
bool in_chain(Model& m, Random& random, const Wanted& wanted, const Change& change) {
  std::vector<ChainId> all;
  for (ChainId id = 0; id < m.chains.size(); ++id) {
    if (wanted(m.chains[id])) all.push_back(id);
  }
  if (all.empty()) return false;
  change(m.chains[pick(all, random)]);
  return true;
}
bool is_base(const Chain& c) {
  return c.base && !c.rules.empty();
}
bool is_nat(const Chain& c) {
  return is_base(c) && c.base->type == ChainType::nat;
}

std::vector<Fault> matches() {
  std::vector<Fault> all;
  const auto match = [](std::function<bool(const Match&)> wanted) { return wanted; };
  all.push_back(statement_fault<Match>("a match is negated", match([](const Match&) { return true; }),
                                       [](Match& m, Random&) { m.negated = !m.negated; }));
  all.push_back(without<Match>("a match is missing", [](const Match&) { return true; }));
  all.push_back(statement_fault<Match>(
      "another address",
      [](const Match& m) { return is_field(m, addresses) && std::holds_alternative<Equals>(m.test); },
      [](Match& m, Random& random) {
        const std::uint32_t bits = m.key.front().mask.words[last_word(m)];
        const std::uint32_t low = bits == 0 ? 1 : bits & (~bits + 1);
        std::get<Equals>(m.test).value.words[last_word(m)] ^= random() % 2 == 0 ? low : low << 1U;
      }));
  all.push_back(statement_fault<Match>(
      "a prefix one bit wider",
      [](const Match& m) {
        return is_field(m, addresses) && std::holds_alternative<Equals>(m.test) &&
               m.key.front().mask.words[last_word(m)] != 0;
      },
      [](Match& m, Random&) {
        std::uint32_t& mask = m.key.front().mask.words[last_word(m)];
        mask <<= 1U;
        std::get<Equals>(m.test).value.words[last_word(m)] &= mask;
      }));
  all.push_back(statement_fault<Match>(
      "another port",
      [](const Match& m) { return is_field(m, {Field::destination_port}) && std::holds_alternative<Equals>(m.test); },
      [](Match& m, Random& random) {
        std::uint32_t& port = std::get<Equals>(m.test).value.words[0];
        port = random() % 2 == 0 ? port + 1 : port - 1;
      }));
  all.push_back(statement_fault<Match>(
      "a range that ends one early", [](const Match& m) { return std::holds_alternative<Between>(m.test); },
      [](Match& m, Random&) { --std::get<Between>(m.test).high.words[last_word(m)]; }));
  all.push_back(statement_fault<Match>(
      "another protocol",
      [](const Match& m) { return is_field(m, {Field::protocol}) && std::holds_alternative<Equals>(m.test); },
      [](Match& m, Random&) {
        std::uint32_t& n = std::get<Equals>(m.test).value.words[0];
        n = n == 6 ? 17 : 6;
      }));
  all.push_back(statement_fault<Match>(
      "other conntrack states", [](const Match& m) { return std::holds_alternative<AnyBit>(m.test); },
      [](Match& m, Random& random) { std::get<AnyBit>(m.test).bits ^= std::uint32_t{1} << random() % 6; }));
  all.push_back(statement_fault<Match>(
      "a test of another mark", [](const Match& m) { return is_field(m, {Field::mark}); },
      [](Match& m, Random&) {
        m.key.front().mask.words[0] <<= 1U;
        if (auto* equals = std::get_if<Equals>(&m.test)) equals->value.words[0] <<= 1U;
      }));
  all.push_back(statement_fault<Match>(
      "another address type",
      [](const Match& m) { return is_field(m, {Field::fib_destination_type, Field::fib_source_type}); },
      [](Match& m, Random&) {
        if (auto* equals = std::get_if<Equals>(&m.test)) equals->value.words[0] ^= 3U;
      }));
  all.push_back(statement_fault<Match>(
      "another interface",
      [](const Match& m) { return is_field(m, {Field::input_interface}) && std::holds_alternative<Equals>(m.test); },
      [](Match& m, Random&) { std::get<Equals>(m.test).value.words[0] ^= 1U; }));
  return all;
}

std::vector<Fault> verdicts() {
  std::vector<Fault> all;
  using Kind = Verdict::Kind;
  const auto turn = [](std::string kind, Kind from, Kind to) {
    return statement_fault<Decide>(
        std::move(kind), [from](const Decide& d) { return d.verdict.kind == from; },
        [to](Decide& d, Random&) { d.verdict.kind = to; });
  };
  all.push_back(turn("jump becomes goto", Kind::jump, Kind::go_to));
  all.push_back(turn("goto becomes jump", Kind::go_to, Kind::jump));
  all.push_back(turn("jump becomes return", Kind::jump, Kind::back));
  all.push_back(turn("goto becomes return", Kind::go_to, Kind::back));
  all.push_back(turn("drop becomes accept", Kind::drop, Kind::accept));
  all.push_back(turn("accept becomes drop", Kind::accept, Kind::drop));
  all.push_back(turn("return is missing", Kind::back, Kind::go_on));
  all.push_back({"reject becomes drop", [](Model& m, Random& random) {
                   const auto found = places(m, [](const Statement& s) { return std::holds_alternative<Reject>(s); });
                   if (found.empty()) return false;
                   at(m, pick(found, random)) = Decide{{Kind::drop, 0}};
                   return true;
                 }});
  all.push_back({"drop becomes reject", [](Model& m, Random& random) {
                   const auto found = places(m, [](const Statement& s) {
                     const auto* d = std::get_if<Decide>(&s);
                     return d != nullptr && d->verdict.kind == Kind::drop;
                   });
                   if (found.empty()) return false;
                   at(m, pick(found, random)) = Reject{};
                   return true;
                 }});
  all.push_back(without<Masquerade>("masquerade is missing", [](const Masquerade&) { return true; }));
  all.push_back(without<Assign>("a mark or scratch value is not set", [](const Assign&) { return true; }));
  all.push_back(statement_fault<Assign>(
      "another mark is set",
      [](const Assign& a) { return a.field == Field::mark && a.value.terms.size() == 1 && !a.value.map; },
      [](Assign& a, Random&) { a.value.terms.front().flip.words[0] <<= 1U; }));
  return all;
}

std::vector<Fault> endpoints() {
  std::vector<Fault> all;
  const auto constant = [](const Translate& t) {
    return !t.value.map && t.value.terms.size() == 2 && std::holds_alternative<Constant>(t.value.terms[1].source);
  };
  all.push_back(statement_fault<Translate>("translated to another port", constant, [](Translate& t, Random&) {
    ++std::get<Constant>(t.value.terms[1].source).value.words[0];
  }));
  all.push_back(statement_fault<Translate>("translated to a stale endpoint", constant, [](Translate& t, Random&) {
    auto& c = std::get<Constant>(t.value.terms[0].source);
    c.value.words[c.width - 1U] += 97;
  }));
  all.push_back(without<Translate>("a translation is missing", [](const Translate&) { return true; }));
  all.push_back(statement_fault<Chance>(
      "another probability", [](const Chance& c) { return c.denominator > 1; },
      [](Chance& c, Random&) { c.denominator += c.numerator == c.denominator ? 1 : c.denominator; }));
  all.push_back(without<Chance>("a probability is missing", [](const Chance&) { return true; }));
  all.push_back({"a random number of one more", [](Model& m, Random& random) {
                   std::vector<netfilter::Random*> found;
                   const auto look = [&](std::vector<Term>& terms) {
                     for (Term& t : terms) {
                       if (auto* r = std::get_if<netfilter::Random>(&t.source)) found.push_back(r);
                     }
                   };
                   for (Chain& c : m.chains) {
                     for (netfilter::Rule& r : c.rules) {
                       for (Statement& s : r.statements) {
                         if (auto* t = std::get_if<Translate>(&s)) look(t->value.terms);
                         if (auto* a = std::get_if<Assign>(&s)) look(a->value.terms);
                         if (auto* d = std::get_if<DecideByMap>(&s)) look(d->key);
                       }
                     }
                   }
                   if (found.empty()) return false;
                   ++pick(found, random)->modulus;
                   return true;
                 }});
  all.push_back(without<Update>("affinity is not recorded", [](const Update&) { return true; }));
  all.push_back(statement_fault<Update>(
      "affinity for another time", [](const Update& u) { return u.timeout_seconds.has_value(); },
      [](Update& u, Random&) { ++*u.timeout_seconds; }));
  all.push_back({"affinity is recorded in another's memory", [](Model& m, Random& random) {
                   const auto found = places(m, [](const Statement& s) { return std::holds_alternative<Update>(s); });
                   if (found.empty()) return false;
                   SetId& set = std::get<Update>(at(m, pick(found, random))).set;
                   const std::vector<SetId> others = alike(m, set);
                   if (others.empty()) return false;
                   set = pick(others, random);
                   return true;
                 }});
  return all;
}

std::vector<Fault> sets() {
  std::vector<Fault> all;
  all.push_back({"an element is missing", [](Model& m, Random& random) {
                   return in_set(m, random, any_set, [](Set& s, std::size_t e) {
                     const std::size_t keys = s.key_width(), data = s.data_width();
                     erase_words(s.lows, e, keys);
                     erase_words(s.highs, e, keys);
                     erase_words(s.values, e, data);
                     if (!s.verdicts.empty()) s.verdicts.erase(s.verdicts.begin() + static_cast<std::ptrdiff_t>(e));
                   });
                 }});
  all.push_back({"an element of another key", [](Model& m, Random& random) {
                   return in_set(m, random, any_set, [&](Set& s, std::size_t e) {
                     const std::size_t word = e * s.key_width() + random() % s.key_width();
                     ++s.lows[word];
                     if (!s.highs.empty()) ++s.highs[word];
                   });
                 }});
  all.push_back({"an element of another value", [](Model& m, Random& random) {
                   return in_set(
                       m, random, [](const Set& s) { return s.holds == Set::Data::values; },
                       [&](Set& s, std::size_t e) { ++s.values[e * s.data_width() + random() % s.data_width()]; });
                 }});
  all.push_back({"an element with another's value", [](Model& m, Random& random) {
                   return in_set(
                       m, random, [](const Set& s) { return s.holds == Set::Data::values && s.size() > 1; },
                       [&](Set& s, std::size_t e) {
                         const std::size_t other = (e + 1 + random() % (s.size() - 1)) % s.size();
                         const std::size_t width = s.data_width();
                         std::copy_n(s.values.begin() + static_cast<std::ptrdiff_t>(other * width), width,
                                     s.values.begin() + static_cast<std::ptrdiff_t>(e * width));
                       });
                 }});
  all.push_back({"an element with another's verdict", [](Model& m, Random& random) {
                   return in_set(
                       m, random, [](const Set& s) { return s.holds == Set::Data::verdicts && s.size() > 1; },
                       [&](Set& s, std::size_t e) { s.verdicts[e] = pick(s.verdicts, random); });
                 }});
  all.push_back({"a range that ends one late", [](Model& m, Random& random) {
                   return in_set(
                       m, random, [](const Set& s) { return s.interval; },
                       [](Set& s, std::size_t e) { ++s.highs[(e + 1) * s.key_width() - 1]; });
                 }});
  all.push_back({"another set's elements", [](Model& m, Random& random) {
                   const auto found = places(m, [](const Statement& s) {
                     const auto* match = std::get_if<Match>(&s);
                     return match != nullptr && std::holds_alternative<InSet>(match->test);
                   });
                   if (found.empty()) return false;
                   SetId& set = std::get<InSet>(std::get<Match>(at(m, pick(found, random))).test).set;
                   const std::vector<SetId> others = alike(m, set);
                   if (others.empty()) return false;
                   set = pick(others, random);
                   return true;
                 }});
  return all;
}

std::vector<Fault> chains() {
  std::vector<Fault> all;
  all.push_back({"a rule is missing", [](Model& m, Random& random) {
                   const auto found = rule(m, random, 1);
                   if (!found) return false;
                   auto& rules = m.chains[found->first].rules;
                   rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(found->second));
                   return true;
                 }});
  all.push_back({"a rule stands twice", [](Model& m, Random& random) {
                   const auto found = rule(m, random, 1);
                   if (!found) return false;
                   auto& rules = m.chains[found->first].rules;
                   const netfilter::Rule copy = rules[found->second];
                   rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(found->second), copy);
                   return true;
                 }});
  all.push_back({"two rules in the other order", [](Model& m, Random& random) {
                   const auto found = rule(m, random, 2);
                   if (!found) return false;
                   auto& rules = m.chains[found->first].rules;
                   std::swap(rules[found->second], rules[(found->second + 1) % rules.size()]);
                   return true;
                 }});
  all.push_back({"a rule at the end of another chain", [](Model& m, Random& random) {
                   const auto from = rule(m, random, 1), to = rule(m, random, 1);
                   if (!from || !to) return false;
                   auto& rules = m.chains[from->first].rules;
                   const netfilter::Rule moved = rules[from->second];
                   rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(from->second));
                   m.chains[to->first].rules.push_back(moved);
                   return true;
                 }});
  all.push_back({"a chain on another hook", [](Model& m, Random& random) {
                   return in_chain(m, random, is_base, [](Chain& c) {
                     switch (c.base->hook) {
                       case Hook::prerouting:
                         c.base->hook = Hook::output;
                         return;
                       case Hook::output:
                         c.base->hook = Hook::prerouting;
                         return;
                       case Hook::input:
                         c.base->hook = Hook::forward;
                         return;
                       case Hook::forward:
                       case Hook::postrouting:
                         c.base->hook = Hook::input;
                         return;
                     }
                   });
                 }});
  all.push_back({"a chain of another priority", [](Model& m, Random& random) {
                   return in_chain(
                       m, random, [](const Chain& c) { return is_base(c) && !is_nat(c); },
                       [](Chain& c) { c.base->priority = c.base->priority < -100 ? -90 : -150; });
                 }});
  all.push_back({"a policy of drop", [](Model& m, Random& random) {
                   return in_chain(
                       m, random, [](const Chain& c) { return c.base.has_value(); },
                       [](Chain& c) { c.base->policy_drop = !c.base->policy_drop; });
                 }});
  all.push_back({"a family is missing", [](Model& m, Random& random) {
                   return in_chain(m, random, is_base, [](Chain& c) { c.ipv4 = c.ipv6 = false; });
                 }});
  return all;
}

}  // namespace

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> out;
    for (auto group : {matches(), verdicts(), endpoints(), sets(), chains()})
      out.insert(out.end(), group.begin(), group.end());
    return out;
  }();
  return all;
}

}  // namespace portcullis::proof
