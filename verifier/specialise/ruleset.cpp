#include "verifier/specialise/ruleset.hpp"

#include <algorithm>
#include <unordered_map>

#include "backends/netfilter/walk.hpp"
#include "compiler/base/error.hpp"
#include "verifier/specialise/chain_index.hpp"
#include "verifier/specialise/fields.hpp"
#include "verifier/specialise/foreseen.hpp"
#include "verifier/specialise/hooks.hpp"
#include "verifier/specialise/later.hpp"
#include "verifier/specialise/lookup.hpp"
#include "verifier/specialise/memories.hpp"
#include "verifier/specialise/questions.hpp"
#include "verifier/specialise/rules.hpp"
#include "verifier/specialise/ruleset_cuts.hpp"
#include "verifier/specialise/run_state.hpp"

namespace portcullis::specialise {

namespace {

using namespace netfilter;
using netfilter::NotModelled;

constexpr std::uint64_t max_rules = 10'000'000;  // of one run
constexpr std::uint32_t max_branches = 1U << 16U;

}  // namespace

class RulesetSide::Run {
 public:
  Run(Arena& arena, const Model& model, const NodeFacts& node, net::Family family)
      : arena_(arena),
        model_(model),
        family_(family),
        indexed_(index(model)),
        rules_(model),
        cuts_(model, node, family),
        questions_(family),
        fields_(model, node, family, cuts_.statements(), cuts_.tests()),
        hooks_(model, indexed_, fields_, family) {
    asks_of_destination_.resize(model.chains.size());
  }

  NodeId residual(const Key& key, const Path& path) {
    fields_.begin(key, path);
    protocol_ = net::number(key.protocol, family_);
    path_word_ = static_cast<std::uint32_t>(path.state) * 2 + (path.from_node ? 1 : 0);
    rules_run_ = 0;
    RunState s;
    s.destination = key.destination;
    s.port = key.port;
    s.hook = path.from_node ? Hook::output : Hook::prerouting;
    return go(s);
  }

  [[nodiscard]] const Consulted& consulted() const { return fields_.consulted(); }
  [[nodiscard]] std::size_t tests() const { return cuts_.tests(); }
  [[nodiscard]] RulesetCuts& cuts() { return cuts_; }
  [[nodiscard]] const Memories& memories() const { return memories_; }
  [[nodiscard]] Notes& notes() { return notes_; }

 private:
  enum class Flow : std::uint8_t {
    next,       // the next statement
    break_off,  // the next rule
    moved,      // the stack says where to go on
    done,       // result_ is what is left
  };

  // ---- hooks

  NodeId go(RunState s) {
    Later later(later_);
    NodeId node = follow_to_end(s);
    while (later.any()) node = later.last(arena_, node);
    return node;
  }

  NodeId follow_to_end(RunState& s) {
    for (;;) {
      if (s.depth == 0) {
        const Hook before = s.hook;
        if (!hooks_.next_base_chain(s)) return end(s);
        if (s.translated && s.hook == Hook::postrouting && before != s.hook) return leaving(s);
        continue;
      }
      if (s.statement == 0) skip(s);
      const RunState::Frame& top = s.stack[s.depth - 1U];
      const Chain& chain = model_.chains[top.chain];
      if (top.rule == chain.rules.size()) {
        if (--s.depth > 0) {
          lowest_ = std::min<std::size_t>(lowest_, s.depth);
          continue;
        }
        lowest_ = 0;
        if (model_.chains[s.base].base->policy_drop) return refusal(Outcome::End::dropped);
        continue;
      }
      const Rule& rule = chain.rules[top.rule];
      if (s.statement == rule.statements.size()) {
        acts(s);
        next_rule(s);
        continue;
      }
      if (s.statement == 0) {
        if (++rules_run_ > max_rules) return not_modelled("a circle of chains around " + chain.name);
        const auto& only = rules_.of(top.chain, top.rule).protocol;
        if (only && *only != protocol_) {
          next_rule(s);
          continue;
        }
      }
      switch (execute(s, rule.statements[s.statement])) {
        case Flow::next:
          ++s.statement;
          break;
        case Flow::break_off:
          next_rule(s);
          break;
        case Flow::moved:
          break;
        case Flow::done:
          return result_;
      }
    }
  }

  // Of a translated packet at postrouting, where it hardly matters how it came.
  NodeId leaving(RunState& s) {
    const auto flags = (s.masquerade ? 1U : 0U) | (s.dnat ? 2U : 0U) | (s.translated_here ? 4U : 0U);
    const Words key{{s.endpoint, s.mark, s.priority,
                     protocol_ << 8U | static_cast<std::uint32_t>(fields_.state()) << 4U | flags, s.base,
                     static_cast<std::uint32_t>(s.next_base)}};
    const std::uint32_t place = leavings_.place(key);
    if (const NodeId* known = leavings_.at(place)) return *known;
    const std::uint64_t asked = fields_.consulted().count(), of_path = fields_.asked_from_node();
    const NodeId node = go(s);
    if (fields_.consulted().count() == asked && fields_.asked_from_node() == of_path) leavings_.store(place, node);
    return node;
  }

  static void next_rule(RunState& s) {
    ++s.stack[s.depth - 1U].rule;
    s.statement = 0;
  }

  // On to the next rule that the packet may match, in a chain whose rules are found by its destination.
  void skip(RunState& s) {
    RunState::Frame& top = s.stack[s.depth - 1U];
    const ChainIndex* index = cuts_.index(top.chain);
    if (index == nullptr) return;
    if (!s.translated) fields_.ask(cuts_.test_of(top.chain));
    top.rule =
        index->next(top.rule, {s.destination, fields_.key().protocol, s.port}, index->asks_local() && fields_.local(s));
  }

  NodeId refusal(Outcome::End how) { return arena_.outcome({how, false, false, false}); }

  NodeId end(const RunState& s) {
    if (!s.translated && s.label != none)
      return arena_.unknown("affinity is recorded for a packet that is not translated");
    const bool here = fields_.local(s);
    return arena_.outcome({Outcome::End::passed, here, !s.translated && s.accepted, s.masquerade});
  }

  // ---- chains

  // Into `chain`; `depth` is the frame that it gets.
  Flow enter(RunState& s, ChainId chain, std::size_t frame) {
    s.stack[frame] = {chain, 0};
    s.depth = static_cast<std::uint8_t>(frame + 1);
    s.statement = 0;
    if (asks_of_destination_[chain] || s.translated || s.label != none || !plain()) return Flow::moved;
    const Words key{{chain, s.mark, s.priority,
                     path_word_ << 8U | static_cast<std::uint32_t>(fields_.key().protocol) << 4U |
                         static_cast<std::uint32_t>(s.hook),
                     static_cast<std::uint32_t>(s.next_base) << 2U | (s.masquerade ? 2U : 0U) | (s.accepted ? 1U : 0U),
                     static_cast<std::uint32_t>(frame)}};
    const std::uint32_t place = chains_.place(key);
    if (const NodeId* known = chains_.at(place)) return done(*known);
    const std::uint64_t asked = fields_.consulted().count();
    const std::size_t lowest = lowest_;
    lowest_ = SIZE_MAX;
    const NodeId node = go(s);
    const bool stayed = lowest_ > frame;
    lowest_ = std::min(lowest, lowest_);
    if (!stayed || fields_.consulted().count() != asked) {
      asks_of_destination_[chain] = true;
    } else if (plain()) {
      chains_.store(place, node);
    }
    return done(node);
  }

  Flow done(NodeId node) {
    result_ = node;
    return Flow::done;
  }

  Flow follow(RunState& s, const Verdict& v) {
    acts(s);
    switch (v.kind) {
      case Verdict::Kind::go_on:
        return Flow::next;
      case Verdict::Kind::accept:
        if (s.hook == Hook::input || s.hook == Hook::forward || s.hook == Hook::output)
          s.accepted = s.accepted || model_.chains[s.base].base->type != ChainType::nat;
        s.depth = 0;
        lowest_ = 0;
        return Flow::moved;
      case Verdict::Kind::drop:
        return done(refusal(Outcome::End::dropped));
      case Verdict::Kind::jump:
        if (s.depth > max_jumps) throw NotModelled{"more than 16 nested jumps"};
        ++s.stack[s.depth - 1U].rule;
        return enter(s, v.chain, s.depth);
      case Verdict::Kind::go_to:
        return enter(s, v.chain, s.depth - 1U);
      case Verdict::Kind::back:
        s.statement = 0;
        --s.depth;
        lowest_ = std::min<std::size_t>(lowest_, s.depth);
        if (s.depth == 0 && model_.chains[s.base].base->policy_drop) return done(refusal(Outcome::End::dropped));
        return Flow::moved;
    }
    return Flow::next;
  }

  // ---- statements

  Flow execute(RunState& s, const Statement& statement) {
    statement_ = rules_.of(s.stack[s.depth - 1U].chain, s.stack[s.depth - 1U].rule).first_statement + s.statement;
    try {
      return std::visit([&](const auto& st) { return run(s, st); }, statement);
    } catch (const NotModelled& e) {
      return done(not_modelled(e.why));
    }
  }

  NodeId not_modelled(const std::string& why) {
    notes_.leave_open();
    return arena_.unknown(why);
  }

  // The rule on top does what it says.
  void acts(const RunState& s) { notes_.rule(s.stack[s.depth - 1U].chain, s.stack[s.depth - 1U].rule); }

  static Flow only_if(bool holds) { return holds ? Flow::next : Flow::break_off; }

  // Both ways: on with the rule where one of the atoms holds, off it elsewhere (or the other way round). The run itself
  // goes on off the rule: rules in a row that ask something do not nest, so thousands of them need no deeper stack.
  Flow split(RunState& s, std::span<const Atom> atoms, bool negated) {
    const RunState::Frame& top = s.stack[s.depth - 1U];
    if (fails_later(s, model_.chains[top.chain].rules[top.rule], statement_, cuts_, fields_)) return Flow::break_off;
    Fork fork;
    for (const Atom& a : atoms) fork.atoms.push_back(arena_.atom(a));
    RunState on = s;
    ++on.statement;
    (negated ? fork.fails : fork.holds) = go(on);
    later_.push_back(std::move(fork));
    next_rule(s);
    return Flow::moved;
  }

  Flow run(RunState& s, const Match& m) {
    if (cuts_.implied(statement_)) return Flow::next;
    if (const auto* in = std::get_if<InSet>(&m.test)) return in_set(s, m, in->set);
    const Operand x = fields_.operand(s, m.key.front(), statement_, m.negated);
    if (x.kind == Operand::Kind::missing) return Flow::break_off;
    if (!x.open()) return only_if(passes(m.test, x.value) != m.negated);
    if (x.kind == Operand::Kind::source_local) {
      const auto with = [&](std::uint32_t type) { return passes(m.test, (Value::number(type) & x.mask) ^ x.flip); };
      return two_valued(s, with(fib::local), with(fib::unicast), m.negated);
    }
    const std::optional<Atom> atom = questions_.passing(s, x, m.test);
    if (!atom) return only_if(m.negated);
    return split(s, std::span(&*atom, 1), m.negated);
  }

  Flow two_valued(RunState& s, bool if_local, bool if_not, bool negated) {
    if (if_local == if_not) return only_if(if_local != negated);
    const Atom atom = SourceIsLocal{};
    return split(s, std::span(&atom, 1), negated != if_not);
  }

  Flow in_set(RunState& s, const Match& m, SetId id) {
    const Set& set = model_.sets[id];
    const std::optional<std::size_t> open = load_key(s, m.key, m.negated);
    if (missing_) return Flow::break_off;
    if (set.dynamic) {
      if (s.translated) throw NotModelled{"the memory " + set.name + " is asked after translation"};
      const Atom asks = Remembers{memory(s, m.key, set, id, open)};
      return split(s, std::span(&asks, 1), m.negated);
    }
    if (!open) return only_if(find(id).has_value() != m.negated);
    const Operand& x = operands_[*open];
    open_fields_.of(model_, id, *open).matching(key_words_, found_);
    for (const std::uint32_t e : found_) notes_.element(id, e);
    if (x.kind == Operand::Kind::source_local) {
      const auto holds = [&](std::uint32_t type) {
        return std::ranges::any_of(found_, [&](std::uint32_t e) {
          return low_of(set, e, *open)[0] <= type && type <= high_of(set, e, *open)[0];
        });
      };
      return two_valued(s, holds(fib::local), holds(fib::unicast), m.negated);
    }
    const std::vector<Atom> atoms = questions_.among(s, x, set, *open, found_);
    if (atoms.empty()) return only_if(m.negated);
    return split(s, atoms, m.negated);
  }

  // The memory that a key of a dynamic set names: all of the key but the source.
  LabelId memory(const RunState& s, std::span<const Term> terms, const Set& set, SetId id,
                 std::optional<std::size_t> open) {
    if (!open || operands_[*open].kind != Operand::Kind::source || *open != set.source_field)
      throw NotModelled{"the memory " + set.name + " is not kept by source address"};
    if (!whole(operands_[*open].mask, questions_.address_words()))
      throw NotModelled{"the memory " + set.name + " is kept by prefix"};
    for (const Term& t : terms) {
      if (!s.translated && is_about_destination(t))
        throw NotModelled{"the memory " + set.name + " is kept by destination"};
    }
    return memories_.label(arena_, set, id, key_words_);
  }

  Flow run(RunState& s, const Decide& d) { return follow(s, d.verdict); }
  Flow run(RunState& s, const Reject&) {
    acts(s);
    return done(refusal(Outcome::End::rejected));
  }

  Flow run(RunState& s, const DecideByMap& d) {
    if (const Random* random = unchosen(s, d.key)) return uniform(s, *random);
    const std::optional<std::size_t> open = load_key(s, d.key, false);
    if (missing_) return Flow::break_off;
    std::optional<std::uint32_t> found;
    if (const auto flow = look_up(s, d.map, open, found)) return *flow;
    s.random.reset();
    if (!found) return Flow::break_off;
    return follow(s, model_.sets[d.map].verdicts[*found]);
  }

  Flow run(RunState& s, const Assign& a) {
    if (const auto flow = evaluate(s, a.value)) return *flow;
    acts(s);
    (a.field == Field::mark ? s.mark : s.priority) = value_.front();
    return Flow::next;
  }

  Flow run(RunState& s, const Translate& t) {
    if (t.has_port && fields_.key().protocol == net::Protocol::icmp)
      throw NotModelled{"dnat to a port of a packet without ports"};
    if (s.hook != Hook::prerouting && s.hook != Hook::output)
      throw NotModelled{"dnat at " + std::string(to_string(s.hook))};
    if (const auto flow = evaluate(s, t.value)) return *flow;
    if (!t.has_port) throw NotModelled{"dnat that leaves the port"};
    acts(s);
    Value value;
    const std::size_t words = t.family == net::Family::ipv4 ? 1 : 4;
    std::copy_n(value_.begin(), words, value.words.begin());
    const net::Address address = value.to_address(t.family);
    const auto port = static_cast<std::uint16_t>(value_[words]);
    return done(behind(s, address, port));
  }

  NodeId behind(RunState s, const net::Address& address, std::uint16_t port) {
    // A translation that changes nothing is none to conntrack. Endpoints that are destinations themselves are regions
    // of their own (partition), and are kept out of what runs share (plain).
    s.dnat = address != s.destination || port != s.port;
    const EndpointId endpoint = arena_.endpoint(address, port);
    const LabelId label = s.label;
    const auto seconds = s.seconds;
    const Words key{{endpoint, s.mark, s.priority,
                     path_word_ << 8U | static_cast<std::uint32_t>(fields_.key().protocol) << 4U |
                         static_cast<std::uint32_t>(s.hook),
                     static_cast<std::uint32_t>(s.next_base), s.dnat ? 1U : 0U}};
    const std::uint32_t place = templates_.place(key);
    if (const NodeId* known = templates_.at(place)) return arena_.to(endpoint, label, seconds, *known);
    s.translate(address, port, endpoint);
    const std::uint64_t asked = fields_.consulted().count();
    const std::size_t lowest = lowest_;
    const NodeId node = go(s);
    lowest_ = lowest;
    if (fields_.consulted().count() == asked) templates_.store(place, node);
    return arena_.to(endpoint, label, seconds, node);
  }

  Flow run(RunState& s, const netfilter::Masquerade&) {
    if (s.hook != Hook::postrouting) throw NotModelled{"masquerade at " + std::string(to_string(s.hook))};
    acts(s);
    s.masquerade = s.translated_here = true;
    s.depth = 0;
    lowest_ = 0;
    return Flow::moved;
  }

  Flow run(RunState& s, const Update& u) {
    const std::optional<std::size_t> open = load_key(s, u.key, false);
    if (missing_) return Flow::break_off;
    const Set& set = model_.sets[u.set];
    if (!set.dynamic) throw NotModelled{"a rule changes the elements of set " + set.name};
    if (u.operation != Update::Operation::refresh) throw NotModelled{"the memory " + set.name + " is not renewed"};
    if (s.translated) throw NotModelled{"affinity is recorded after translation"};
    const LabelId label = memory(s, u.key, set, u.set, open);
    if (s.label != none && s.label != label) throw NotModelled{"one packet is remembered twice, by " + set.name};
    acts(s);
    s.label = label;
    s.seconds = u.timeout_seconds ? u.timeout_seconds : set.timeout_seconds;
    return Flow::next;
  }

  Flow run(RunState& s, const Chance& c) {
    if (c.numerator >= c.denominator) return Flow::next;
    RunState yes = s;
    ++yes.statement;
    Fork fork;
    fork.holds = go(yes);
    fork.probability = {c.numerator, c.denominator};
    later_.push_back(std::move(fork));
    next_rule(s);
    return Flow::moved;
  }

  Flow run(RunState& s, const Opaque& o) {
    const Atom holds = OpaqueHolds{o.match, static_cast<std::uint32_t>(s.hook)};
    return split(s, std::span(&holds, 1), false);
  }

  Flow run(RunState&, const Unmodelled& u) { throw NotModelled{u.what}; }

  // ---- expressions

  // Into value_; a flow if the statement is over.
  std::optional<Flow> evaluate(RunState& s, const Expression& e) {
    if (const Random* random = unchosen(s, e.terms)) return uniform(s, *random);
    const std::optional<std::size_t> open = load_key(s, e.terms, false);
    if (missing_) return Flow::break_off;
    if (!e.map) {
      if (open) throw NotModelled{"a value is made of the packet's source"};
      for (const Term& t : e.terms) {
        if (!s.translated && is_about_destination(t)) throw NotModelled{"a value is made of the packet's destination"};
      }
      value_ = key_words_;
      s.random.reset();
      return {};
    }
    std::optional<std::uint32_t> found;
    if (const auto flow = look_up(s, *e.map, open, found)) return flow;
    s.random.reset();
    if (!found) return Flow::break_off;
    const Set& map = model_.sets[*e.map];
    const std::size_t words = map.data_width();
    const auto first = map.values.begin() + static_cast<std::ptrdiff_t>(*found * words);
    value_.assign(first, first + static_cast<std::ptrdiff_t>(words));
    return {};
  }

  Flow uniform(RunState& s, const Random& r) {
    if (r.modulus == 1) {  // a number, as our memories are asked for each endpoint in turn
      s.random = r.offset;
      return Flow::moved;
    }
    if (r.modulus > max_branches) throw NotModelled{"too many random choices"};
    std::vector<Branch> branches;
    branches.reserve(r.modulus);
    for (std::uint32_t i = 0; i < r.modulus; ++i) {
      RunState one = s;
      one.random = r.offset + i;
      branches.push_back({{1, r.modulus}, go(one)});
    }
    return done(arena_.choice(std::move(branches)));
  }

  // Into found; a flow if it depends on the rest of the packet.
  std::optional<Flow> look_up(RunState& s, SetId id, std::optional<std::size_t> open,
                              std::optional<std::uint32_t>& found) {
    const Set& map = model_.sets[id];
    if (map.dynamic) throw NotModelled{"a map that rules fill: " + map.name};
    if (s.element) {
      found = s.element;
      s.element.reset();
      return {};
    }
    if (!open) {
      found = find(id);
      return {};
    }
    const Operand x = operands_[*open];
    open_fields_.of(model_, id, *open).matching(key_words_, found_);
    const std::vector<std::uint32_t> elements = found_;
    RunState miss = s;
    next_rule(miss);
    miss.random.reset();
    NodeId node = go(miss);
    for (std::size_t i = elements.size(); i-- > 0;) {
      found_ = {elements[i]};
      if (x.kind == Operand::Kind::source_local) throw NotModelled{"a map of address types"};
      const std::vector<Atom> atoms = questions_.among(s, x, map, *open, found_);
      RunState hit = s;
      hit.element = elements[i];
      notes_.element(id, elements[i]);
      node = arena_.test(arena_.atom(atoms.front()), go(hit), node);
    }
    return done(node);
  }

  // Into key_words_ and operands_; the number of the open term, if there is one. missing_ is set if the packet has no
  // such field.
  std::optional<std::size_t> load_key(RunState& s, std::span<const Term> terms, bool negated) {
    key_words_.clear();
    operands_.clear();
    missing_ = false;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      operands_.push_back(fields_.operand(s, terms[i], statement_, negated));
      const Operand& x = operands_.back();
      if (x.kind == Operand::Kind::missing) {
        missing_ = true;
        return {};
      }
      if (x.open()) {
        if (open) throw NotModelled{"a key of two fields of the packet's rest"};
        open = i;
      }
      append(key_words_, x.open() ? Value{} : x.value, width(terms[i]));
    }
    return open;
  }

  // ---- sets

  std::optional<std::uint32_t> find(SetId set) {
    const auto element = indexed_.sets[set].find(key_words_);
    if (element) notes_.element(set, *element);
    return element;
  }

  // The destination is nobody's endpoint, as far as is known: no translation that was worked out for another
  // destination leaves it as it is.
  [[nodiscard]] bool plain() const { return !arena_.has_endpoint(fields_.key().destination, fields_.key().port); }

  Arena& arena_;
  const Model& model_;
  net::Family family_;
  Indexed indexed_;
  Rules rules_;
  RulesetCuts cuts_;
  Questions questions_;
  Fields fields_;
  Hooks hooks_;

  std::uint32_t path_word_ = 0, protocol_ = 0;
  std::uint32_t statement_ = 0;
  std::uint64_t rules_run_ = 0;
  std::size_t lowest_ = SIZE_MAX;  // the lowest frame that was left since
  NodeId result_ = 0;
  std::vector<Fork> later_;

  std::vector<Operand> operands_;
  std::vector<std::uint32_t> key_words_, value_, found_;
  bool missing_ = false;

  Memo<Words, WordsHash> chains_, templates_, leavings_;
  std::vector<bool> asks_of_destination_;  // by chain: not worth remembering
  OpenFields open_fields_;
  Memories memories_;
  Notes notes_;
};

RulesetSide::RulesetSide(Arena& arena, const Model& model, const NodeFacts& node, net::Family family)
    : arena_(arena), run_(std::make_unique<Run>(arena, model, node, family)) {}
RulesetSide::~RulesetSide() = default;

NodeId RulesetSide::residual(const Key& key, const Path& path) {
  return run_->residual(key, path);
}
const Consulted& RulesetSide::consulted() const {
  return run_->consulted();
}
std::size_t RulesetSide::tests() const {
  return run_->tests();
}
void RulesetSide::address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const {
  run_->cuts().address_cuts(test, protocol, cuts);
}
void RulesetSide::port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                            std::vector<PortCut>& cuts) {
  run_->cuts().port_cuts(test, destination, protocol, cuts);
}
void RulesetSide::note_in(Reached& reached) {
  run_->notes().begin(reached);
}
std::string RulesetSide::memory_name(LabelId label) const {
  return run_->memories().name(arena_, label);
}

}  // namespace portcullis::specialise
