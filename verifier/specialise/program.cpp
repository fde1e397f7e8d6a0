#include "verifier/specialise/program.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>

#include "backends/netfilter/value.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::specialise {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

using net::ConntrackState;

ir::RouteKey route_key(const net::Address& address, net::Protocol protocol, std::uint16_t port) {
  return {address, protocol, port};
}

bool in_state(ir::States states, ConntrackState state) {
  switch (states) {
    case ir::States::fresh:
      return state == ConntrackState::fresh;
    case ir::States::any:
      return true;
    case ir::States::invalid:
      return state == ConntrackState::invalid;
    case ir::States::established_or_related:
      return state == ConntrackState::established || state == ConntrackState::related;
  }
  return false;
}

// Kinds of addresses: those that frontends have, and those that checks ask for.
constexpr std::uint32_t with_port = 1, first_kind_of_check = 2;

// What a sorted list has under a key. Most keys are beyond its ends.
template <class Key>
std::span<const std::pair<Key, std::uint32_t>> under(const std::vector<std::pair<Key, std::uint32_t>>& sorted,
                                                     const Key& key) {
  if (sorted.empty() || key < sorted.front().first || sorted.back().first < key) return {};
  const auto found = std::ranges::equal_range(sorted, key, {}, &std::pair<Key, std::uint32_t>::first);
  return {found.begin(), found.end()};
}

Interval loopback(net::Family family) {
  if (family == net::Family::ipv4) return {net::Address::v4(0x7F000000), net::Address::v4(0x7FFFFFFF)};
  const net::Address one = *net::Address::parse("::1");
  return {one, one};
}

}  // namespace

ProgramSide::ProgramSide(Arena& arena, const ir::Program& program, Local local, Accepts accepts)
    : arena_(arena), program_(program), local_(local), accepts_(accepts) {
  const auto note = [](Asked& asked, const ir::RouteKey& key) {
    if (key.address) {
      asked.exact[route_key(*key.address, key.protocol, 0)].push_back(key.port);
      asked.addresses[static_cast<std::size_t>(key.protocol)].push_back({*key.address, *key.address, with_port});
    } else {
      asked.local[key.protocol].push_back(key.port);
    }
  };
  Asked& first = asked_[static_cast<std::size_t>(ConntrackState::fresh)];
  for (const ir::RangeCheck& r : program.pre) {
    pre_.emplace(r.key, &r);
    note(first, r.key);
  }
  for (const ir::Route& r : program.routes) note(first, r.key);
  for (std::uint32_t i = 0; i < program.checks.size(); ++i) {
    const ir::Check& check = program.checks[i];
    std::visit(Overloaded{
                   [&](const ir::ToFrontend& to) { frontend_checks_.emplace_back(to.key, i); },
                   [&](const ir::ToNodePort& to) { node_port_checks_[{to.protocol, to.port}].push_back(i); },
                   [&](const ir::ToAddress& to) { address_checks_.emplace_back(to.address, i); },
                   [&](const ir::AnyPacket&) { general_checks_.push_back(i); },
                   [&](const ir::ToPrefix&) { general_checks_.push_back(i); },
                   [&](const ir::Marked&) { general_checks_.push_back(i); },
                   [&](const ir::Martian&) { general_checks_.push_back(i); },
               },
               check.match);
  }
  std::ranges::sort(frontend_checks_);
  std::ranges::sort(address_checks_);
  for (std::uint32_t i = 0; i < program.checks.size(); ++i) {
    const ir::Check& check = program.checks[i];
    for (std::size_t state = 0; state < asked_.size(); ++state) {
      if (!in_state(check.states, static_cast<ConntrackState>(state))) continue;
      Asked& asked = asked_[state];
      if (const auto* to = std::get_if<ir::ToFrontend>(&check.match)) note(asked, to->key);
      if (const auto* to = std::get_if<ir::ToNodePort>(&check.match)) asked.local[to->protocol].push_back(to->port);
      if (const auto* to = std::get_if<ir::ToAddress>(&check.match))
        asked.everybody({to->address, to->address, kind_of_check(i)});
      if (const auto* to = std::get_if<ir::ToPrefix>(&check.match))
        asked.everybody({to->prefix.address(), to->prefix.last()});
    }
  }
  // Where a packet goes is asked of every packet, loopback is Martian's question.
  for (Asked& asked : asked_) {
    for (const auto* addresses : {&program.local_addresses, &program.accepted.addresses}) {
      for (const net::Address& a : *addresses) asked.everybody({a, a});
    }
    const Interval own = loopback(program.family);
    asked.everybody({own.low, own.high});
  }
}

std::size_t ProgramSide::AddressHash::operator()(const net::Address& address) const {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), address.bytes().data(), sizeof halves);
  return mix(mix(0, halves[0]), halves[1]);
}

std::size_t ProgramSide::AddressHash::operator()(const ir::RouteKey& key) const {
  const std::size_t address = key.address ? (*this)(*key.address) : 0;
  return mix(address, static_cast<std::uint64_t>(key.protocol) << 16U | key.port);
}

// ---- cuts

// Checks of one address each that decide alike, whatever its other fields are: the same verdict, and the same checks of
// other kinds before and behind. Two of one address may be in either order.
std::uint32_t ProgramSide::kind_of_check(std::uint32_t index) {
  const ir::Check& check = program_.checks[index];
  if (under(address_checks_, std::get<ir::ToAddress>(check.match).address).size() > 1) return like_no_other;
  const auto general = std::ranges::lower_bound(general_checks_, index) - general_checks_.begin();
  const std::tuple kind(check.hooks.input, check.hooks.forward, check.hooks.output, check.states, check.verdict,
                        general);
  return first_kind_of_check +
         static_cast<std::uint32_t>(check_kinds_.try_emplace(kind, check_kinds_.size()).first->second);
}

void ProgramSide::Asked::everybody(const AddressCut& cut) {
  for (std::vector<AddressCut>& cuts : addresses) cuts.push_back(cut);
}

void ProgramSide::address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const {
  const std::vector<AddressCut>& known = asked_[test].addresses[static_cast<std::size_t>(protocol)];
  cuts.insert(cuts.end(), known.begin(), known.end());
}

void ProgramSide::port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                            std::vector<PortCut>& cuts) {
  const Asked& asked = asked_[test];
  const auto add = [&](const std::vector<std::uint16_t>& ports, bool own) {
    for (const std::uint16_t port : ports) cuts.push_back({port, port, own});
  };
  if (const auto found = asked.exact.find(route_key(destination, protocol, 0)); found != asked.exact.end())
    add(found->second, true);
  if (!program_.is_local(destination) && !program_.accepts_node_port(destination)) return;
  if (const auto found = asked.local.find(protocol); found != asked.local.end()) add(found->second, false);
}

// ---- interpret.cpp, step by step

NodeId ProgramSide::residual(const Key& key, const Path& path) {
  key_ = key;
  path_ = path;
  consulted_.begin();
  consulted_.note(static_cast<std::uint32_t>(path.state));
  if (path.state != ConntrackState::fresh) return leave_alone();
  const NodeId routed = routes(candidates(key), 0);
  const auto pre = pre_.find(route_key(key.destination, key.protocol, key.port));
  if (pre == pre_.end()) return routed;
  return source_in(program_.ranges[pre->second->ranges].sources, routed,
                   arena_.outcome({Outcome::End::dropped, false, false, false}));
}

const ir::Route* ProgramSide::route(const Key& key) const {
  const auto all = candidates(key);
  return all.empty() ? nullptr : all.front();
}

const ir::Route* ProgramSide::route_elsewhere(const Key& key) const {
  const ir::Route* exact = find(ir::Table::service, route_key(key.destination, key.protocol, key.port));
  return exact != nullptr ? exact : find(ir::Table::node_port, {{}, key.protocol, key.port});
}

const ir::Route* ProgramSide::find(ir::Table table, const ir::RouteKey& key) const {
  const auto found = std::ranges::lower_bound(program_.routes, std::tie(table, key), std::less<>{},
                                              [](const ir::Route& r) { return std::tie(r.table, r.key); });
  if (found == program_.routes.end() || found->table != table || found->key != key) return nullptr;
  return &*found;
}

std::vector<const ir::Route*> ProgramSide::candidates(const Key& key) const {
  std::vector<const ir::Route*> routes;
  if (key.protocol == net::Protocol::icmp) return routes;
  const auto add = [&](const ir::Route* route) {
    if (route != nullptr) routes.push_back(route);
  };
  const ir::RouteKey exact = route_key(key.destination, key.protocol, key.port);
  const ir::RouteKey anywhere{{}, key.protocol, key.port};
  add(find(ir::Table::service, exact));
  if (program_.accepts_node_port(key.destination)) add(find(ir::Table::node_port, anywhere));
  if (program_.is_local(key.destination)) {
    add(find(ir::Table::host_port, exact));
    add(find(ir::Table::host_port, anywhere));
  }
  return routes;
}

NodeId ProgramSide::routes(const std::vector<const ir::Route*>& candidates, std::size_t at) {
  if (at == candidates.size()) return leave_alone();
  const ir::Route& route = *candidates[at];
  if (!route.rivals.empty()) return arena_.unknown("several owners of one address and port: " + route.owner);
  if (route.outcomes.empty() || route.outcomes.back().source != ir::SourceIs::any)
    throw base::InternalError("route without an unguarded outcome: " + route.owner);
  NodeId node = outcome(route.outcomes.back(), candidates, at);
  for (std::size_t i = route.outcomes.size() - 1; i-- > 0;) {
    const ir::GuardedOutcome& g = route.outcomes[i];
    node = guarded(g, outcome(g, candidates, at), node);
  }
  return node;
}

NodeId ProgramSide::outcome(const ir::GuardedOutcome& outcome, const std::vector<const ir::Route*>& candidates,
                            std::size_t at) {
  return std::visit(Overloaded{
                        [&](const ir::Balance& b) { return balance(b); },
                        [&](const ir::Stop&) { return leave_alone(); },
                        [&](const ir::Fall&) { return routes(candidates, at + 1); },
                    },
                    outcome.outcome);
}

NodeId ProgramSide::guarded(const ir::GuardedOutcome& outcome, NodeId then, NodeId otherwise) {
  switch (outcome.source) {
    case ir::SourceIs::any:
      return then;
    case ir::SourceIs::pod:
      return from_pod(then, otherwise);
    case ir::SourceIs::node:
      return arena_.test(arena_.atom(source_is_local()), then, otherwise);
    case ir::SourceIs::inside:
      return source_in(program_.ranges[outcome.ranges].sources, then, otherwise);
    case ir::SourceIs::outside:
      return source_in(program_.ranges[outcome.ranges].sources, otherwise, then);
  }
  return otherwise;
}

NodeId ProgramSide::balance(const ir::Balance& b) {
  switch (b.masquerade) {
    case ir::Masquerade::never:
      return balanced(b, false);
    case ir::Masquerade::always:
      return balanced(b, true);
    case ir::Masquerade::off_cluster:
      return from_pod(balanced(b, false), balanced(b, true));
  }
  return balanced(b, false);
}

NodeId ProgramSide::balanced(const ir::Balance& b, bool marked) {
  const std::uint32_t path = static_cast<std::uint32_t>(path_.state) * 2 + (path_.from_node ? 1 : 0);
  const bool plain = !arena_.has_endpoint(key_.destination, key_.port);
  const std::tuple memo(b.pool, b.local_set, marked, b.affinity_seconds.value_or(none),
                        path << 2U | static_cast<std::uint32_t>(key_.protocol));
  if (const auto known = balances_.find(memo); plain && known != balances_.end()) return known->second;
  const ir::Pool& pool = program_.pools[b.pool];
  std::uint64_t total = 0;
  for (const ir::PoolEntry& e : pool.entries) {
    if (b.local_set ? e.local : !e.local_only) total += e.weight;
  }
  std::vector<Branch> branches;
  std::vector<std::pair<LabelId, NodeId>> remembered;
  for (const ir::PoolEntry& e : pool.entries) {
    if (b.local_set ? !e.local : e.local_only) continue;
    const LabelId label = b.affinity_seconds ? arena_.label(ir::label(pool, e)) : none;
    const NodeId to = arena_.to(arena_.endpoint(e.address, e.port), label, b.affinity_seconds, behind(e, marked));
    branches.push_back({*Rational::product({e.weight, total}, {1, 1}), to});
    if (b.affinity_seconds) remembered.emplace_back(label, to);
  }
  if (branches.empty()) throw base::InternalError("balance over an empty set of pool " + pool.name);
  NodeId node = arena_.choice(std::move(branches));
  for (std::size_t i = remembered.size(); i-- > 0;)
    node = arena_.test(arena_.atom(Remembers{remembered[i].first}), remembered[i].second, node);
  if (!arena_.has_endpoint(key_.destination, key_.port)) balances_.emplace(memo, node);
  return node;
}

NodeId ProgramSide::behind(const ir::PoolEntry& entry, bool marked) {
  // As the interpreter: in dialect nftables only where the translation changes something.
  const bool changes = entry.address != key_.destination || entry.port != key_.port;
  const bool hairpin = program_.dialect == ir::Dialect::iptables || (entry.local && changes);
  const NodeId otherwise = checked({entry.address, entry.port, true, marked});
  if (!hairpin || marked) return otherwise;
  const NodeId itself = checked({entry.address, entry.port, true, true});
  return arena_.test(arena_.atom(SourceIsEndpoint{}), itself, otherwise);
}

NodeId ProgramSide::leave_alone() {
  return checked({key_.destination, key_.port, false, false});
}

// ---- checks

NodeId ProgramSide::checked(const Seen& seen) {
  return hook(seen, 0, false, seen.marked);
}

NodeId ProgramSide::hook(const Seen& seen, std::size_t which, bool accepted, bool masquerade) {
  const bool ends_here = program_.is_local(seen.destination);
  std::vector<bool ir::Hooks::*> hooks;
  if (path_.from_node) hooks.push_back(&ir::Hooks::output);
  if (ends_here) {
    hooks.push_back(&ir::Hooks::input);
  } else if (!path_.from_node) {
    hooks.push_back(&ir::Hooks::forward);
  }
  if (which == hooks.size()) {
    const bool visible = !ends_here || path_.from_node;
    const bool told = accepts_ == Accepts::told && !seen.translated && accepted;
    return arena_.outcome({Outcome::End::passed, ends_here, told, visible && masquerade});
  }
  return check_from(seen, which, 0, matching(seen, hooks[which]), accepted, masquerade);
}

NodeId ProgramSide::check_from(const Seen& seen, std::size_t which, std::size_t at,
                               const std::vector<std::uint32_t>& matching, bool accepted, bool masquerade) {
  if (at == matching.size()) return hook(seen, which + 1, accepted, masquerade);
  const ir::Check& check = program_.checks[matching[at]];
  const auto decided = [&]() -> NodeId {
    switch (check.verdict) {
      case ir::Verdict::accept:
        return hook(seen, which + 1, true, masquerade);
      case ir::Verdict::reject:
        return arena_.outcome({Outcome::End::rejected, false, false, false});
      case ir::Verdict::drop:
        return arena_.outcome({Outcome::End::dropped, false, false, false});
    }
    return 0;
  };
  if (const auto* to = std::get_if<ir::ToFrontend>(&check.match); to != nullptr && to->unless_from) {
    return source_in(program_.ranges[*to->unless_from].sources,
                     check_from(seen, which, at + 1, matching, accepted, masquerade), decided());
  }
  if (std::holds_alternative<ir::Martian>(check.match)) {
    const Interval own = loopback(program_.family);
    return arena_.test(arena_.atom(SourceIn{{own}}), check_from(seen, which, at + 1, matching, accepted, masquerade),
                       decided());
  }
  return decided();
}

// In order; nothing behind a check that matches every source.
std::vector<std::uint32_t> ProgramSide::matching(const Seen& seen, bool ir::Hooks::* hook) const {
  std::vector<std::uint32_t> found;
  const auto consider = [&](std::span<const std::uint32_t> indexes) {
    for (const std::uint32_t i : indexes) {
      const ir::Check& c = program_.checks[i];
      if (c.hooks.*hook && in_state(c.states, path_.state) && may_match(c, seen)) found.push_back(i);
    }
  };
  consider(general_checks_);
  for (const auto& [address, index] : under(address_checks_, seen.destination)) consider(std::span(&index, 1));
  if (key_.protocol != net::Protocol::icmp) {
    const ir::RouteKey exact = route_key(seen.destination, key_.protocol, seen.port);
    for (const auto& [key, index] : under(frontend_checks_, exact)) consider(std::span(&index, 1));
    const auto node_port = node_port_checks_.find({key_.protocol, seen.port});
    if (node_port != node_port_checks_.end()) consider(node_port->second);
  }
  std::ranges::sort(found);
  return found;
}

// For some source.
bool ProgramSide::may_match(const ir::Check& check, const Seen& seen) const {
  return std::visit(
      Overloaded{
          [](const ir::AnyPacket&) { return true; },
          [&](const ir::ToFrontend& to) { return to.key == route_key(seen.destination, key_.protocol, seen.port); },
          [&](const ir::ToNodePort& to) {
            return to.protocol == key_.protocol && to.port == seen.port &&
                   (to.any_local ? program_.is_local(seen.destination) : program_.accepts_node_port(seen.destination));
          },
          [&](const ir::ToAddress& to) { return to.address == seen.destination; },
          [&](const ir::ToPrefix& to) { return to.prefix.contains(seen.destination); },
          [&](const ir::Marked&) { return seen.marked; },
          [&](const ir::Martian&) {
            return seen.destination.is_loopback() && !seen.translated &&
                   !in_state(ir::States::established_or_related, path_.state);
          },
      },
      check.match);
}

// ---- sources

Atom ProgramSide::source_is_local() const {
  if (local_ == Local::shared) return SourceIsLocal{};
  SourceIn in{{loopback(program_.family)}};
  for (const net::Address& a : program_.local_addresses) in.intervals.push_back({a, a});
  std::ranges::sort(in.intervals);
  return in;
}

NodeId ProgramSide::source_in(const net::PrefixSet& sources, NodeId inside, NodeId outside) {
  SourceIn in;
  for (const net::Prefix& p : sources.prefixes()) {
    if (p.family() == program_.family) in.intervals.push_back(Interval::of(p));
  }
  if (in.intervals.empty()) return outside;
  std::ranges::sort(in.intervals);
  return arena_.test(arena_.atom(std::move(in)), inside, outside);
}

NodeId ProgramSide::from_pod(NodeId pod, NodeId other) {
  return std::visit(Overloaded{
                        [&](const ir::NoDetector&) { return other; },
                        [&](const ir::CidrDetector& d) {
                          return arena_.test(arena_.atom(SourceIn{{Interval::of(d.cidr)}}), pod, other);
                        },
                        [&](const ir::InterfaceDetector& d) {
                          if (path_.from_node) return other;
                          ArrivesOn on;
                          on.value = netfilter::Value::interface(d.name).words;
                          on.mask = d.is_prefix ? netfilter::Value::interface(std::string(d.name.size(), '\xff')).words
                                                : netfilter::Value::all_ones().words;
                          return arena_.test(arena_.atom(on), pod, other);
                        },
                    },
                    program_.detector);
}

}  // namespace portcullis::specialise
