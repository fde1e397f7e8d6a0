#include "compiler/ir/l4/interpret.hpp"

#include <algorithm>
#include <tuple>

#include "compiler/base/error.hpp"

namespace portcullis::ir {

namespace {

using net::ConntrackState;
using net::Packet;
using net::PacketFrom;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

RouteKey key_of(const Packet& packet) {
  return {packet.dst, packet.protocol, packet.dport};
}

bool in_state(States states, ConntrackState state) {
  switch (states) {
    case States::fresh:
      return state == ConntrackState::fresh;
    case States::any:
      return true;
    case States::invalid:
      return state == ConntrackState::invalid;
    case States::established_or_related:
      return state == ConntrackState::established || state == ConntrackState::related;
  }
  return false;
}

Fate refused(Fate::Kind kind) {
  Fate fate;
  fate.kind = kind;
  fate.then = kind == Fate::Kind::reject ? Then::reject : Then::drop;
  return fate;
}

// If every target meets the same refusal, that is the packet's fate.
void collapse_refusals(Fate& fate) {
  const Then first = fate.targets.front().then;
  if (first != Then::reject && first != Then::drop) return;
  if (!std::ranges::all_of(fate.targets, [first](const Target& t) { return t.then == first; })) return;
  fate = refused(first == Then::reject ? Fate::Kind::reject : Fate::Kind::drop);
}

}  // namespace

Interpreter::Interpreter(const Program& program) : program_(&program) {
  for (const RangeCheck& r : program.pre) pre_.emplace(r.key, &r);
  for (std::uint32_t i = 0; i < program.checks.size(); ++i) {
    std::visit(Overloaded{
                   [&](const ToFrontend& to) { frontend_checks_[to.key].push_back(i); },
                   [&](const ToNodePort& to) { node_port_checks_[{to.protocol, to.port}].push_back(i); },
                   [&](const ToAddress& to) { address_checks_[to.address].push_back(i); },
                   [&](const AnyPacket&) { general_checks_.push_back(i); },
                   [&](const ToPrefix&) { general_checks_.push_back(i); },
                   [&](const Marked&) { general_checks_.push_back(i); },
                   [&](const Martian&) { general_checks_.push_back(i); },
               },
               program.checks[i].match);
  }
}

Fate Interpreter::fate(const Packet& packet, const Memory& memory, Trail* trail) const {
  if (packet.family() != program_->family) return {};
  // Only the first packet of a flow meets pre and nat; later ones follow the conntrack entry, invalid ones skip NAT
  // (reference 3.1).
  if (packet.ct_state != ConntrackState::fresh) return leave_alone(packet, trail);

  if (const auto found = pre_.find(key_of(packet)); found != pre_.end()) {
    if (!program_->ranges[found->second->ranges].sources.contains(packet.src)) {
      if (trail != nullptr) trail->range_check = found->second;
      return refused(Fate::Kind::drop);
    }
  }
  for (const Route* route : candidates(packet)) {
    if (!route->rivals.empty()) {
      if (trail != nullptr) trail->route = route;
      Fate conflict;
      conflict.kind = Fate::Kind::conflict;
      return conflict;
    }
    const GuardedOutcome& chosen = choose(*route, packet);
    if (std::holds_alternative<Fall>(chosen.outcome)) {
      if (trail != nullptr) trail->fell_through.push_back(route);
      continue;
    }
    if (trail != nullptr) {
      trail->route = route;
      trail->outcome = &chosen;
    }
    if (const auto* balance = std::get_if<Balance>(&chosen.outcome)) return translate(*balance, packet, memory, trail);
    break;  // Stop
  }
  return leave_alone(packet, trail);
}

const Route* Interpreter::find(Table table, const RouteKey& key) const {
  const auto found = std::ranges::lower_bound(program_->routes, std::tie(table, key), std::less<>{},
                                              [](const Route& r) { return std::tie(r.table, r.key); });
  if (found == program_->routes.end() || found->table != table || found->key != key) return nullptr;
  return &*found;
}

std::vector<const Route*> Interpreter::candidates(const Packet& packet) const {
  std::vector<const Route*> routes;
  if (packet.protocol == net::Protocol::icmp) return routes;
  const auto add = [&](const Route* route) {
    if (route != nullptr) routes.push_back(route);
  };
  const RouteKey any_address{{}, packet.protocol, packet.dport};
  add(find(Table::service, key_of(packet)));
  if (program_->accepts_node_port(packet.dst)) add(find(Table::node_port, any_address));
  if (program_->is_local(packet.dst)) {
    add(find(Table::host_port, key_of(packet)));
    add(find(Table::host_port, any_address));
  }
  return routes;
}

const GuardedOutcome& Interpreter::choose(const Route& route, const Packet& packet) const {
  const auto applies = [&](const GuardedOutcome& g) {
    switch (g.source) {
      case SourceIs::any:
        return true;
      case SourceIs::pod:
        return program_->from_pod(packet);
      case SourceIs::node:
        return program_->is_local(packet.src);
      case SourceIs::inside:
        return program_->ranges[g.ranges].sources.contains(packet.src);
      case SourceIs::outside:
        return !program_->ranges[g.ranges].sources.contains(packet.src);
    }
    return false;
  };
  const auto found = std::ranges::find_if(route.outcomes, applies);
  if (found == route.outcomes.end()) throw base::InternalError("route without an unguarded outcome: " + route.owner);
  return *found;
}

bool Interpreter::masquerades(const Balance& balance, const PoolEntry& entry, const Packet& packet) const {
  // A hairpin: the endpoint would answer itself without passing this node (reference 3.5.2). kube-proxy marks it before
  // it translates in mode iptables. In mode nftables it asks conntrack in postrouting, and where the frontend is the
  // endpoint itself nothing was translated.
  const bool changes = packet.dst != entry.address || packet.dport != entry.port;
  if (packet.src == entry.address && (program_->dialect == Dialect::iptables || (entry.local && changes))) return true;
  switch (balance.masquerade) {
    case Masquerade::never:
      return false;
    case Masquerade::always:
      return true;
    case Masquerade::off_cluster:
      return !program_->from_pod(packet);
  }
  return false;
}

Fate Interpreter::translate(const Balance& balance, const Packet& packet, const Memory& memory, Trail* trail) const {
  const Pool& pool = program_->pools[balance.pool];
  Fate fate;
  fate.kind = Fate::Kind::dnat;
  fate.affinity_seconds = balance.affinity_seconds;
  for (const PoolEntry& entry : pool.entries) {
    if (balance.local_set ? !entry.local : entry.local_only) continue;
    Target target{entry.address, entry.port, entry.weight, masquerades(balance, entry, packet), Then::forward, {}};
    Seen seen{packet, true, target.masquerade};
    seen.packet.dst = entry.address;
    seen.packet.dport = entry.port;
    const Checked checked = check(seen);
    target.then = checked.then;
    if (balance.affinity_seconds) target.label = label(pool, entry);
    if (balance.affinity_seconds && memory.recalls(packet.src, target.label)) {
      fate.targets = {target};  // the first endpoint in list order that remembers the source
      if (trail != nullptr) trail->check = checked.check;
      break;
    }
    if (trail != nullptr && fate.targets.empty()) trail->check = checked.check;
    fate.targets.push_back(std::move(target));
  }
  if (fate.targets.empty()) throw base::InternalError("balance over an empty set of pool " + pool.name);
  collapse_refusals(fate);
  return fate;
}

Fate Interpreter::leave_alone(const Packet& packet, Trail* trail) const {
  const Checked checked = check({packet, false, false});
  if (trail != nullptr) trail->check = checked.check;
  Fate fate;
  fate.then = checked.then;
  if (checked.check == nullptr) return fate;
  switch (checked.check->verdict) {
    case Verdict::accept:
      fate.kind = Fate::Kind::accept;
      break;
    case Verdict::reject:
      fate.kind = Fate::Kind::reject;
      break;
    case Verdict::drop:
      fate.kind = Fate::Kind::drop;
      break;
  }
  return fate;
}

Interpreter::Checked Interpreter::check(const Seen& seen) const {
  const bool ends_here = program_->is_local(seen.packet.dst);
  std::vector<bool Hooks::*> hooks;  // reference 3.1
  if (seen.packet.from == PacketFrom::node) hooks.push_back(&Hooks::output);
  if (ends_here) {
    hooks.push_back(&Hooks::input);
  } else if (seen.packet.from != PacketFrom::node) {
    hooks.push_back(&Hooks::forward);
  }
  Checked result{nullptr, ends_here ? Then::local : Then::forward};
  for (const auto hook : hooks) {
    const Check* found = first_match(seen, hook);
    if (found == nullptr) continue;
    result.check = found;
    if (found->verdict == Verdict::accept) continue;  // ends the checks of this hook only
    result.then = found->verdict == Verdict::reject ? Then::reject : Then::drop;
    return result;
  }
  return result;
}

const Check* Interpreter::first_match(const Seen& seen, bool Hooks::* hook) const {
  const Packet& p = seen.packet;
  std::uint32_t best = UINT32_MAX;
  const auto consider = [&](const Indexes& indexes) {
    for (const std::uint32_t i : indexes) {
      if (i >= best) return;  // ascending
      const Check& c = program_->checks[i];
      if (c.hooks.*hook && in_state(c.states, p.ct_state) && matches(c, seen)) {
        best = i;
        return;
      }
    }
  };
  consider(general_checks_);
  if (const auto found = address_checks_.find(p.dst); found != address_checks_.end()) consider(found->second);
  if (p.protocol != net::Protocol::icmp) {
    if (const auto found = frontend_checks_.find(key_of(p)); found != frontend_checks_.end()) consider(found->second);
    if (const auto found = node_port_checks_.find({p.protocol, p.dport}); found != node_port_checks_.end())
      consider(found->second);
  }
  return best == UINT32_MAX ? nullptr : &program_->checks[best];
}

bool Interpreter::matches(const Check& check, const Seen& seen) const {
  const Packet& p = seen.packet;
  return std::visit(Overloaded{
                        [](const AnyPacket&) { return true; },
                        [&](const ToFrontend& to) {
                          return to.key == key_of(p) &&
                                 !(to.unless_from && program_->ranges[*to.unless_from].sources.contains(p.src));
                        },
                        [&](const ToNodePort& to) {
                          return to.protocol == p.protocol && to.port == p.dport &&
                                 (to.any_local ? program_->is_local(p.dst) : program_->accepts_node_port(p.dst));
                        },
                        [&](const ToAddress& to) { return to.address == p.dst; },
                        [&](const ToPrefix& to) { return to.prefix.contains(p.dst); },
                        [&](const Marked&) { return seen.marked; },
                        [&](const Martian&) {
                          return p.dst.is_loopback() && !p.src.is_loopback() && !seen.translated &&
                                 !in_state(States::established_or_related, p.ct_state);
                        },
                    },
                    check.match);
}

}  // namespace portcullis::ir
