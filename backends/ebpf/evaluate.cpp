#include "backends/ebpf/evaluate.hpp"

#include <algorithm>

#include "backends/ebpf/lookup.hpp"
#include "backends/ebpf/meaning.hpp"

namespace portcullis::ebpf {

namespace {

using ir::Fate;
using ir::Then;
using net::ConntrackState;
using net::Packet;
using net::PacketFrom;

Fate refused(Verdict verdict) {
  Fate fate;
  fate.kind = verdict == Verdict::reject ? Fate::Kind::reject : Fate::Kind::drop;
  fate.then = verdict == Verdict::reject ? Then::reject : Then::drop;
  return fate;
}

// What every endpoint refuses alike is refused.
void collapse_refusals(Fate& fate) {
  const Then first = fate.targets.front().then;
  if (first != Then::reject && first != Then::drop) return;
  if (!std::ranges::all_of(fate.targets, [first](const ir::Target& t) { return t.then == first; })) return;
  fate = refused(first == Then::reject ? Verdict::reject : Verdict::drop);
}

}  // namespace

Beside beside(const ir::Program& program) {
  return {std::ranges::any_of(program.checks, &ir::Check::foreign)};
}

// One packet and the tables: everything is known.
class Evaluator::Domain {
 public:
  using Bit = bool;
  using Address = net::Address;
  using Frontend = ebpf::Frontend;
  using Local = ebpf::Local;
  using Endpoint = ebpf::Endpoint;
  struct Decision {
    Verdict verdict = Verdict::none;
    bool masquerade = false;
    std::uint32_t pool = 0;
  };
  struct Result {
    bool masquerade = false;
    Verdict refusal = Verdict::none;
  };

  Domain(const Evaluator& evaluator, const Packet& packet) : e_(evaluator), t_(evaluator.tables_), p_(packet) {}

  template <class Then, class Otherwise>
  auto test(bool bit, const Then& then, const Otherwise& otherwise) {
    return bit ? then() : otherwise();
  }
  static bool any(bool a, bool b) { return a || b; }
  static bool all(bool a, bool b) { return a && b; }
  static bool no(bool a) { return !a; }
  static bool nothing() { return false; }

  [[nodiscard]] const Address& destination() const { return p_.dst; }
  [[nodiscard]] bool out() const { return p_.from == PacketFrom::node; }
  [[nodiscard]] bool from_pod_interface() const {
    if (!t_.pod_interface || out()) return false;
    if (p_.iif.empty()) return p_.from == PacketFrom::pod;
    return t_.pod_interface->is_prefix ? p_.iif.starts_with(t_.pod_interface->name) : p_.iif == t_.pod_interface->name;
  }
  [[nodiscard]] bool source_in(std::uint32_t set) const { return e_.sets_[set].contains(p_.src); }
  [[nodiscard]] bool source_in_ranges(const Frontend& f) const { return f.ranges != 0 && source_in(f.ranges); }
  [[nodiscard]] bool source_is_loopback() const { return is_loopback4(p_.src); }
  [[nodiscard]] bool source_is_local() const {
    const Local* local = find_local(t_, p_.src);
    return local != nullptr && local->here;
  }
  [[nodiscard]] bool in_services() const { return e_.sets_[PCL_SET_SERVICES].contains(p_.dst); }
  [[nodiscard]] static bool is_loopback(const Address& address) { return is_loopback4(address); }
  [[nodiscard]] Address loopback_seen_by(bool of_loopback) const { return loopback_entry(p_.dst, of_loopback); }

  template <class Found, class Missing>
  Decision frontend_of(const Address& address, const Found& found, const Missing& missing) {
    return frontend({address, 0, p_.protocol, p_.dport}, found, missing);
  }
  template <class Found, class Missing>
  Decision frontend_in(const Local& local, const Found& found, const Missing& missing) {
    return frontend({{}, local.scope, p_.protocol, p_.dport}, found, missing);
  }
  template <class Found, class Missing>
  Decision frontend_whole(const Address& address, const Found& found, const Missing& missing) {
    return frontend({address, 0, {}, 0}, found, missing);
  }
  template <class Found, class Missing>
  Decision local_at(const Address& address, const Found& found, const Missing& missing) {
    const Local* local = find_local(t_, address);
    return local != nullptr ? found(*local) : missing();
  }
  [[nodiscard]] static bool has_scope(const Local& local) { return local.scope != 0; }
  [[nodiscard]] static bool is_here(const Local& local) { return local.here; }

  [[nodiscard]] static Decision act(const Frontend& f, bool pod, bool self, bool range, bool out) {
    const unsigned bits = (pod ? unsigned{PCL_CLASS_POD} : 0U) | (self ? unsigned{PCL_CLASS_SELF} : 0U) |
                          (range ? unsigned{PCL_CLASS_RANGE} : 0U) | (out ? unsigned{PCL_CLASS_OUT} : 0U);
    const Action& action = f.actions[bits];
    return {action.verdict, action.masquerade, action.verdict == Verdict::dnat ? f.pools[action.pool] : 0};
  }
  [[nodiscard]] static Decision left_alone() { return {}; }
  [[nodiscard]] static Decision dropped() { return {Verdict::drop, false, 0}; }

  [[nodiscard]] static bool may_hairpin(const Endpoint& e) { return e.hairpin; }
  [[nodiscard]] static bool hairpins_unchanged(const Endpoint& e) { return e.hairpin_same; }
  [[nodiscard]] bool source_is(const Endpoint& e) const { return p_.src == e.address; }
  [[nodiscard]] bool changes(const Endpoint& e) const { return p_.dst != e.address || p_.dport != e.port; }
  [[nodiscard]] Result delivered(const Endpoint& e, bool masqueraded) const {
    return {masqueraded, e.refusals[(out() ? 2U : 0U) + (masqueraded ? 1U : 0U)]};
  }

 private:
  template <class Found, class Missing>
  Decision frontend(const FrontendKey& key, const Found& found, const Missing& missing) {
    const Frontend* frontend = find_frontend(t_, key);
    return frontend != nullptr ? found(*frontend) : missing();
  }

  const Evaluator& e_;
  const Tables& t_;
  const Packet& p_;
};

Evaluator::Evaluator(const Tables& tables, Beside beside) : tables_(tables), beside_(beside) {
  sets_.emplace_back(tables.pods);
  sets_.emplace_back(tables.services);
  for (const Set& set : tables.sets) sets_.emplace_back(set.prefixes);
}

Fate Evaluator::fate(const Packet& packet, const ir::Memory& memory) const {
  if (packet.ct_state != ConntrackState::fresh) return left_alone(packet);
  Domain domain(*this, packet);
  const Domain::Decision decision = decide(domain);
  switch (decision.verdict) {
    case Verdict::none:
      return left_alone(packet);
    case Verdict::dnat:
      return translated(packet, tables_.pools[decision.pool], decision.masquerade, memory);
    case Verdict::reject:
    case Verdict::drop:
      return refused(decision.verdict);
  }
  return {};
}

Fate Evaluator::translated(const Packet& packet, const Pool& pool, bool masquerade, const ir::Memory& memory) const {
  Domain domain(*this, packet);
  Fate fate;
  fate.kind = Fate::Kind::dnat;
  fate.affinity_seconds = pool.sticky;
  for (const Endpoint& endpoint : pool.endpoints) {
    const Domain::Result result = deliver(domain, endpoint, masquerade);
    const bool here = is_here(endpoint.address);
    ir::Target target{
        endpoint.address, endpoint.port, endpoint.weight, result.masquerade, here ? Then::local : Then::forward, {}};
    if (!here && packet.from != PacketFrom::node && beside_.forward_dropped) target.then = Then::drop;
    if (result.refusal != Verdict::none) target.then = result.refusal == Verdict::reject ? Then::reject : Then::drop;
    if (pool.sticky) target.label = pool.name + " " + net::endpoint_text(endpoint.address, endpoint.port);
    if (pool.sticky && memory.recalls(packet.src, target.label)) {
      fate.targets = {target};
      break;
    }
    fate.targets.push_back(std::move(target));
  }
  collapse_refusals(fate);
  return fate;
}

// The companion's rules and those of others.
Fate Evaluator::left_alone(const Packet& packet) const {
  const bool here = is_here(packet.dst), out = packet.from == PacketFrom::node;
  const net::Family family = packet.family();
  const bool known = packet.ct_state == ConntrackState::established || packet.ct_state == ConntrackState::related;
  if (has_guard(Guard::Kind::martian, family) && !known && packet.dst.is_loopback() && !packet.src.is_loopback())
    return refused(Verdict::drop);
  const bool forwarded = !here && !out;
  const bool invalid = packet.ct_state == ConntrackState::invalid && has_guard(Guard::Kind::invalid, family);
  if (forwarded && (invalid || beside_.forward_dropped)) return refused(Verdict::drop);
  Fate fate;
  fate.then = here ? Then::local : Then::forward;
  return fate;
}

bool Evaluator::is_here(const net::Address& address) const {
  if (is_loopback4(address)) return true;
  const Local* local = find_local(tables_, address);
  return local != nullptr && local->here;
}

bool Evaluator::has_guard(Guard::Kind kind, net::Family family) const {
  return std::ranges::find(tables_.guards, Guard{kind, family}) != tables_.guards.end();
}

}  // namespace portcullis::ebpf
