#include "backends/netfilter/walk.hpp"

#include <algorithm>

namespace portcullis::netfilter {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// The kernel puts conntrack between these (NF_IP_PRI_CONNTRACK) and the rest.
constexpr std::int32_t conntrack_priority = -200;
// NFT_JUMP_STACK_SIZE.
constexpr std::size_t max_jumps = 16;
// No ruleset of this world runs so many rules for one packet; a circle of gotos does (the kernel refuses those at
// load).
constexpr std::uint32_t max_rules = 10'000'000;

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

class Walk {
 public:
  Walk(const Indexed& indexed, const NodeFacts& node, const net::Packet& packet, const ir::Memory& memory,
       const Answers* answers, Script& script)
      : in_(indexed),
        node_(node),
        packet_(packet),
        memory_(memory),
        answers_(answers),
        script_(script),
        destination_(packet.dst),
        port_(packet.dport),
        interface_(packet.iif) {
    if (interface_.empty() && packet.from == net::PacketFrom::pod) interface_ = node.pod_interface;
    if (packet.from == net::PacketFrom::node) interface_.clear();
  }

  Branch run() {
    pass();
    out_.local = node_.is_local(destination_);
    out_.address = destination_;
    out_.port = port_;
    if (masquerade_.known()) {
      if (!out_.because) out_.because.emplace();
      out_.because->masquerade = masquerade_;
    }
    if (!out_.translated && !out_.label.empty() && out_.stray_memory.empty())
      out_.stray_memory = "affinity is recorded for a packet that is not translated";
    return std::move(out_);
  }

 private:
  enum class Ended : std::uint8_t { fell_out, accepted, translated, stopped };
  enum class Step : std::uint8_t { go_on, break_off };

  // ---- hooks (evaluate.hpp's picture)

  void pass() {
    if (packet_.from == net::PacketFrom::node) {
      if (!hook(Hook::output) || !hook(Hook::postrouting) || !node_.is_local(destination_)) return;
      looped_ = true;
      interface_ = "lo";
      if (hook(Hook::prerouting)) (void)hook(Hook::input);
      return;
    }
    if (!hook(Hook::prerouting)) return;
    if (node_.is_local(destination_)) {
      if (hook(Hook::input)) wish_to_masquerade();
      return;
    }
    if (hook(Hook::forward)) (void)hook(Hook::postrouting);
  }

  // A packet that ends here never meets postrouting. What would have been decided there is the fate's `masquerade` all
  // the same (the mark).
  void wish_to_masquerade() {
    const Cost cost = out_.cost;
    const std::optional<Because> because = out_.because;
    try {
      (void)hook(Hook::postrouting);
    } catch (const NotModelled&) {
      out_.masquerade = false;  // nobody can see it
    }
    out_.end = Branch::End::passed;
    out_.because = because;
    out_.cost = cost;
  }

  // False if the packet is gone.
  bool hook(Hook at) {
    hook_ = at;
    bool translated_here = false;
    for (const ChainId id : in_.base_chains[static_cast<std::size_t>(at)]) {
      const Chain& chain = in_.model->chains[id];
      if (packet_.family() == net::Family::ipv4 ? !chain.ipv4 : !chain.ipv6) continue;
      if (chain.base->type == ChainType::nat) {
        const bool destination_nat = at == Hook::prerouting || at == Hook::output;
        if (packet_.ct_state != net::ConntrackState::fresh || translated_here || (looped_ && destination_nat)) continue;
      }
      base_ = &chain;
      switch (chain_from(id)) {
        case Ended::stopped:
          return false;
        case Ended::translated:
          translated_here = true;
          break;
        case Ended::accepted:
          if (at == Hook::input || at == Hook::forward || at == Hook::output) {
            out_.accepted = out_.accepted || chain.base->type != ChainType::nat;
          }
          break;
        case Ended::fell_out:
          if (chain.base->policy_drop) {
            out_.end = Branch::End::dropped;
            return false;
          }
          break;
      }
    }
    return true;
  }

  // ---- chains

  struct Frame {
    ChainId chain;
    std::size_t next;
    std::size_t way;  // how much of way_ led to where this chain returns to
  };
  // A rule that ran, and the element that it found last.
  struct Ran {
    const Rule* rule = nullptr;
    base::SourceSpan element;
  };

  Ended chain_from(ChainId base) {
    std::vector<Frame> stack{{base, 0, 0}};
    way_.clear();
    while (!stack.empty()) {
      Frame& frame = stack.back();
      const Chain& chain = in_.model->chains[frame.chain];
      if (frame.next == chain.rules.size()) {
        leave(stack);
        continue;
      }
      if (++out_.cost.rules > max_rules) throw NotModelled{"a circle of chains around " + chain.name};
      const std::optional<Ended> ended = rule(chain.rules[frame.next++], stack);
      if (ended) return *ended;
    }
    return Ended::fell_out;
  }

  void leave(std::vector<Frame>& stack) {
    way_.resize(stack.back().way);
    stack.pop_back();
  }

  std::optional<Ended> rule(const Rule& rule, std::vector<Frame>& stack) {
    ran_ = {&rule, {}};
    for (const Statement& s : rule.statements) {
      ended_.reset();
      verdict_ = {};
      if (std::visit([this](const auto& statement) { return execute(statement); }, s) == Step::break_off) return {};
      if (ended_) return ended_;
      switch (verdict_.kind) {
        case Verdict::Kind::go_on:
          break;
        case Verdict::Kind::accept:
          if (hook_ == Hook::input || hook_ == Hook::forward || hook_ == Hook::output) decides();
          return Ended::accepted;
        case Verdict::Kind::drop:
          overrules();
          out_.end = Branch::End::dropped;
          return Ended::stopped;
        case Verdict::Kind::jump:
          if (stack.size() > max_jumps) throw NotModelled{"more than 16 nested jumps"};
          stack.push_back({verdict_.chain, 0, way_.size()});
          way_.push_back(ran_);
          return {};
        case Verdict::Kind::go_to:
          stack.back() = {verdict_.chain, 0, stack.back().way};
          way_.push_back(ran_);
          return {};
        case Verdict::Kind::back:
          leave(stack);
          return {};
      }
    }
    return {};
  }

  // ---- what decides

  // The rule that runs does, unless one before it has.
  void decides() {
    if (!out_.because) overrules();
  }
  // It does, whatever was before.
  void overrules() {
    Because& because = out_.because.emplace();
    because.rule = ran_.rule->span;
    because.element = ran_.element;
    for (const Ran& r : way_) because.way.push_back(r.element.known() ? r.element : r.rule->span);
  }

  // ---- statements

  static Step only_if(bool holds) { return holds ? Step::go_on : Step::break_off; }

  Step execute(const Match& m) {
    if (const auto* in = std::get_if<InSet>(&m.test)) {
      if (!load_key(m.key, m.negated)) return Step::break_off;
      return only_if(contains(in->set) != m.negated);
    }
    const std::optional<Value> value = term(m.key.front(), m.negated);
    if (!value) return Step::break_off;
    const bool holds = std::visit(Overloaded{
                                      [&](const Equals& t) { return *value == t.value; },
                                      [&](const Between& t) { return t.low <= *value && *value <= t.high; },
                                      [&](const AnyBit& t) { return (value->words[0] & t.bits) != 0; },
                                      [](const InSet&) { return false; },
                                  },
                                  m.test);
    return only_if(holds != m.negated);
  }

  Step execute(const Decide& d) {
    verdict_ = d.verdict;
    return Step::go_on;
  }

  Step execute(const Reject&) {
    overrules();
    out_.end = Branch::End::rejected;
    ended_ = Ended::stopped;
    return Step::go_on;
  }

  Step execute(const DecideByMap& d) {
    if (!load_key(d.key, false)) return Step::break_off;
    const std::optional<std::uint32_t> found = look_up(d.map);
    if (!found) return Step::break_off;
    ran_.element = in_.model->sets[d.map].span_of(*found);
    verdict_ = in_.model->sets[d.map].verdicts[*found];
    return Step::go_on;
  }

  Step execute(const Assign& a) {
    if (!evaluate(a.value)) return Step::break_off;
    (a.field == Field::mark ? mark_ : priority_) = result_.front();
    return Step::go_on;
  }

  Step execute(const Translate& t) {
    if (!evaluate(t.value)) return Step::break_off;
    if (t.has_port && packet_.protocol == net::Protocol::icmp)
      throw NotModelled{"dnat to a port of a packet without ports"};
    if (hook_ != Hook::prerouting && hook_ != Hook::output)
      throw NotModelled{"dnat at " + std::string(to_string(hook_))};
    Value value;
    const std::size_t words = t.family == net::Family::ipv4 ? 1 : 4;
    std::copy_n(result_.begin(), words, value.words.begin());
    const net::Address address = value.to_address(t.family);
    const std::uint16_t port = t.has_port ? static_cast<std::uint16_t>(result_[words]) : port_;
    dnat_ = address != destination_ || port != port_;
    destination_ = address;
    port_ = port;
    out_.translated = true;
    overrules();
    ended_ = Ended::translated;
    return Step::go_on;
  }

  Step execute(const Masquerade&) {
    if (hook_ != Hook::postrouting) throw NotModelled{"masquerade at " + std::string(to_string(hook_))};
    out_.masquerade = true;
    masquerade_ = ran_.rule->span;
    ended_ = Ended::translated;
    return Step::go_on;
  }

  Step execute(const Update& u) {
    if (!load_key(u.key, false)) return Step::break_off;
    const Set& set = in_.model->sets[u.set];
    if (!set.dynamic) throw NotModelled{"a rule changes the elements of set " + set.name};
    const std::string label = remembered_label(set);
    if (u.operation == Update::Operation::remove) throw NotModelled{"a rule deletes from the memory " + set.name};
    if (u.operation == Update::Operation::add && memory_.recalls(packet_.src, label)) {
      throw NotModelled{"the memory " + set.name + " is not renewed"};
    }
    if (!out_.label.empty() && out_.label != label)
      out_.stray_memory = "one packet is remembered twice, by " + set.name;
    ++out_.cost.lookups;
    out_.label = label;
    out_.seconds = u.timeout_seconds ? u.timeout_seconds : set.timeout_seconds;
    return Step::go_on;
  }

  Step execute(const Chance& c) { return only_if(script_.chance(c.numerator, c.denominator)); }

  Step execute(const Opaque& o) {
    const std::string& text = in_.model->opaque[o.match].text;
    if (answers_ == nullptr) throw NotModelled{"`" + text + "` is not known"};
    return only_if(answers_->contains({o.match, hook_}));
  }

  Step execute(const Unmodelled& u) { throw NotModelled{u.what}; }

  // ---- expressions

  // Into result_.
  bool evaluate(const Expression& e) {
    if (!load_key(e.terms, false)) return false;
    if (!e.map) {
      result_ = key_;
      return true;
    }
    const std::optional<std::uint32_t> found = look_up(*e.map);
    if (!found) return false;
    const Set& map = in_.model->sets[*e.map];
    ran_.element = map.span_of(*found);
    const std::size_t words = map.data_width();
    const auto first = map.values.begin() + static_cast<std::ptrdiff_t>(*found * words);
    result_.assign(first, first + static_cast<std::ptrdiff_t>(words));
    return true;
  }

  // Into key_. False: a field that this packet does not have.
  bool load_key(const std::vector<Term>& terms, bool negated) {
    key_.clear();
    for (const Term& t : terms) {
      const std::optional<Value> value = term(t, negated);
      if (!value) return false;
      append(key_, *value, width(t));
    }
    return true;
  }

  std::optional<Value> term(const Term& t, bool negated) {
    const std::optional<Value> value = std::visit(Overloaded{
                                                      [&](Field field) { return load(field, negated); },
                                                      [](const Constant& c) -> std::optional<Value> { return c.value; },
                                                      [&](const Random& r) -> std::optional<Value> {
                                                        return Value::number(r.offset + script_.uniform(r.modulus));
                                                      },
                                                  },
                                                  t.source);
    if (!value) return {};
    return (*value & t.mask) ^ t.flip;
  }

  std::optional<Value> load(Field field, bool negated) {
    const bool ipv4 = packet_.family() == net::Family::ipv4;
    const auto address = [](bool applies, const net::Address& a) -> std::optional<Value> {
      if (!applies) return {};
      return Value::address(a);
    };
    const auto port = [&](std::uint16_t number) -> std::optional<Value> {
      if (packet_.protocol != net::Protocol::icmp) return Value::number(number);
      if (negated) throw NotModelled{"the absence of a port is tested on a packet without ports"};
      return {};
    };
    const auto fib_type = [&](const net::Address& a) {
      return Value::number(node_.is_local(a) ? fib::local : fib::unicast);
    };
    switch (field) {
      case Field::ip4_source:
        return address(ipv4, packet_.src);
      case Field::ip4_destination:
        return address(ipv4, destination_);
      case Field::ip6_source:
        return address(!ipv4, packet_.src);
      case Field::ip6_destination:
        return address(!ipv4, destination_);
      case Field::source_port:
        return port(packet_.sport);
      case Field::destination_port:
        return port(port_);
      case Field::protocol:
        return Value::number(net::number(packet_.protocol, packet_.family()));
      case Field::family:
        return Value::number(ipv4 ? 2 : 10);
      case Field::input_interface:
        return Value::interface(interface_);
      case Field::output_interface:
        if (packet_.from == net::PacketFrom::node && node_.is_local(destination_)) return Value::interface("lo");
        throw NotModelled{"a rule looks at the output interface, which is not known"};
      case Field::mark:
        return Value::number(mark_);
      case Field::priority:
        return Value::number(priority_);
      case Field::ct_state:
      case Field::ct_status:
      case Field::ct_state_or_nat:
      case Field::ct_original_ip4_destination:
      case Field::ct_original_ip6_destination:
      case Field::ct_original_destination_port:
        return load_conntrack(field);
      case Field::fib_source_type:
        return fib_type(packet_.src);
      case Field::fib_destination_type:
        return fib_type(destination_);
    }
    return {};
  }

  std::optional<Value> load_conntrack(Field field) const {
    const bool first_hook = hook_ == Hook::prerouting || hook_ == Hook::output;
    if (first_hook && !looped_ && base_->base->type != ChainType::nat && base_->base->priority <= conntrack_priority) {
      throw NotModelled{"chain " + base_->name + " asks conntrack before it has seen the packet"};
    }
    const std::uint32_t bit = state_bit(packet_.ct_state);
    if (field == Field::ct_state) return Value::number(bit);
    const std::uint32_t nat = dnat_ ? status::dnat : 0;
    if (field == Field::ct_state_or_nat) return Value::number(bit | nat);
    if (packet_.ct_state == net::ConntrackState::invalid) return {};  // no entry
    if (field == Field::ct_status) return Value::number(nat);
    if (field == Field::ct_original_destination_port) return Value::number(packet_.dport);
    if ((field == Field::ct_original_ip4_destination) != (packet_.family() == net::Family::ipv4)) return {};
    return Value::address(packet_.dst);
  }

  // ---- sets; the key is in key_

  std::optional<std::uint32_t> look_up(SetId set) {
    ++out_.cost.lookups;
    if (in_.model->sets[set].dynamic) throw NotModelled{"a map that rules fill: " + in_.model->sets[set].name};
    return in_.sets[set].find(key_);
  }

  bool contains(SetId id) {
    const Set& set = in_.model->sets[id];
    if (!set.dynamic) return look_up(id).has_value();
    ++out_.cost.lookups;
    return memory_.recalls(packet_.src, remembered_label(set));
  }

  // The IR's name for key_ in a memory.
  std::string remembered_label(const Set& set) const {
    std::size_t at = 0;
    for (std::size_t i = 0; i < set.source_field; ++i) at += set.key[i];
    const std::size_t end = at + set.key[set.source_field];
    std::vector<std::uint32_t> source;
    append(source, Value::address(packet_.src), set.key[set.source_field]);
    if (!std::equal(source.begin(), source.end(), key_.begin() + static_cast<std::ptrdiff_t>(at))) {
      throw NotModelled{"the memory " + set.name + " is not kept by source address"};
    }
    std::vector<std::uint32_t> rest(key_.begin(), key_.begin() + static_cast<std::ptrdiff_t>(at));
    rest.insert(rest.end(), key_.begin() + static_cast<std::ptrdiff_t>(end), key_.end());
    return set.label(rest);
  }

  const Indexed& in_;
  const NodeFacts& node_;
  const net::Packet& packet_;
  const ir::Memory& memory_;
  const Answers* answers_;
  Script& script_;

  net::Address destination_;
  std::uint16_t port_;
  std::string interface_;
  std::uint32_t mark_ = 0, priority_ = 0;
  bool dnat_ = false, looped_ = false;
  Hook hook_{};
  const Chain* base_ = nullptr;

  std::optional<Ended> ended_;  // of the statement just run
  Verdict verdict_;
  std::vector<std::uint32_t> key_, result_;
  Ran ran_;               // the rule that runs
  std::vector<Ran> way_;  // those that led to its chain
  base::SourceSpan masquerade_;
  Branch out_;
};

// Where a base chain stands: nat chains of a hook share one place.
std::pair<std::int32_t, std::int32_t> place(const BaseHook& base) {
  if (base.type != ChainType::nat) return {base.priority, 0};
  const bool destination = base.hook == Hook::prerouting || base.hook == Hook::output;
  return {destination ? -100 : 100, base.priority};
}

}  // namespace

Indexed index(const Model& model) {
  Indexed out;
  out.model = &model;
  out.sets.reserve(model.sets.size());
  for (const Set& set : model.sets) out.sets.emplace_back(set);
  for (ChainId id = 0; id < model.chains.size(); ++id) {
    if (model.chains[id].base) out.base_chains[static_cast<std::size_t>(model.chains[id].base->hook)].push_back(id);
  }
  for (std::vector<ChainId>& chains : out.base_chains) {
    std::ranges::stable_sort(chains, {}, [&](ChainId id) { return place(*model.chains[id].base); });
  }
  return out;
}

Branch walk(const Indexed& indexed, const NodeFacts& node, const net::Packet& packet, const ir::Memory& memory,
            const Answers* answers, Script& script) {
  return Walk(indexed, node, packet, memory, answers, script).run();
}

}  // namespace portcullis::netfilter
