#include "verifier/plain/ruleset.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "verifier/plain/fields.hpp"

namespace portcullis::plain {

namespace {

using namespace netfilter;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

constexpr std::size_t most_jumps = 16;  // NFT_JUMP_STACK_SIZE
constexpr std::size_t most_travellers = std::size_t{1} << 16U;
constexpr std::size_t most_gotos = 1000;          // one inside of the other
constexpr std::uint64_t most_rules = 10'000'000;  // of one run: a circle of gotos has no end

using Travellers = std::vector<Traveller>;

// What merging keeps apart.
auto identity(const Traveller& t) {
  return std::tie(t.choices, t.label, t.seconds, t.translated, t.address, t.port_number, t.translated_here);
}

std::size_t hash_of(const Traveller& t) {
  std::size_t hash = std::hash<std::string>{}(t.label) ^ t.port_number;
  for (const std::uint32_t c : t.choices) hash = hash * 1099511628211U + c;
  return hash;
}

class Encoding {
 public:
  Encoding(RulesetIndex& index, Terms& terms, Packet& packet, Remembered& remembered)
      : index_(index),
        model_(index.model()),
        terms_(terms),
        packet_(packet),
        remembered_(remembered),
        fields_(terms, packet) {}

  std::vector<Leaf> run() {
    Traveller t;
    t.destination = packet_.destination();
    t.port = packet_.port();
    t.mark = t.priority = Terms::number(0);
    if (packet_.region().from_node) {
      from_node({t});
    } else {
      from_interface({t});
    }
    return std::move(leaves_);
  }

 private:
  // ---- hooks

  void from_interface(Travellers all) {
    all = hook(Hook::prerouting, std::move(all));
    auto [here, on] = by_destination(all);
    for (const Traveller& t : hook(Hook::input, std::move(here))) passed(t, true);
    on = hook(Hook::forward, std::move(on));
    for (const Traveller& t : hook(Hook::postrouting, std::move(on))) passed(t, false);
  }

  void from_node(Travellers all) {
    all = hook(Hook::output, std::move(all));
    all = hook(Hook::postrouting, std::move(all));
    auto [here, on] = by_destination(all);
    for (const Traveller& t : on) passed(t, false);
    place_.looped = true;
    here = hook(Hook::prerouting, std::move(here));
    for (const Traveller& t : hook(Hook::input, std::move(here))) passed(t, true);
  }

  // To this node, and elsewhere.
  std::pair<Travellers, Travellers> by_destination(const Travellers& all) {
    std::pair<Travellers, Travellers> out;
    for (const Traveller& t : all) {
      const Bit local = packet_.is_local(t.destination);
      put(out.first, t, terms_.all(t.when, local));
      put(out.second, t, terms_.but(t.when, local));
    }
    return out;
  }

  Travellers hook(Hook at, Travellers all) {
    place_.hook = at;
    for (const ChainId id : index_.base_chains(at)) {
      const Chain& chain = model_.chains[id];
      if (packet_.family() == net::Family::ipv4 ? !chain.ipv4 : !chain.ipv6) continue;
      Travellers out;
      if (chain.base->type == ChainType::nat) {
        const bool to_destination = at == Hook::prerouting || at == Hook::output;
        if (packet_.region().state != net::ConntrackState::fresh || (place_.looped && to_destination)) continue;
        const auto done = std::ranges::partition(all, [](const Traveller& t) { return !t.translated_here; });
        std::ranges::move(done, std::back_inserter(out));
        all.erase(done.begin(), done.end());
      }
      place_.base = &chain;
      through_ = std::move(out);
      Travellers fallen = this->chain(id, std::move(all), 1);
      for (Traveller& t : fallen) {
        if (chain.base->policy_drop) {
          refuse(t, Leaf::End::dropped);
        } else {
          through_.push_back(std::move(t));
        }
      }
      all = merged(std::exchange(through_, {}));
    }
    for (Traveller& t : all) t.translated_here = false;
    return all;
  }

  // ---- leaves

  Leaf leaf(const Traveller& t) {
    Leaf out;
    out.when = t.when;
    out.weight = t.weight;
    out.translated = t.translated;
    out.address = t.address;
    out.port = t.port_number;
    out.label = t.label;
    out.seconds = t.seconds;
    return out;
  }

  void passed(const Traveller& t, bool local) {
    Leaf out = leaf(t);
    out.local = Bit::of(local);
    if (!t.translated) out.accepted = t.accepted;
    out.masquerade = t.masquerade;
    leaves_.push_back(std::move(out));
  }

  void refuse(const Traveller& t, Leaf::End end) {
    Leaf out = leaf(t);
    out.end = end;
    leaves_.push_back(std::move(out));
  }

  void unrecognised(const Traveller& t, std::string form) {
    Leaf out = leaf(t);
    out.end = Leaf::End::unrecognised;
    out.form = std::move(form);
    leaves_.push_back(std::move(out));
  }

  // ---- travellers

  static void put(Travellers& into, const Traveller& t, const Bit& when) {
    if (when.is(false)) return;
    into.push_back(t);
    into.back().when = when;
  }

  // Those that differ in terms only become one.
  Travellers merged(Travellers all) {
    Travellers out;
    std::unordered_multimap<std::size_t, std::size_t> known;  // by hash: in `out`
    for (Traveller& t : all) {
      const std::size_t hash = hash_of(t);
      const auto [from, to] = known.equal_range(hash);
      const auto same = std::find_if(from, to, [&](const auto& at) { return identity(out[at.second]) == identity(t); });
      if (same == to) {
        known.emplace(hash, out.size());
        out.push_back(std::move(t));
      } else {
        Traveller& other = out[same->second];
        other = either(other, t);
      }
    }
    if (out.size() > most_travellers) throw Unrecognised{"too many random choices"};
    return out;
  }

  Traveller either(const Traveller& a, const Traveller& b) {
    Traveller out = a;
    out.when = terms_.any(a.when, b.when);
    out.mark = terms_.choose(a.when, a.mark, b.mark);
    out.priority = terms_.choose(a.when, a.priority, b.priority);
    out.changed = terms_.choose(a.when, a.changed, b.changed);
    out.accepted = terms_.choose(a.when, a.accepted, b.accepted);
    out.masquerade = terms_.choose(a.when, a.masquerade, b.masquerade);
    return out;
  }

  // ---- chains. A chain takes travellers and gives back those that fall out of it, or return.

  Travellers chain(ChainId id, Travellers all, std::size_t depth) {
    Travellers back;
    for (const Rule& r : model_.chains[id].rules) {
      if (all.empty()) break;
      Travellers next;
      for (Traveller& t : all) {
        if (++rules_ > most_rules) {
          unrecognised(t, "a circle of chains around " + model_.chains[id].name);
          continue;
        }
        rule(r, std::move(t), {next, back, depth});
      }
      all = next.size() > 1 ? merged(std::move(next)) : std::move(next);
    }
    std::ranges::move(all, std::back_inserter(back));
    return back.size() > 1 ? merged(std::move(back)) : back;
  }

  // Where the travellers of a rule go.
  struct Ways {
    Travellers& next;  // to the next rule
    Travellers& back;  // out of the chain
    std::size_t depth;
  };

  void rule(const Rule& r, Traveller t, const Ways& ways) { from(r, 0, std::move(t), ways); }

  // Runs the statements of the rule from number `i` on.
  void from(const Rule& r, std::size_t i, Traveller t, const Ways& ways) {
    try {
      i = matches(r, i, t, ways);
      if (t.when.is(false)) return;
      if (i == r.statements.size()) {
        ways.next.push_back(std::move(t));
        return;
      }
      std::visit([&](const auto& statement) { run(statement, {r, i}, t, ways); }, r.statements[i]);
    } catch (const Unrecognised& e) {
      unrecognised(t, e.form);
    }
  }

  // The matches in a row from `i` on, all at once; what is not matched goes to the next rule.
  std::size_t matches(const Rule& r, std::size_t i, Traveller& t, const Ways& ways) {
    Bit all = Bit::of(true);
    const auto part = [&] {
      if (all.is(false)) {
        ways.next.push_back(std::move(t));
        t.when = all;
        return;
      }
      put(ways.next, t, terms_.but(t.when, all));
      t.when = terms_.all(t.when, all);
    };
    try {
      for (; i < r.statements.size() && !all.is(false); ++i) {
        const auto* m = std::get_if<Match>(&r.statements[i]);
        if (m == nullptr) break;
        all = terms_.all(all, holds(*m, t));
      }
    } catch (const Unrecognised&) {
      part();  // only what got as far is lost
      throw;
    }
    part();
    return i;
  }

  // A statement in its rule.
  struct At {
    const Rule& rule;
    std::size_t i;
  };
  void go_on(const At& at, Traveller t, const Ways& ways) { from(at.rule, at.i + 1, std::move(t), ways); }

  // ---- statements

  Bit holds(const Match& m, const Traveller& t) {
    if (const auto* in = std::get_if<InSet>(&m.test)) {
      const auto key = load(m.key, t, m.negated);
      if (!key) return Bit::of(false);
      const Bit found = model_.sets[in->set].dynamic ? recalls(in->set, m.key, *key) : any_of(in->set, *key);
      return m.negated ? terms_.no(found) : found;
    }
    const auto word = fields_.load(t, place_, m.key.front(), m.negated);
    if (!word) return Bit::of(false);
    const Bit passes = std::visit(Overloaded{
                                      [&](const Equals& e) { return terms_.equal(*word, e.value); },
                                      [&](const Between& b) { return terms_.between(*word, b.low, b.high); },
                                      [&](const AnyBit& a) { return terms_.any_bit(*word, a.bits); },
                                      [](const InSet&) { return Bit::of(false); },
                                  },
                                  m.test);
    return m.negated ? terms_.no(passes) : passes;
  }

  Bit any_of(SetId set, const std::vector<Word>& key) {
    Bit out = Bit::of(false);
    for (const Elements::Hit& hit : index_.elements().find(terms_, set, key)) out = terms_.any(out, hit.when);
    return out;
  }

  void run(const Decide& d, const At& at, Traveller& t, const Ways& ways) { follow(d.verdict, at, t, ways); }

  void follow(const Verdict& v, const At& at, Traveller& t, const Ways& ways) {
    switch (v.kind) {
      case Verdict::Kind::go_on:
        return go_on(at, std::move(t), ways);
      case Verdict::Kind::accept: {
        const bool filters = place_.hook == Hook::input || place_.hook == Hook::forward || place_.hook == Hook::output;
        if (filters && place_.base->base->type != ChainType::nat) t.accepted = Bit::of(true);
        through_.push_back(std::move(t));
        return;
      }
      case Verdict::Kind::drop:
        return refuse(t, Leaf::End::dropped);
      case Verdict::Kind::jump: {
        if (ways.depth > most_jumps) throw Unrecognised{"more than 16 nested jumps"};
        Travellers out = chain(v.chain, {t}, ways.depth + 1);
        std::ranges::move(out, std::back_inserter(ways.next));
        return;
      }
      case Verdict::Kind::go_to: {
        if (gotos_ == most_gotos) throw Unrecognised{"a circle of chains around " + model_.chains[v.chain].name};
        ++gotos_;
        Travellers out = chain(v.chain, {t}, ways.depth);
        --gotos_;
        std::ranges::move(out, std::back_inserter(ways.back));
        return;
      }
      case Verdict::Kind::back:
        ways.back.push_back(std::move(t));
        return;
    }
  }

  void run(const Reject&, const At&, Traveller& t, const Ways&) { refuse(t, Leaf::End::rejected); }

  void run(const DecideByMap& d, const At& at, Traveller& t, const Ways& ways) {
    each_draw(d.key, t, [&](Traveller one) {
      const auto key = load(d.key, one, false);
      if (!key) return missed(one, ways);
      look_up(d.map, *key, one, ways,
              [&](Traveller hit, std::uint32_t e) { follow(model_.sets[d.map].verdicts[e], at, hit, ways); });
    });
  }

  void run(const Assign& a, const At& at, Traveller& t, const Ways& ways) {
    evaluate(a.value, t, ways, [&](Traveller one, const std::vector<Word>& value) {
      (a.field == Field::mark ? one.mark : one.priority) = value.front();
      go_on(at, std::move(one), ways);
    });
  }

  void run(const Translate& d, const At&, Traveller& t, const Ways& ways) {
    if (d.has_port && packet_.region().protocol == net::Protocol::icmp)
      throw Unrecognised{"dnat to a port of a packet without ports"};
    if (place_.hook != Hook::prerouting && place_.hook != Hook::output)
      throw Unrecognised{"dnat at " + std::string(to_string(place_.hook))};
    if (!d.has_port) throw Unrecognised{"dnat that leaves the port"};
    evaluate(d.value, t, ways, [&](const Traveller& one, const std::vector<Word>& value) {
      for_each_value(terms_, value, one.when, [&](const Bit& when, const std::vector<Word>& to) {
        if (to.size() != 2 || !to[0].known() || !to[1].known())
          return unrecognised(one, "dnat to what is not known beforehand");
        Traveller out = one;
        out.when = when;
        out.changed = terms_.no(terms_.all(terms_.equal(one.destination, to[0].value()),
                                           terms_.equal(one.port, Value::number(to[1].value().words[0]))));
        out.translated = out.translated_here = true;
        out.address = to[0].value().to_address(d.family);
        out.port_number = static_cast<std::uint16_t>(to[1].value().words[0]);
        out.destination = to[0];
        out.port = Terms::number(out.port_number);
        through_.push_back(std::move(out));
      });
    });
  }

  void run(const netfilter::Masquerade&, const At&, Traveller& t, const Ways&) {
    if (place_.hook != Hook::postrouting) throw Unrecognised{"masquerade at " + std::string(to_string(place_.hook))};
    t.masquerade = Bit::of(true);
    t.translated_here = true;
    through_.push_back(std::move(t));
  }

  void run(const Update& u, const At& at, Traveller& t, const Ways& ways) {
    const Set& set = model_.sets[u.set];
    const auto loaded = load(u.key, t, false);
    if (!loaded) return missed(t, ways);
    if (!set.dynamic) throw Unrecognised{"a rule changes the elements of set " + set.name};
    if (u.operation != Update::Operation::refresh) throw Unrecognised{"the memory " + set.name + " is not renewed"};
    each_label(u.set, u.key, *loaded, [&](const Bit& when, const std::string& label) {
      Traveller one = t;
      one.when = terms_.all(t.when, when);
      if (one.when.is(false)) return;
      if (!one.label.empty() && one.label != label)
        return unrecognised(one, "one packet is remembered twice, by " + set.name);
      one.label = label;
      one.seconds = u.timeout_seconds ? u.timeout_seconds : set.timeout_seconds;
      go_on(at, std::move(one), ways);
    });
  }

  void run(const Chance& c, const At& at, Traveller& t, const Ways& ways) {
    if (c.numerator == c.denominator) return go_on(at, std::move(t), ways);
    const std::uint32_t draw = draws_++;
    ways.next.push_back(drawn(t, draw, 0, {c.denominator - c.numerator, c.denominator}));
    go_on(at, drawn(t, draw, 1, {c.numerator, c.denominator}), ways);
  }

  void run(const Unmodelled& u, const At&, Traveller&, const Ways&) { throw Unrecognised{u.what}; }

  void run(const Opaque& o, const At& at, Traveller& t, const Ways& ways) {
    const Bit holds = packet_.holds(o.match, place_.hook);
    put(ways.next, t, terms_.but(t.when, holds));
    t.when = terms_.all(t.when, holds);
    if (!t.when.is(false)) go_on(at, std::move(t), ways);
  }

  // Matches are taken together, in matches().
  void run(const Match& m, const At& at, Traveller& t, const Ways& ways) {
    const Bit passes = holds(m, t);
    put(ways.next, t, terms_.but(t.when, passes));
    t.when = terms_.all(t.when, passes);
    if (!t.when.is(false)) go_on(at, std::move(t), ways);
  }

  // ---- chance

  static Traveller drawn(const Traveller& t, std::uint32_t draw, std::uint32_t result, const Rational& chance) {
    Traveller out = t;
    out.choices.push_back(draw);
    out.choices.push_back(result);
    const auto weight = Rational::product(t.weight, chance);
    if (!weight) throw Unrecognised{"probabilities without an exact form"};
    out.weight = *weight;
    return out;
  }

  // Once for each random number that the terms may hold.
  template <class Each>
  void each_draw(const std::vector<Term>& terms, const Traveller& t, const Each& each) {
    const Random* random = nullptr;
    for (const Term& term : terms) {
      if (const auto* r = std::get_if<Random>(&term.source)) {
        if (random != nullptr) throw Unrecognised{"two random numbers at once"};
        random = r;
      }
    }
    if (random == nullptr) return each(t);
    if (random->modulus > most_travellers) throw Unrecognised{"too many random choices"};
    const std::uint32_t draw = random->modulus == 1 ? 0 : draws_++;
    for (std::uint32_t n = 0; n < random->modulus; ++n) {
      Traveller one = random->modulus == 1 ? t : drawn(t, draw, n, {1, random->modulus});
      one.drawn = random->offset + n;
      each(std::move(one));
    }
  }

  // ---- expressions and keys

  void missed(Traveller& t, const Ways& ways) {
    t.drawn.reset();
    ways.next.push_back(std::move(t));
  }

  std::optional<std::vector<Word>> load(const std::vector<Term>& terms, const Traveller& t, bool negated) {
    std::vector<Word> out;
    for (const Term& term : terms) {
      const auto word = fields_.load(t, place_, term, negated);
      if (!word) return {};
      out.push_back(*word);
    }
    return out;
  }

  template <class Each>
  void look_up(SetId map, const std::vector<Word>& key, const Traveller& t, const Ways& ways, const Each& each) {
    if (model_.sets[map].dynamic) throw Unrecognised{"a map that rules fill: " + model_.sets[map].name};
    Bit miss = Bit::of(true);
    for (const Elements::Hit& hit : index_.elements().find(terms_, map, key)) {
      miss = terms_.but(miss, hit.when);
      Traveller one = t;
      one.when = terms_.all(t.when, hit.when);
      one.drawn.reset();
      if (!one.when.is(false)) each(std::move(one), hit.element);
    }
    Traveller none = t;
    none.when = terms_.all(t.when, miss);
    if (!none.when.is(false)) missed(none, ways);
  }

  template <class Each>
  void evaluate(const Expression& e, const Traveller& t, const Ways& ways, const Each& each) {
    each_draw(e.terms, t, [&](Traveller one) {
      const auto key = load(e.terms, one, false);
      if (!key) return missed(one, ways);
      one.drawn.reset();
      if (!e.map) return each(std::move(one), *key);
      const Set& map = model_.sets[*e.map];
      look_up(*e.map, *key, one, ways, [&](Traveller hit, std::uint32_t element) {
        std::vector<Word> value;
        std::size_t at = element * map.data_width();
        for (const std::uint8_t width : map.data) {
          Value v;
          std::copy_n(map.values.begin() + static_cast<std::ptrdiff_t>(at), width, v.words.begin());
          value.push_back(Terms::constant(v, width));
          at += width;
        }
        each(std::move(hit), value);
      });
    });
  }

  // ---- memories

  Bit recalls(SetId set, const std::vector<Term>& terms, const std::vector<Word>& key) {
    Bit out = Bit::of(false);
    each_label(set, terms, key, [&](const Bit& when, const std::string& label) {
      out = terms_.any(out, terms_.all(when, remembered_.holds(label)));
    });
    return out;
  }

  // The memory that the key names, all of it but the packet's source, for each value that it may have.
  template <class Each>
  void each_label(SetId id, const std::vector<Term>& terms, std::vector<Word> key, const Each& each) {
    const Set& set = model_.sets[id];
    const std::size_t source = set.source_field;
    const Field field = packet_.family() == net::Family::ipv4 ? Field::ip4_source : Field::ip6_source;
    if (source >= terms.size() || terms[source].source != decltype(Term::source){field} ||
        key[source].term != packet_.source().term)
      throw Unrecognised{"the memory " + set.name + " is not kept by source address"};
    key.erase(key.begin() + static_cast<std::ptrdiff_t>(source));
    for_each_value(terms_, key, Bit::of(true), [&](const Bit& when, const std::vector<Word>& words) {
      std::vector<std::uint32_t> rest;
      for (const Word& w : words) {
        if (!w.known()) throw Unrecognised{"the memory " + set.name + " is kept by what is not known"};
        append(rest, w.value(), w.words);
      }
      std::string label = std::to_string(id);
      for (const std::uint32_t w : rest) label += " " + std::to_string(w);
      index_.names().try_emplace(label, set.label(rest));
      each(when, label);
    });
  }

  RulesetIndex& index_;
  const Model& model_;
  Terms& terms_;
  Packet& packet_;
  Remembered& remembered_;
  Fields fields_;
  Place place_;
  Travellers through_;  // of the base chain that runs: accepted, or translated
  std::vector<Leaf> leaves_;
  std::uint32_t draws_ = 0;
  std::uint64_t rules_ = 0;
  std::size_t gotos_ = 0;
};

// All nat chains of a hook share one place in the order, whatever their priorities; among themselves these count.
std::pair<std::int32_t, std::int32_t> order(const BaseHook& base) {
  if (base.type != ChainType::nat) return {base.priority, 0};
  const bool to_destination = base.hook == Hook::prerouting || base.hook == Hook::output;
  return {to_destination ? -100 : 100, base.priority};
}

}  // namespace

RulesetIndex::RulesetIndex(const Model& model) : elements_(model) {
  for (ChainId id = 0; id < model.chains.size(); ++id) {
    const Chain& chain = model.chains[id];
    if (chain.base) base_chains_[static_cast<std::size_t>(chain.base->hook)].push_back(id);
  }
  for (std::vector<ChainId>& chains : base_chains_)
    std::ranges::stable_sort(chains, {}, [&](ChainId id) { return order(*model.chains[id].base); });
}

std::vector<Leaf> ruleset_leaves(RulesetIndex& index, Terms& terms, Packet& packet, Remembered& remembered) {
  return Encoding(index, terms, packet, remembered).run();
}

}  // namespace portcullis::plain
