#include "verifier/obligations/reach_ways.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "compiler/base/error.hpp"

namespace portcullis::obligations {

namespace {

using namespace specialise;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// More machines than any packet of a sound cluster meets, as the narrator has it.
constexpr int most_machines = 8;

std::size_t mix(std::size_t h, const net::Address& address) {
  for (std::size_t i = 0; i < 16; i += 8) {
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < 8; ++j) word = word << 8U | address.bytes()[i + j];
    h = specialise::mix(h, word);
  }
  return h;
}

Sourced joined(std::vector<Interval> intervals) {
  std::ranges::sort(intervals);
  Sourced out;
  for (const Interval& i : intervals) {
    const auto after = out.empty() ? std::nullopt : out.back().high.next();
    if (!out.empty() && (!after || i.low <= *after)) {
      out.back().high = std::max(out.back().high, i.high);
    } else {
      out.push_back(i);
    }
  }
  return out;
}

Sourced local_sources(const ir::Program& program) {
  std::vector<Interval> all;
  for (const net::Address& a : program.local_addresses) all.push_back({a, a});
  if (program.family == net::Family::ipv4) {
    all.push_back({net::Address::v4(0x7F000000), net::Address::v4(0x7FFFFFFF)});
  } else {
    all.push_back({*net::Address::parse("::1"), *net::Address::parse("::1")});
  }
  return joined(std::move(all));
}

bool holds(const Sourced& sources, const net::Address& address) {
  return std::ranges::any_of(sources, [&](const Interval& i) { return i.low <= address && address <= i.high; });
}

}  // namespace

// ---- the diagrams

std::size_t WayStore::Hash::operator()(const WayNode& node) const {
  std::size_t h = specialise::mix(
      static_cast<std::size_t>(node.kind) * 2 + (node.fixed ? 1 : 0),
      (node.end.delivered ? 1U : 0U) | (node.end.masqueraded ? 2U : 0U) | (node.end.undefined ? 4U : 0U));
  h = specialise::mix(h, std::uint64_t{node.then} << 32U | node.other);
  h = specialise::mix(h, node.sources);
  for (const Branch& b : node.branches) h = specialise::mix(h, std::uint64_t{b.node} << 32U | b.way);
  return h;
}

WayId WayStore::end(const End& end) {
  WayNode node;
  node.end = end;
  return intern(node);
}

WayId WayStore::test(SourcedId sources, WayId then, WayId other) {
  if (then == other) return then;
  WayNode node;
  node.kind = WayNode::Kind::test;
  node.sources = sources;
  node.then = then;
  node.other = other;
  return intern(node);
}

WayId WayStore::choice(std::vector<Branch> branches, bool fixed) {
  std::ranges::sort(branches);
  const auto again = std::ranges::unique(branches);
  branches.erase(again.begin(), again.end());
  if (branches.size() == 1 && branches.front().node == none) return branches.front().way;
  WayNode node;
  node.kind = WayNode::Kind::choice;
  node.fixed = fixed;
  node.branches = std::move(branches);
  return intern(node);
}

WayId WayStore::intern(const WayNode& node) {
  const auto [id, fresh] = nodes_.add(node);
  if (!fresh) return id;
  std::optional<Interval> hull;
  const auto widen = [&](const std::optional<Interval>& by) {
    if (!by) return;
    hull = hull ? Interval{std::min(hull->low, by->low), std::max(hull->high, by->high)} : *by;
  };
  if (node.kind == WayNode::Kind::test) {
    const Sourced& among = sources_[node.sources];
    if (!among.empty()) widen(Interval{among.front().low, among.back().high});
    widen(hulls_[node.then]);
    widen(hulls_[node.other]);
  }
  for (const Branch& b : node.branches) widen(hulls_[b.way]);
  hulls_.push_back(hull);
  return id;
}

std::size_t WayStore::AddressHash::operator()(const net::Address& address) const {
  return mix(0, address);
}

SourcedId WayStore::source(const net::Address& address) {
  const auto [at, fresh] = single_.try_emplace(address, 0);
  if (fresh) at->second = sources({{address, address}});
  return at->second;
}

SourcedId WayStore::sources(Sourced sources) {
  const auto [at, fresh] = source_ids_.try_emplace(sources, static_cast<SourcedId>(sources_.size()));
  if (fresh) sources_.push_back(std::move(sources));
  return at->second;
}

// ---- their making

std::size_t Ways::SeenHash::operator()(const Seen& seen) const {
  return mix(mix(specialise::mix(seen.node, seen.flags), seen.destination), seen.source);
}

Ways::Machine& Ways::machine(const cluster::Node& node) {
  const auto found = machines_.find(&node);
  if (found != machines_.end()) return found->second;
  return machines_.try_emplace(&node, arena_, network_.rules(node, family_).program()).first->second;
}

std::uint32_t Ways::index(const cluster::Node& node) const {
  return static_cast<std::uint32_t>(&node - network_.cluster().nodes.data());
}

WayId Ways::from_outside(const Key& key) {
  const std::uint32_t flags = static_cast<std::uint32_t>(key.protocol) << 4U | std::uint32_t{key.port} << 8U;
  const Seen seen{none, flags, key.destination, {}};
  if (const std::uint32_t* known = memo_.find(seen)) return *known;
  const WayId way = follow(network_.from_outside(key), {});
  memo_.store(seen, way);
  return way;
}

WayId Ways::from_pod(const cluster::Node& node, const Key& key) {
  return meets({&node, By::pod, {}, 0, false}, key);
}

WayId Ways::from_node(const cluster::Node& node, const Key& key) {
  return meets({&node, By::output, {}, 0, false}, key);
}

WayId Ways::at(const Arrival& arrival) {
  return meets({arrival.node, By::wire, {}, 0, false}, arrival.key);
}

// `before` is where it comes from, as it left there.
WayId Ways::follow(const Way& way, const Place& before) {
  switch (way.kind) {
    case Way::Kind::ends:
      return store_.end({});
    case Way::Kind::received:
      return store_.end({true, before.masqueraded, false});
    case Way::Kind::arrives:
      break;
  }
  std::vector<Branch> branches;
  branches.reserve(way.arrivals.size());
  for (const Arrival& arrival : way.arrivals) {
    const Place place{arrival.node, By::wire, before.source, before.machines + 1, before.masqueraded};
    branches.push_back({index(*arrival.node), meets(place, arrival.key)});
  }
  return store_.choice(std::move(branches), way.fixed);
}

WayId Ways::meets(const Place& place, const Key& key) {
  if (place.machines > most_machines) return store_.end({});
  const std::uint32_t flags = static_cast<std::uint32_t>(place.by) | (place.masqueraded ? 4U : 0U) |
                              (place.source ? 8U : 0U) | static_cast<std::uint32_t>(key.protocol) << 4U |
                              std::uint32_t{key.port} << 8U | static_cast<std::uint32_t>(place.machines) << 24U;
  const Seen seen{index(*place.node), flags, key.destination, place.source.value_or(net::Address{})};
  if (const std::uint32_t* known = memo_.find(seen)) return *known;
  const Path path{place.by == By::output, net::ConntrackState::fresh};
  const WayId way = walk(machine(*place.node).side.residual(key, path), place, key, none);
  memo_.store(seen, way);
  return way;
}

WayId Ways::walk(NodeId id, const Place& place, const Key& key, EndpointId endpoint) {
  const Node node = arena_.node(id);
  switch (node.kind) {
    case NodeKind::outcome:
      return endpoint == none ? outcome(arena_.outcome_of(node), place, key)
                              : landed(endpoint, arena_.outcome_of(node), place, key);
    case NodeKind::unknown:
      return store_.end({false, false, true});
    case NodeKind::to: {
      // The rules have no entry for an endpoint of a lost node.
      const cluster::Node* home = landing(node.parts[0], key.protocol).home;
      const WayId way = translated(node.parts[0], node.parts[2], place, key);
      return home == nullptr ? way : store_.choice({{index(*home), way}}, false);
    }
    case NodeKind::test: {
      const Atom atom = arena_.atom_of(node.parts[0]);
      return tested(atom, node.parts[1], node.parts[2], place, key, endpoint);
    }
    case NodeKind::choice: {
      const std::span<const specialise::Branch> all = arena_.branches(node);
      std::vector<Branch> branches;
      for (const specialise::Branch& b : std::vector(all.begin(), all.end()))
        branches.push_back({none, walk(b.node, place, key, endpoint)});
      return store_.choice(std::move(branches), false);
    }
    case NodeKind::balance: {
      const std::span<const BalanceEntry> entries = arena_.balance(node).entries;  // stays where it is
      std::vector<Branch> branches;
      branches.reserve(entries.size());
      for (const BalanceEntry& e : entries) {
        const cluster::Node* home = landing(e.endpoint, key.protocol).home;
        branches.push_back({home == nullptr ? none : index(*home), translated(e.endpoint, e.behind, place, key)});
      }
      return store_.choice(std::move(branches), false);
    }
  }
  return store_.end({});
}

WayId Ways::tested(const Atom& atom, NodeId then, NodeId other, const Place& place, const Key& key,
                   EndpointId endpoint) {
  const auto one = [&](bool holds) { return walk(holds ? then : other, place, key, endpoint); };
  const auto either = [&](const Sourced& sources) {
    if (place.source) return one(holds(sources, *place.source));
    const WayId yes = one(true), no = one(false);
    return store_.test(store_.sources(sources), yes, no);
  };
  return std::visit(
      Overloaded{
          [&](const SourceIn& in) { return either(joined(in.intervals)); },
          [&](const SourceIsLocal&) { return either(local_sources(*machine(*place.node).program)); },
          [&](const SourceIsEndpoint&) {
            if (endpoint == none) throw base::InternalError("a hairpin in front of a translation");
            const net::Address address = arena_.endpoint_of(endpoint).first;
            if (place.source) return one(*place.source == address);
            const WayId yes = one(true), no = one(false);
            return store_.test(store_.source(address), yes, no);
          },
          [](const OpaqueHolds&) -> WayId { throw base::InternalError("a program knows its matches"); },
          [](const SourcePortIn&) -> WayId { throw base::InternalError("no program looks at source ports"); },
          // What the detector looks for are the interfaces of pods.
          [&](const ArrivesOn&) { return one(place.by == By::pod); },
          // Whatever happened before.
          [&](const Remembers&) { return store_.choice({{none, one(true)}, {none, one(false)}}, false); },
      },
      atom);
}

// Most endpoints are pods, no rule looks at packets to them, and where such a packet comes from makes no difference.
const Ways::Landing& Ways::landing(EndpointId endpoint, net::Protocol protocol) {
  if (landings_.size() <= endpoint) landings_.resize(endpoint + std::size_t{64});
  const auto at = static_cast<std::size_t>(protocol);
  if (landings_[endpoint][at].known) return landings_[endpoint][at];
  const auto [address, port] = arena_.endpoint_of(endpoint);
  const Network::Owner& owner = network_.owner(address);
  Landing landing;
  landing.known = true;
  landing.home = owner.home;
  if (owner.home != nullptr && owner.node == nullptr && !owner.balancer && !owner.service && owner.in_pod_network &&
      owner.lives) {
    const Node rest = arena_.node(machine(*owner.home).side.residual({address, protocol, port}, {}));
    const bool passes = rest.kind == NodeKind::outcome && arena_.outcome_of(rest).end == Outcome::End::passed;
    landing.plain = passes && !arena_.outcome_of(rest).local && !arena_.outcome_of(rest).masquerade;
  }
  for (const bool masqueraded : {false, true}) {
    if (!landing.plain) break;
    const WayId end = store_.end({true, masqueraded, false});
    landing.there[masqueraded ? 1 : 0] = end;
    landing.elsewhere[masqueraded ? 1 : 0] = store_.choice({{index(*landing.home), end}}, false);
  }
  landings_[endpoint][at] = landing;
  return landings_[endpoint][at];
}

WayId Ways::translated(EndpointId endpoint, NodeId behind, const Place& place, const Key& key) {
  const auto [address, port] = arena_.endpoint_of(endpoint);
  return walk(behind, place, {address, key.protocol, port}, endpoint);
}

WayId Ways::landed(EndpointId endpoint, const Outcome& passed, const Place& place, const Key& key) {
  const Landing& known = landing(endpoint, key.protocol);
  if (!known.plain || passed.end != Outcome::End::passed || passed.local) return outcome(passed, place, key);
  const std::size_t masqueraded = place.masqueraded || passed.masquerade ? 1 : 0;
  return known.home == place.node ? known.there[masqueraded] : known.elsewhere[masqueraded];
}

WayId Ways::outcome(const Outcome& outcome, const Place& place, const Key& key) {
  if (outcome.end != Outcome::End::passed) return store_.end({});
  Place after = place;
  after.masqueraded = place.masqueraded || outcome.masquerade;
  if (outcome.local) return store_.end({network_.listens(*place.node, key), after.masqueraded, false});
  if (outcome.masquerade) {
    if (const auto ours = trace::main_address(*place.node, family_)) after.source = *ours;
  }
  return follow(network_.from_node(*place.node, key), after);
}

}  // namespace portcullis::obligations
