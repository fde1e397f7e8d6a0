#include "verifier/specialise/ruleset.hpp"

#include <algorithm>
#include <unordered_map>

#include "backends/netfilter/walk.hpp"
#include "compiler/base/error.hpp"
#include "verifier/specialise/lookup.hpp"

namespace portcullis::specialise {

namespace {

using namespace netfilter;
using netfilter::NotModelled;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// As in walk.cpp.
constexpr std::int32_t conntrack_priority = -200;
constexpr std::size_t max_jumps = 16;
constexpr std::uint64_t max_rules = 10'000'000;  // of one run
constexpr std::uint32_t max_branches = 1U << 16U;

std::uint32_t state_bit(net::ConntrackState s) {
  switch (s) {
    case net::ConntrackState::fresh:
      return state::fresh;
    case net::ConntrackState::established:
      return state::established;
    case net::ConntrackState::related:
      return state::related;
    case net::ConntrackState::invalid:
      return state::invalid;
  }
  return 0;
}

// What a term is for this packet.
struct Operand {
  enum class Kind : std::uint8_t { value, missing, source, source_local, source_port, interface };
  Kind kind = Kind::value;
  Value value{};                   // of value, masked and flipped already
  Value mask = Value::all_ones();  // of the others: (field & mask) ^ flip
  Value flip{};
  [[nodiscard]] bool open() const { return kind != Kind::value && kind != Kind::missing; }
};

bool whole(const Value& mask, std::uint8_t words) {
  return std::all_of(mask.words.begin(), mask.words.begin() + words, [](std::uint32_t w) { return w == ~0U; });
}

bool is_destination(Field f) {
  return f == Field::ip4_destination || f == Field::ip6_destination || f == Field::fib_destination_type ||
         f == Field::ct_original_ip4_destination || f == Field::ct_original_ip6_destination;
}
bool is_destination_port(Field f) {
  return f == Field::destination_port || f == Field::ct_original_destination_port;
}
bool is_original(Field f) {
  return f == Field::ct_original_ip4_destination || f == Field::ct_original_ip6_destination ||
         f == Field::ct_original_destination_port;
}

struct Words {
  std::array<std::uint32_t, 6> words{};
  bool operator==(const Words&) const = default;
};
struct WordsHash {
  std::size_t operator()(const Words& w) const {
    const auto wide = [&](std::size_t i) { return std::uint64_t{w.words[i]} << 32U | w.words[i + 1]; };
    return mix(mix(mix(0, wide(0)), wide(2)), wide(4));
  }
};

}  // namespace

struct RulesetSide::State {
  struct Frame {
    ChainId chain = 0;
    std::uint32_t rule = 0;
  };
  std::array<Frame, max_jumps + 1> stack;
  std::uint8_t depth = 0;
  std::uint16_t statement = 0;  // of the rule on top

  Hook hook = Hook::prerouting;
  std::uint16_t next_base = 0;  // of the hook's base chains
  ChainId base = 0;             // the base chain that runs
  bool looped = false, translated = false, translated_here = false, dnat = false, accepted = false, masquerade = false;
  net::Address destination;
  std::uint16_t port = 0;
  std::uint32_t mark = 0, priority = 0;
  LabelId label = none;
  std::optional<std::uint32_t> seconds;

  std::optional<std::uint32_t> random;   // what the next random number is
  std::optional<std::uint32_t> element;  // what the next look-up finds
};

class RulesetSide::Run {
 public:
  Run(Arena& arena, const Model& model, const NodeFacts& node, net::Family family)
      : arena_(arena), model_(model), node_(node), family_(family), indexed_(index(model)) {
    first_statement_.reserve(model.chains.size());
    for (const Chain& chain : model.chains) {
      auto& of_chain = first_statement_.emplace_back();
      of_chain.reserve(chain.rules.size());
      for (const Rule& rule : chain.rules) {
        of_chain.push_back(static_cast<std::uint32_t>(statements_.size()));
        for (const Statement& s : rule.statements) statements_.push_back(&s);
      }
    }
    consulted_ = Consulted(tests());
    asks_of_destination_.resize(model.chains.size());
  }

  NodeId residual(const Key& key, const Path& path) {
    key_ = key;
    path_ = path;
    path_word_ = static_cast<std::uint32_t>(path.state) * 2 + (path.from_node ? 1 : 0);
    consulted_.begin();
    rules_run_ = 0;
    State s;
    s.destination = key.destination;
    s.port = key.port;
    s.hook = path.from_node ? Hook::output : Hook::prerouting;
    return go(s);
  }

  [[nodiscard]] const Consulted& consulted() const { return consulted_; }
  [[nodiscard]] std::size_t tests() const { return statements_.size() + 1; }
  [[nodiscard]] std::vector<AddressCut> address_cuts(std::uint32_t test) const;
  void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                 std::vector<PortCut>& cuts);
  [[nodiscard]] std::string memory_name(LabelId label) const {
    const auto found = memory_names_.find(label);
    return found == memory_names_.end() ? arena_.label_name(label) : found->second;
  }

 private:
  enum class Flow : std::uint8_t {
    next,       // the next statement
    break_off,  // the next rule
    moved,      // the stack says where to go on
    done,       // result_ is what is left
  };

  // ---- hooks

  NodeId go(State s) {
    for (;;) {
      if (s.depth == 0) {
        if (!next_base_chain(s)) return end(s);
        continue;
      }
      const State::Frame& top = s.stack[s.depth - 1U];
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
        next_rule(s);
        continue;
      }
      if (s.statement == 0 && ++rules_run_ > max_rules)
        return arena_.unknown("a circle of chains around " + chain.name);
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

  static void next_rule(State& s) {
    ++s.stack[s.depth - 1U].rule;
    s.statement = 0;
  }

  // False: the packet is through.
  bool next_base_chain(State& s) {
    for (;;) {
      const auto& chains = indexed_.base_chains[static_cast<std::size_t>(s.hook)];
      while (s.next_base < chains.size()) {
        const ChainId id = chains[s.next_base++];
        const Chain& chain = model_.chains[id];
        if (family_ == net::Family::ipv4 ? !chain.ipv4 : !chain.ipv6) continue;
        if (chain.base->type == ChainType::nat) {
          const bool destination_nat = s.hook == Hook::prerouting || s.hook == Hook::output;
          if (path_.state != net::ConntrackState::fresh || s.translated_here || (s.looped && destination_nat)) continue;
        }
        s.base = id;
        s.depth = 1;
        s.stack[0] = {id, 0};
        s.statement = 0;
        return true;
      }
      if (!next_hook(s)) return false;
      s.next_base = 0;
      s.translated_here = false;
    }
  }

  bool next_hook(State& s) {
    switch (s.hook) {
      case Hook::output:
        s.hook = Hook::postrouting;
        return true;
      case Hook::prerouting:
        s.hook = local(s) ? Hook::input : Hook::forward;
        return true;
      case Hook::forward:
        s.hook = Hook::postrouting;
        return true;
      case Hook::postrouting:
        if (!path_.from_node || !local(s)) return false;
        s.looped = true;
        s.hook = Hook::prerouting;
        return true;
      case Hook::input:
        return false;
    }
    return false;
  }

  // The kernel asks it where it routes; that is the last test, after those of the rules.
  bool local(const State& s) {
    if (!s.translated) consulted_.note(static_cast<std::uint32_t>(statements_.size()));
    return node_.is_local(s.destination);
  }

  NodeId refusal(Outcome::End how) { return arena_.outcome({how, false, false, false}); }

  NodeId end(const State& s) {
    if (!s.translated && s.label != none)
      return arena_.unknown("affinity is recorded for a packet that is not translated");
    const bool here = local(s);
    return arena_.outcome({Outcome::End::passed, here, !s.translated && s.accepted, s.masquerade});
  }

  // ---- chains

  // Into `chain`; `depth` is the frame that it gets.
  Flow enter(State& s, ChainId chain, std::size_t frame) {
    s.stack[frame] = {chain, 0};
    s.depth = static_cast<std::uint8_t>(frame + 1);
    s.statement = 0;
    if (asks_of_destination_[chain] || s.translated || s.label != none || !plain()) return Flow::moved;
    const Words key{
        {chain, s.mark, s.priority,
         path_word_ << 8U | static_cast<std::uint32_t>(key_.protocol) << 4U | static_cast<std::uint32_t>(s.hook),
         static_cast<std::uint32_t>(s.next_base) << 1U | (s.accepted ? 1U : 0U), static_cast<std::uint32_t>(frame)}};
    if (const NodeId* known = chains_.find(key)) return done(*known);
    const std::uint64_t asked = consulted_.count();
    const std::size_t lowest = lowest_;
    lowest_ = SIZE_MAX;
    const NodeId node = go(s);
    const bool stayed = lowest_ > frame;
    lowest_ = std::min(lowest, lowest_);
    if (!stayed || consulted_.count() != asked) {
      asks_of_destination_[chain] = true;
    } else if (plain()) {
      chains_.store(key, node);
    }
    return done(node);
  }

  Flow done(NodeId node) {
    result_ = node;
    return Flow::done;
  }

  Flow follow(State& s, const Verdict& v) {
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

  Flow execute(State& s, const Statement& statement) {
    statement_ = first_statement_[s.stack[s.depth - 1U].chain][s.stack[s.depth - 1U].rule] + s.statement;
    try {
      return std::visit([&](const auto& st) { return run(s, st); }, statement);
    } catch (const NotModelled& e) {
      return done(arena_.unknown(e.why));
    }
  }

  static Flow only_if(bool holds) { return holds ? Flow::next : Flow::break_off; }

  // Both ways: on with the rule where one of the atoms holds, off it elsewhere (or the other way round).
  Flow split(State& s, std::span<const Atom> atoms, bool negated) {
    if (fails_later(s)) return Flow::break_off;
    State on = s, off = s;
    ++on.statement;
    next_rule(off);
    const NodeId holds = go(negated ? off : on), fails = go(negated ? on : off);
    NodeId node = fails;
    for (std::size_t i = atoms.size(); i-- > 0;) node = arena_.test(arena_.atom(atoms[i]), holds, node);
    return done(node);
  }

  // A later match of the rule fails, whatever the rest of the packet is. Matches change nothing, so their order within
  // a rule is of no consequence; without this, k rules `-s … -d …` in a row would be 2^k ways.
  bool fails_later(State& s) {
    const State::Frame& top = s.stack[s.depth - 1U];
    const Rule& rule = model_.chains[top.chain].rules[top.rule];
    const std::uint32_t first = first_statement_[top.chain][top.rule];
    for (std::size_t i = s.statement + 1U; i < rule.statements.size(); ++i) {
      const auto* m = std::get_if<Match>(&rule.statements[i]);
      if (m == nullptr) return false;
      if (m->key.size() != 1 || m->negated || std::holds_alternative<InSet>(m->test)) continue;
      statement_ = first + static_cast<std::uint32_t>(i);
      const Operand x = operand(s, m->key.front(), false);
      if (x.kind == Operand::Kind::missing) return true;
      if (!x.open() && !passes(m->test, x.value)) return true;
    }
    return false;
  }

  Flow run(State& s, const Match& m) {
    if (const auto* in = std::get_if<InSet>(&m.test)) return in_set(s, m, in->set);
    const Operand x = operand(s, m.key.front(), m.negated);
    if (x.kind == Operand::Kind::missing) return Flow::break_off;
    if (!x.open()) return only_if(passes(m.test, x.value) != m.negated);
    if (x.kind == Operand::Kind::source_local) {
      const auto with = [&](std::uint32_t type) { return passes(m.test, (Value::number(type) & x.mask) ^ x.flip); };
      return two_valued(s, with(fib::local), with(fib::unicast), m.negated);
    }
    const std::optional<Atom> atom = atom_of(s, x, m.test);
    if (!atom) return only_if(m.negated);
    return split(s, std::span(&*atom, 1), m.negated);
  }

  Flow two_valued(State& s, bool if_local, bool if_not, bool negated) {
    if (if_local == if_not) return only_if(if_local != negated);
    const Atom atom = SourceIsLocal{};
    return split(s, std::span(&atom, 1), negated != if_not);
  }

  static bool passes(const decltype(Match::test)& test, const Value& value) {
    return std::visit(Overloaded{
                          [&](const Equals& t) { return value == t.value; },
                          [&](const Between& t) { return t.low <= value && value <= t.high; },
                          [&](const AnyBit& t) { return (value.words[0] & t.bits) != 0; },
                          [](const InSet&) { return false; },
                      },
                      test);
  }

  // Nothing: never holds.
  std::optional<Atom> atom_of(const State& s, const Operand& x, const decltype(Match::test)& test) const {
    const auto* equals = std::get_if<Equals>(&test);
    const auto* between = std::get_if<Between>(&test);
    if (equals == nullptr && between == nullptr) throw NotModelled{"bits of the source are tested"};
    switch (x.kind) {
      case Operand::Kind::source: {
        if (equals != nullptr) {
          const auto in = masked(x, equals->value);
          if (!in) return {};
          return source_in(s, {*in});
        }
        if (!whole(x.mask, source_words())) throw NotModelled{"a range of masked sources"};
        return source_in(s,
                         {{(between->low ^ x.flip).to_address(family_), (between->high ^ x.flip).to_address(family_)}});
      }
      case Operand::Kind::source_port: {
        if (!whole(x.mask, 1)) throw NotModelled{"bits of the source port are tested"};
        const std::uint32_t low = (equals != nullptr ? equals->value : between->low).words[0];
        const std::uint32_t high = (equals != nullptr ? equals->value : between->high).words[0];
        return SourcePortIn{{{static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(high)}}};
      }
      case Operand::Kind::interface:
        if (equals == nullptr) throw NotModelled{"a range of interfaces"};
        return ArrivesOn{x.mask.words, equals->value.words};
      case Operand::Kind::value:
      case Operand::Kind::missing:
      case Operand::Kind::source_local:
        break;
    }
    throw base::InternalError("an operand without an atom");
  }

  [[nodiscard]] std::uint8_t source_words() const { return family_ == net::Family::ipv4 ? 1 : 4; }

  // (source & mask) ^ flip == value, as a range of sources.
  std::optional<Interval> masked(const Operand& x, const Value& value) const {
    const Value want = value ^ x.flip;
    if ((want & x.mask) != want) return {};
    Value high = want;
    bool host = false;
    for (std::uint8_t w = 0; w < source_words(); ++w) {
      for (std::uint32_t bit = 1U << 31U; bit != 0; bit >>= 1U) {
        const bool fixed = (x.mask.words[w] & bit) != 0;
        if (fixed && host) throw NotModelled{"a mask that is no prefix"};
        host = host || !fixed;
        if (!fixed) high.words[w] |= bit;
      }
    }
    return Interval{want.to_address(family_), high.to_address(family_)};
  }

  Atom source_in(const State& s, std::vector<Interval> intervals) const {
    if (s.translated && intervals.size() == 1 && intervals.front() == Interval{s.destination, s.destination})
      return SourceIsEndpoint{};
    std::ranges::sort(intervals);
    const auto repeated = std::ranges::unique(intervals);
    intervals.erase(repeated.begin(), repeated.end());
    return SourceIn{std::move(intervals)};
  }

  Flow in_set(State& s, const Match& m, SetId id) {
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
    open_field(id, *open).matching(key_words_, found_);
    if (x.kind == Operand::Kind::source_local) {
      const auto holds = [&](std::uint32_t type) {
        return std::ranges::any_of(found_, [&](std::uint32_t e) {
          return low_of(set, e, *open)[0] <= type && type <= high_of(set, e, *open)[0];
        });
      };
      return two_valued(s, holds(fib::local), holds(fib::unicast), m.negated);
    }
    const std::vector<Atom> atoms = atoms_of(s, x, set, *open);
    if (atoms.empty()) return only_if(m.negated);
    return split(s, atoms, m.negated);
  }

  // That the open field is in one of the elements found_.
  std::vector<Atom> atoms_of(const State& s, const Operand& x, const Set& set, std::size_t open) const {
    if (!whole(x.mask, set.key[open]) || x.flip != Value{}) throw NotModelled{"a masked key of set " + set.name};
    std::vector<Atom> atoms;
    if (found_.empty()) return atoms;
    if (x.kind == Operand::Kind::source) {
      std::vector<Interval> intervals;
      for (const std::uint32_t e : found_)
        intervals.push_back({address(low_of(set, e, open)), address(high_of(set, e, open))});
      atoms.push_back(source_in(s, std::move(intervals)));
      return atoms;
    }
    if (x.kind == Operand::Kind::source_port) {
      SourcePortIn in;
      for (const std::uint32_t e : found_)
        in.ranges.emplace_back(static_cast<std::uint16_t>(low_of(set, e, open)[0]),
                               static_cast<std::uint16_t>(high_of(set, e, open)[0]));
      std::ranges::sort(in.ranges);
      atoms.emplace_back(std::move(in));
      return atoms;
    }
    for (const std::uint32_t e : found_) {
      const auto low = low_of(set, e, open);
      if (!std::ranges::equal(low, high_of(set, e, open))) throw NotModelled{"a range of interfaces"};
      ArrivesOn on{Value::all_ones().words, {}};
      std::ranges::copy(low, on.value.begin());
      atoms.emplace_back(on);
    }
    return atoms;
  }

  net::Address address(std::span<const std::uint32_t> words) const {
    Value v;
    std::ranges::copy(words, v.words.begin());
    return v.to_address(family_);
  }

  // The memory that a key of a dynamic set names: all of the key but the source.
  LabelId memory(const State& s, std::span<const Term> terms, const Set& set, SetId id,
                 std::optional<std::size_t> open) {
    if (!open || operands_[*open].kind != Operand::Kind::source || *open != set.source_field)
      throw NotModelled{"the memory " + set.name + " is not kept by source address"};
    if (!whole(operands_[*open].mask, source_words()))
      throw NotModelled{"the memory " + set.name + " is kept by prefix"};
    for (const Term& t : terms) {
      const auto* f = std::get_if<Field>(&t.source);
      if (f != nullptr && !s.translated && (is_destination(*f) || is_destination_port(*f)))
        throw NotModelled{"the memory " + set.name + " is kept by destination"};
    }
    const std::size_t at = field_offset(set, *open);
    std::vector<std::uint32_t> rest(key_words_.begin(), key_words_.begin() + static_cast<std::ptrdiff_t>(at));
    rest.insert(rest.end(), key_words_.begin() + static_cast<std::ptrdiff_t>(at + set.key[*open]), key_words_.end());
    std::string name = "memory " + std::to_string(id);
    for (const std::uint32_t word : rest) name += " " + std::to_string(word);
    const LabelId label = arena_.label(name);
    memory_names_.try_emplace(label, set.label(rest));
    return label;
  }

  Flow run(State& s, const Decide& d) { return follow(s, d.verdict); }
  Flow run(State& s, const Reject&) {
    static_cast<void>(s);
    return done(refusal(Outcome::End::rejected));
  }

  Flow run(State& s, const DecideByMap& d) {
    if (const Random* random = unchosen(s, d.key)) return uniform(s, *random);
    const std::optional<std::size_t> open = load_key(s, d.key, false);
    if (missing_) return Flow::break_off;
    std::optional<std::uint32_t> found;
    if (const auto flow = look_up(s, d.map, open, found)) return *flow;
    s.random.reset();
    if (!found) return Flow::break_off;
    return follow(s, model_.sets[d.map].verdicts[*found]);
  }

  Flow run(State& s, const Assign& a) {
    if (const auto flow = evaluate(s, a.value)) return *flow;
    (a.field == Field::mark ? s.mark : s.priority) = value_.front();
    return Flow::next;
  }

  Flow run(State& s, const Translate& t) {
    if (t.has_port && key_.protocol == net::Protocol::icmp)
      throw NotModelled{"dnat to a port of a packet without ports"};
    if (s.hook != Hook::prerouting && s.hook != Hook::output)
      throw NotModelled{"dnat at " + std::string(to_string(s.hook))};
    if (const auto flow = evaluate(s, t.value)) return *flow;
    if (!t.has_port) throw NotModelled{"dnat that leaves the port"};
    Value value;
    const std::size_t words = t.family == net::Family::ipv4 ? 1 : 4;
    std::copy_n(value_.begin(), words, value.words.begin());
    const net::Address address = value.to_address(t.family);
    const auto port = static_cast<std::uint16_t>(value_[words]);
    return done(behind(s, address, port));
  }

  NodeId behind(State s, const net::Address& address, std::uint16_t port) {
    // A translation that changes nothing is none to conntrack. Endpoints that are destinations themselves are regions
    // of their own (partition), and are kept out of what runs share (plain).
    s.dnat = address != s.destination || port != s.port;
    const EndpointId endpoint = arena_.endpoint(address, port);
    const LabelId label = s.label;
    const auto seconds = s.seconds;
    const Words key{
        {endpoint, s.mark, s.priority,
         path_word_ << 8U | static_cast<std::uint32_t>(key_.protocol) << 4U | static_cast<std::uint32_t>(s.hook),
         static_cast<std::uint32_t>(s.next_base), s.dnat ? 1U : 0U}};
    if (const NodeId* known = templates_.find(key)) return arena_.to(endpoint, label, seconds, *known);
    s.destination = address;
    s.port = port;
    s.translated = s.translated_here = true;
    s.label = none;
    s.seconds.reset();
    s.accepted = false;
    s.depth = 0;
    s.random.reset();
    s.element.reset();
    const std::uint64_t asked = consulted_.count();
    const std::size_t lowest = lowest_;
    const NodeId node = go(s);
    lowest_ = lowest;
    if (consulted_.count() == asked) templates_.store(key, node);
    return arena_.to(endpoint, label, seconds, node);
  }

  Flow run(State& s, const netfilter::Masquerade&) {
    if (s.hook != Hook::postrouting) throw NotModelled{"masquerade at " + std::string(to_string(s.hook))};
    s.masquerade = s.translated_here = true;
    s.depth = 0;
    lowest_ = 0;
    return Flow::moved;
  }

  Flow run(State& s, const Update& u) {
    const std::optional<std::size_t> open = load_key(s, u.key, false);
    if (missing_) return Flow::break_off;
    const Set& set = model_.sets[u.set];
    if (!set.dynamic) throw NotModelled{"a rule changes the elements of set " + set.name};
    if (u.operation != Update::Operation::refresh) throw NotModelled{"the memory " + set.name + " is not renewed"};
    if (s.translated) throw NotModelled{"affinity is recorded after translation"};
    const LabelId label = memory(s, u.key, set, u.set, open);
    if (s.label != none && s.label != label) throw NotModelled{"one packet is remembered twice, by " + set.name};
    s.label = label;
    s.seconds = u.timeout_seconds ? u.timeout_seconds : set.timeout_seconds;
    return Flow::next;
  }

  Flow run(State& s, const Chance& c) {
    State yes = s, no = s;
    ++yes.statement;
    next_rule(no);
    std::vector<Branch> branches;
    branches.push_back({{c.numerator, c.denominator}, go(yes)});
    if (c.numerator < c.denominator) branches.push_back({{c.denominator - c.numerator, c.denominator}, go(no)});
    return done(arena_.choice(reduced(std::move(branches))));
  }

  static std::vector<Branch> reduced(std::vector<Branch> branches) {
    for (Branch& b : branches) {
      if (const auto p = Rational::product(b.probability, {1, 1})) b.probability = *p;
    }
    return branches;
  }

  Flow run(State&, const Unmodelled& u) { throw NotModelled{u.what}; }

  // ---- expressions

  // Into value_; a flow if the statement is over.
  std::optional<Flow> evaluate(State& s, const Expression& e) {
    if (const Random* random = unchosen(s, e.terms)) return uniform(s, *random);
    const std::optional<std::size_t> open = load_key(s, e.terms, false);
    if (missing_) return Flow::break_off;
    if (!e.map) {
      if (open) throw NotModelled{"a value is made of the packet's source"};
      for (const Term& t : e.terms) {
        const auto* f = std::get_if<Field>(&t.source);
        if (f != nullptr && !s.translated && (is_destination(*f) || is_destination_port(*f)))
          throw NotModelled{"a value is made of the packet's destination"};
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

  // A random number that this part of the run has not taken yet.
  static const Random* unchosen(const State& s, std::span<const Term> terms) {
    if (s.random) return nullptr;
    for (const Term& t : terms) {
      if (const auto* random = std::get_if<Random>(&t.source)) return random;
    }
    return nullptr;
  }

  Flow uniform(const State& s, const Random& r) {
    if (r.modulus > max_branches) throw NotModelled{"too many random choices"};
    std::vector<Branch> branches;
    branches.reserve(r.modulus);
    for (std::uint32_t i = 0; i < r.modulus; ++i) {
      State one = s;
      one.random = r.offset + i;
      branches.push_back({{1, r.modulus}, go(one)});
    }
    return done(arena_.choice(std::move(branches)));
  }

  // Into found; a flow if it depends on the rest of the packet.
  std::optional<Flow> look_up(State& s, SetId id, std::optional<std::size_t> open,
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
    open_field(id, *open).matching(key_words_, found_);
    const std::vector<std::uint32_t> elements = found_;
    State miss = s;
    next_rule(miss);
    miss.random.reset();
    NodeId node = go(miss);
    for (std::size_t i = elements.size(); i-- > 0;) {
      found_ = {elements[i]};
      if (x.kind == Operand::Kind::source_local) throw NotModelled{"a map of address types"};
      const std::vector<Atom> atoms = atoms_of(s, x, map, *open);
      State hit = s;
      hit.element = elements[i];
      node = arena_.test(arena_.atom(atoms.front()), go(hit), node);
    }
    return done(node);
  }

  // Into key_words_ and operands_; the number of the open term, if there is one. missing_ is set if the packet has no
  // such field.
  std::optional<std::size_t> load_key(State& s, std::span<const Term> terms, bool negated) {
    key_words_.clear();
    operands_.clear();
    missing_ = false;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      operands_.push_back(operand(s, terms[i], negated));
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

  Operand operand(State& s, const Term& t, bool negated) {
    Operand x = std::visit(Overloaded{
                               [&](Field field) { return load(s, field, negated); },
                               [](const Constant& c) { return Operand{Operand::Kind::value, c.value}; },
                               [&](const Random&) {
                                 if (!s.random) throw NotModelled{"a random number in a match"};
                                 return Operand{Operand::Kind::value, Value::number(*s.random)};
                               },
                           },
                           t.source);
    if (x.kind == Operand::Kind::value) {
      x.value = (x.value & t.mask) ^ t.flip;
    } else {
      x.mask = t.mask;
      x.flip = t.flip;
    }
    return x;
  }

  Operand load(const State& s, Field field, bool negated) {
    const bool ipv4 = family_ == net::Family::ipv4;
    const auto value = [](const Value& v) { return Operand{Operand::Kind::value, v}; };
    const auto number = [](std::uint32_t n) { return Operand{Operand::Kind::value, Value::number(n)}; };
    const auto only = [](bool applies, Operand x) { return applies ? x : Operand{Operand::Kind::missing}; };
    const auto ported = [&](Operand x) {
      if (key_.protocol != net::Protocol::icmp) return x;
      if (negated) throw NotModelled{"the absence of a port is tested on a packet without ports"};
      return Operand{Operand::Kind::missing};
    };
    if ((is_destination(field) || is_destination_port(field)) && (!s.translated || is_original(field)))
      consulted_.note(statement_);
    switch (field) {
      case Field::ip4_source:
        return only(ipv4, {Operand::Kind::source});
      case Field::ip6_source:
        return only(!ipv4, {Operand::Kind::source});
      case Field::ip4_destination:
        return only(ipv4, value(Value::address(s.destination)));
      case Field::ip6_destination:
        return only(!ipv4, value(Value::address(s.destination)));
      case Field::source_port:
        return ported({Operand::Kind::source_port});
      case Field::destination_port:
        return ported(number(s.port));
      case Field::protocol:
        return number(net::number(key_.protocol, family_));
      case Field::family:
        return number(ipv4 ? 2 : 10);
      case Field::input_interface:
        if (s.looped) return value(Value::interface("lo"));
        if (path_.from_node) return value(Value::interface(""));
        return {Operand::Kind::interface};
      case Field::output_interface:
        if (path_.from_node && local(s)) return value(Value::interface("lo"));
        throw NotModelled{"a rule looks at the output interface, which is not known"};
      case Field::mark:
        return number(s.mark);
      case Field::priority:
        return number(s.priority);
      case Field::ct_state:
      case Field::ct_status:
      case Field::ct_state_or_nat:
      case Field::ct_original_ip4_destination:
      case Field::ct_original_ip6_destination:
      case Field::ct_original_destination_port:
        return conntrack(s, field);
      case Field::fib_source_type:
        return {Operand::Kind::source_local};
      case Field::fib_destination_type:
        return number(local(s) ? fib::local : fib::unicast);
    }
    return {Operand::Kind::missing};
  }

  Operand conntrack(const State& s, Field field) const {
    const auto number = [](std::uint32_t n) { return Operand{Operand::Kind::value, Value::number(n)}; };
    const bool first_hook = s.hook == Hook::prerouting || s.hook == Hook::output;
    const Chain& base = model_.chains[s.base];
    if (first_hook && !s.looped && base.base->type != ChainType::nat && base.base->priority <= conntrack_priority)
      throw NotModelled{"chain " + base.name + " asks conntrack before it has seen the packet"};
    const std::uint32_t bit = state_bit(path_.state);
    if (field == Field::ct_state) return number(bit);
    const std::uint32_t nat = s.dnat ? status::dnat : 0;
    if (field == Field::ct_state_or_nat) return number(bit | nat);
    if (path_.state == net::ConntrackState::invalid) return {Operand::Kind::missing};
    if (field == Field::ct_status) return number(nat);
    if (field == Field::ct_original_destination_port) return number(key_.port);
    if ((field == Field::ct_original_ip4_destination) != (family_ == net::Family::ipv4))
      return {Operand::Kind::missing};
    return {Operand::Kind::value, Value::address(key_.destination)};
  }

  // ---- sets

  std::optional<std::uint32_t> find(SetId set) const { return indexed_.sets[set].find(key_words_); }

  const OpenField& open_field(SetId set, std::size_t field) {
    const auto [at, fresh] = open_fields_.try_emplace({set, field}, nullptr);
    if (fresh) at->second = std::make_unique<OpenField>(model_.sets[set], field);
    return *at->second;
  }

  // The destination is nobody's endpoint, as far as is known: no translation that was worked out for another
  // destination leaves it as it is.
  [[nodiscard]] bool plain() const { return !arena_.has_endpoint(key_.destination, key_.port); }

  Arena& arena_;
  const Model& model_;
  const NodeFacts& node_;
  net::Family family_;
  Indexed indexed_;
  std::vector<std::vector<std::uint32_t>> first_statement_;  // by chain, rule: number of its first statement
  std::vector<const Statement*> statements_;
  Consulted consulted_;

  Key key_;
  Path path_;
  std::uint32_t path_word_ = 0;
  std::uint32_t statement_ = 0;
  std::uint64_t rules_run_ = 0;
  std::size_t lowest_ = SIZE_MAX;  // the lowest frame that was left since
  NodeId result_ = 0;

  std::vector<Operand> operands_;
  std::vector<std::uint32_t> key_words_, value_, found_;
  bool missing_ = false;

  Memo<Words, WordsHash> chains_, templates_;
  std::vector<bool> asks_of_destination_;  // by chain: not worth remembering
  std::map<std::pair<SetId, std::size_t>, std::unique_ptr<OpenField>> open_fields_;
  std::map<std::pair<SetId, std::size_t>, std::unique_ptr<ByField>> by_fields_;
  std::unordered_map<LabelId, std::string> memory_names_;

  // ---- cuts

  // The terms and the set of a statement that compares.
  struct Question {
    std::span<const Term> terms;
    std::optional<SetId> set;
    const Match* match = nullptr;  // of one term against values
  };
  [[nodiscard]] Question question(std::uint32_t test) const;
};

RulesetSide::Run::Question RulesetSide::Run::question(std::uint32_t test) const {
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

std::vector<AddressCut> RulesetSide::Run::address_cuts(std::uint32_t test) const {
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
        cuts.push_back({address(low_of(set, e, i)), address(high_of(set, e, i))});
    } else if (q.match != nullptr) {
      Operand x{Operand::Kind::source, {}, q.terms[i].mask, q.terms[i].flip};
      if (const auto* equals = std::get_if<Equals>(&q.match->test)) {
        if (const auto in = masked(x, equals->value)) cuts.push_back({in->low, in->high});
      } else if (const auto* between = std::get_if<Between>(&q.match->test)) {
        cuts.push_back({(between->low ^ x.flip).to_address(family_), (between->high ^ x.flip).to_address(family_)});
      } else {
        throw NotModelled{"bits of the destination are tested"};
      }
    }
  }
  return cuts;
}

void RulesetSide::Run::port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                                 std::vector<PortCut>& cuts) {
  if (test == statements_.size()) return;
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

RulesetSide::RulesetSide(Arena& arena, const Model& model, const NodeFacts& node, net::Family family)
    : run_(std::make_unique<Run>(arena, model, node, family)) {}
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
std::vector<AddressCut> RulesetSide::address_cuts(std::uint32_t test) const {
  return run_->address_cuts(test);
}
void RulesetSide::port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                            std::vector<PortCut>& cuts) {
  run_->port_cuts(test, destination, protocol, cuts);
}
std::string RulesetSide::memory_name(LabelId label) const {
  return run_->memory_name(label);
}

}  // namespace portcullis::specialise
