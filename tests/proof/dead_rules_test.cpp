// What is said to be dead is dead: rules that are planted where nothing reaches are told; and with every rule that is
// told made to drop what it matches, and every element that is told taken out, a ruleset means what it meant: as
// diagrams at every destination, by a proof in shapes, by one in the plain encoding, and packet by packet on the
// evaluator. The same of rulesets with a fault, without the proofs. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_CLUSTERS=100 ctest -R 'proof:.*dead' --output-on-failure
#include "verifier/obligations/dead_rules.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/agreement/generator.hpp"
#include "tests/proof/mutate.hpp"
#include "tests/proof/subjects.hpp"
#include "verifier/obligations/translation.hpp"
#include "verifier/obligations/translation_plain.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/ruleset.hpp"

namespace {

using namespace portcullis;
using namespace portcullis::netfilter;
using proof::Random;
using proof::Subject;
using specialise::Reached;
using verdict::Standing;

struct Place {
  ChainId chain = 0;
  std::uint32_t rule = 0;
};

template <class T>
const T& pick(const std::vector<T>& from, Random& random) {
  return from[random() % from.size()];
}

constexpr std::initializer_list<net::ConntrackState> states{net::ConntrackState::fresh,
                                                            net::ConntrackState::established,
                                                            net::ConntrackState::related, net::ConntrackState::invalid};

// ---- rules that nothing reaches, into a ruleset

Rule rule_of(std::vector<Statement> statements, Verdict verdict) {
  Rule rule{std::move(statements), {}};
  rule.statements.emplace_back(Decide{verdict});
  return rule;
}

Match match(Field field, const Value& value) {
  return {{Term{field}}, Equals{value}};
}

bool asks_for_destination(const Statement& statement) {
  const auto* m = std::get_if<Match>(&statement);
  if (m == nullptr || m->key.size() != 1 || std::holds_alternative<InSet>(m->test)) return false;
  const auto* field = std::get_if<Field>(&m->key.front().source);
  return field != nullptr &&
         std::ranges::any_of(std::initializer_list{Field::ip4_destination, Field::ip6_destination, Field::protocol,
                                                   Field::destination_port, Field::fib_destination_type},
                             [&](Field f) { return f == *field; });
}

// No packet that matches it is seen by the next rule, and which ones do depends on the destination alone.
bool ends_destinations(const Rule& rule) {
  if (rule.statements.empty()) return false;
  const auto* decide = std::get_if<Decide>(&rule.statements.back());
  const bool ends = std::holds_alternative<Reject>(rule.statements.back()) ||
                    (decide != nullptr && decide->verdict.kind != Verdict::Kind::go_on &&
                     decide->verdict.kind != Verdict::Kind::jump);
  return ends && std::all_of(rule.statements.begin(), rule.statements.end() - 1, asks_for_destination);
}

class Planted {
 public:
  Planted(const Subject& subject, Random& random) : model(subject.model), random_(random) {
    family_ = subject.program.family;
    behind_its_like();
    behind_a_return();
    contradiction();
    unvisited();
  }

  Model model;
  std::vector<Place> dead;

 private:
  void plant(const Place& place, Rule rule) {
    auto& rules = model.chains[place.chain].rules;
    rules.insert(rules.begin() + place.rule, std::move(rule));
    for (Place& other : dead) {
      if (other.chain == place.chain && other.rule >= place.rule) ++other.rule;
    }
    dead.push_back(place);
  }

  // The same rule again; and a narrower one.
  void behind_its_like() {
    std::vector<Place> found;
    for (ChainId c = 0; c < model.chains.size(); ++c) {
      for (std::uint32_t r = 0; r < model.chains[c].rules.size(); ++r) {
        if (ends_destinations(model.chains[c].rules[r])) found.push_back({c, r});
      }
    }
    if (found.empty()) return;
    const auto [chain, number] = pick(found, random_);
    const Rule rule = model.chains[chain].rules[number];
    plant({chain, number + 1}, rule);
    std::vector<Statement> narrower(rule.statements.begin(), rule.statements.end() - 1);
    narrower.emplace_back(match(Field::source_port, Value::number(7)));
    plant({chain, number + 1}, rule_of(narrower, {Verdict::Kind::drop}));
  }

  ChainId chain(const std::string& name) {
    model.chains.push_back({model.chains.front().table, name, true, true, {}, {}});
    return static_cast<ChainId>(model.chains.size() - 1);
  }

  // A chain that an address leaves at once, which nobody routes.
  void behind_a_return() {
    std::vector<ChainId> bases;
    for (ChainId c = 0; c < model.chains.size(); ++c) {
      if (model.chains[c].base) bases.push_back(c);
    }
    const bool ipv4 = family_ == net::Family::ipv4;
    const Match at = match(ipv4 ? Field::ip4_destination : Field::ip6_destination,
                           Value::address(*net::Address::parse(ipv4 ? "203.0.113.199" : "2001:db8:ffff::c7")));
    const ChainId to = chain("planted");
    model.chains[to].rules.push_back(rule_of({at}, {Verdict::Kind::back}));
    plant({to, 1},
          rule_of({at, match(Field::protocol, Value::number(6)), match(Field::destination_port, Value::number(9))},
                  {Verdict::Kind::drop}));
    auto& rules = model.chains[pick(bases, random_)].rules;
    rules.push_back(rule_of({}, {Verdict::Kind::jump, to}));
  }

  void contradiction() {
    const auto in = static_cast<ChainId>(random_() % model.chains.size());
    plant({in, 0}, rule_of({match(Field::protocol, Value::number(6)), match(Field::protocol, Value::number(17))},
                           {Verdict::Kind::drop}));
  }

  void unvisited() {
    const ChainId lost = chain("lost");
    plant({lost, 0}, rule_of({}, {Verdict::Kind::drop}));
  }

  Random& random_;
  net::Family family_{};
};

// ---- what is dead, made harmful

bool only_asks(const Statement& s) {
  return std::holds_alternative<Match>(s) || std::holds_alternative<Chance>(s) || std::holds_alternative<Opaque>(s);
}

bool looks_up(const Statement& s) {
  if (const auto* assign = std::get_if<Assign>(&s)) return assign->value.map.has_value();
  if (const auto* translate = std::get_if<Translate>(&s)) return translate->value.map.has_value();
  return std::holds_alternative<DecideByMap>(s);
}

// The rule drops what it matches; one that did accepts. One that is dead because a look-up finds nothing is emptied.
void harm(Rule& rule) {
  if (std::ranges::any_of(rule.statements, looks_up)) return rule.statements.clear();
  const bool refuses = std::ranges::any_of(rule.statements, [](const Statement& s) {
    const auto* decide = std::get_if<Decide>(&s);
    return std::holds_alternative<Reject>(s) || (decide != nullptr && decide->verdict.kind == Verdict::Kind::drop);
  });
  std::erase_if(rule.statements, [](const Statement& s) { return !only_asks(s); });
  rule.statements.emplace_back(Decide{{refuses ? Verdict::Kind::accept : Verdict::Kind::drop}});
}

std::vector<Place> rules(const Model& model, const Reached& reached, net::Family family, bool alive) {
  std::vector<Place> out;
  for (ChainId c = 0; c < model.chains.size(); ++c) {
    if (!(family == net::Family::ipv4 ? model.chains[c].ipv4 : model.chains[c].ipv6)) continue;
    for (std::uint32_t r = 0; r < model.chains[c].rules.size(); ++r) {
      if (reached.rule(c, r) == alive) out.push_back({c, r});
    }
  }
  return out;
}

void keep_words(std::vector<std::uint32_t>& words, std::size_t width, const std::vector<bool>& kept) {
  if (words.empty()) return;
  std::vector<std::uint32_t> out;
  for (std::size_t e = 0; e < kept.size(); ++e) {
    const auto first = words.begin() + static_cast<std::ptrdiff_t>(e * width);
    if (kept[e]) out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  words = std::move(out);
}

// Elements that nothing finds, out of their sets; how many.
std::size_t take_out(Model& model, const Reached& reached) {
  std::size_t count = 0;
  for (SetId id = 0; id < model.sets.size(); ++id) {
    Set& set = model.sets[id];
    std::vector<bool> kept(set.size());
    for (std::uint32_t e = 0; e < kept.size(); ++e) kept[e] = reached.element(id, e);
    count += static_cast<std::size_t>(std::ranges::count(kept, false));
    const std::size_t keys = set.key_width(), data = set.data_width();
    std::vector<Verdict> verdicts;
    for (std::size_t e = 0; e < set.verdicts.size(); ++e) {
      if (kept[e]) verdicts.push_back(set.verdicts[e]);
    }
    set.verdicts = std::move(verdicts);
    keep_words(set.lows, keys, kept);
    keep_words(set.highs, keys, kept);
    keep_words(set.values, data, kept);
    set.spans.clear();
  }
  return count;
}

// ---- the same or not

class Diagrams {
 public:
  explicit Diagrams(const specialise::Arena& arena) : arena_(arena) {}

  bool equal(specialise::NodeId a, specialise::NodeId b) {
    if (a == b || known_.contains({a, b})) return true;
    const specialise::Node &one = arena_.node(a), &other = arena_.node(b);
    if (one.kind != other.kind || !equal(one, other)) return false;
    known_.emplace(a, b);
    return true;
  }

 private:
  bool equal(const specialise::Node& a, const specialise::Node& b) {
    switch (a.kind) {
      case specialise::NodeKind::test:
        return a.parts[0] == b.parts[0] && equal(a.parts[1], b.parts[1]) && equal(a.parts[2], b.parts[2]);
      case specialise::NodeKind::choice:
        return std::ranges::equal(arena_.branches(a), arena_.branches(b), [&](const auto& x, const auto& y) {
          return x.probability == y.probability && equal(x.node, y.node);
        });
      case specialise::NodeKind::balance: {
        const specialise::Balance &x = arena_.balance(a), &y = arena_.balance(b);
        return x.asked == y.asked && x.seconds == y.seconds &&
               std::ranges::equal(x.entries, y.entries, [&](const auto& e, const auto& f) {
                 return e.endpoint == f.endpoint && e.label == f.label && e.weight == f.weight &&
                        equal(e.behind, f.behind);
               });
      }
      case specialise::NodeKind::to:
        return a.parts[0] == b.parts[0] && a.parts[1] == b.parts[1] && a.parts[3] == b.parts[3] &&
               equal(a.parts[2], b.parts[2]);
      case specialise::NodeKind::outcome:
      case specialise::NodeKind::unknown:
        return a.parts == b.parts;
    }
    return false;
  }

  const specialise::Arena& arena_;
  std::set<std::pair<specialise::NodeId, specialise::NodeId>> known_;
};

bool same_diagrams(const Subject& subject, const Model& one, const Model& other) {
  const NodeFacts node = facts(subject.program);
  specialise::Arena arena;
  specialise::RulesetSide left(arena, one, node, subject.program.family);
  specialise::RulesetSide right(arena, other, node, subject.program.family);
  Diagrams diagrams(arena);
  bool same = true;
  for (const net::ConntrackState state : states) {
    for (const bool from_node : {false, true}) {
      specialise::for_each_region(
          left, right, subject.program.family, {from_node, state}, arena,
          [&](const specialise::Pair& pair) { same = same && diagrams.equal(pair.left, pair.right); });
    }
  }
  return same;
}

// The first packet on which the evaluator tells them apart. Nothing: none.
std::string difference(const Subject& subject, const Model& one, const Model& other) {
  const Evaluator before(one), after(other);
  const NodeFacts node = facts(subject.program);
  for (net::Packet packet : agreement::boundary_packets(subject.cluster, subject.program)) {
    for (const net::ConntrackState state : states) {
      packet.ct_state = state;
      const Evaluation was = before.evaluate(node, packet), is = after.evaluate(node, packet);
      if (was.not_modelled != is.not_modelled) return packet.text() + ": " + was.not_modelled + is.not_modelled;
      if (was.not_modelled.empty() && !ir::equal(was.fate, is.fate, packet)) return packet.text();
    }
  }
  return {};
}

struct Tally {
  std::size_t subjects = 0, planted = 0, dead = 0, elements = 0, alive = 0, missed = 0;
  std::size_t mutants = 0, open = 0, of_mutants = 0, elements_of_mutants = 0;
};

class Check {
 public:
  Check(const Subject& subject, std::uint64_t seed, Tally& tally) : subject_(subject), tally_(tally), random_(seed) {}

  void run() {
    ++tally_.subjects;
    const Planted planted(subject_, random_);
    const Reached reached = reached_of(planted.model);
    REQUIRE(reached.complete());
    for (const Place& place : planted.dead) {
      INFO(planted.model.chains[place.chain].name << " " << place.rule);
      CHECK_FALSE(reached.rule(place.chain, place.rule));
    }
    tally_.planted += planted.dead.size();
    const Model harmed = harmless(planted.model, reached, tally_.dead, tally_.elements);
    smt::Session session;
    const NodeFacts node = facts(subject_.program);
    CHECK(obligations::prove_translation("harmed", subject_.program, harmed, node, session).standing ==
          Standing::proved);
    CHECK(obligations::prove_translation_plainly("harmed", subject_.program, harmed, node, session).standing ==
          Standing::proved);
    alive(planted.model, reached);
    for (int i = 0; i < 4; ++i) mutant();
  }

 private:
  Reached reached_of(const Model& model) const {
    return obligations::reached_rules(std::span(&subject_.program, 1), model);
  }

  // With all that is dead made harmful.
  Model harmless(const Model& model, const Reached& reached, std::size_t& dead, std::size_t& elements) {
    Model harmed = model;
    for (const Place& place : rules(model, reached, subject_.program.family, false)) {
      harm(harmed.chains[place.chain].rules[place.rule]);
      ++dead;
    }
    elements += take_out(harmed, reached);
    CHECK(same_diagrams(subject_, model, harmed));
    CHECK(difference(subject_, model, harmed) == "");
    return harmed;
  }

  // Rules that are not told, made harmful one at a time: most of them are missed.
  void alive(const Model& model, const Reached& reached) {
    const std::vector<Place> all = rules(model, reached, subject_.program.family, true);
    for (int i = 0; i < 3 && !all.empty(); ++i) {
      Model harmed = model;
      const Place& place = pick(all, random_);
      harm(harmed.chains[place.chain].rules[place.rule]);
      ++tally_.alive;
      tally_.missed += same_diagrams(subject_, model, harmed) ? 0 : 1;
    }
  }

  void mutant() {
    Model model = subject_.model;
    const proof::Fault& fault = pick(proof::faults(), random_);
    if (!fault.inject(model, random_)) return;
    INFO(fault.kind);
    ++tally_.mutants;
    const Reached reached = reached_of(model);
    if (!reached.complete()) {
      ++tally_.open;
      return;
    }
    (void)harmless(model, reached, tally_.of_mutants, tally_.elements_of_mutants);
  }

  const Subject& subject_;
  Tally& tally_;
  Random random_;
};

}  // namespace

TEST_CASE("what is said to be dead may be anything") {
  const std::uint64_t seed = proof::from_environment("PORTCULLIS_SEED", 1),
                      clusters = proof::from_environment("PORTCULLIS_CLUSTERS", 3);
  Tally tally;
  for (std::uint64_t s = seed; s < seed + clusters; ++s) {
    for (const Subject& subject : proof::subjects(s, proof::Size::small)) {
      // Of a cluster without a Service of this family.
      if (std::ranges::none_of(subject.model.chains, [](const Chain& c) { return c.base.has_value(); })) continue;
      INFO(subject.name);
      Check(subject, s, tally).run();
    }
  }
  fmt::print(
      "seeds {} to {}: {} rulesets, {} dead rules ({} of them planted), {} dead elements; {} of {} others missed\n",
      seed, seed + clusters - 1, tally.subjects, tally.dead, tally.planted, tally.elements, tally.missed, tally.alive);
  fmt::print("{} mutants ({} not modelled): {} dead rules, {} dead elements\n", tally.mutants, tally.open,
             tally.of_mutants, tally.elements_of_mutants);
  CHECK(tally.dead > tally.planted);
  CHECK(tally.missed > tally.alive * 2 / 3);
}
