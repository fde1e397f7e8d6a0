#include "verifier/plain/program.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <variant>

namespace portcullis::plain {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

using net::ConntrackState;

bool looks_at(ir::States states, ConntrackState state) {
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

std::optional<net::Address> address_of(const ir::CheckMatch& match) {
  if (const auto* to = std::get_if<ir::ToFrontend>(&match)) return to->key.address;
  if (const auto* to = std::get_if<ir::ToAddress>(&match)) return to->address;
  return {};
}

class Encoding {
 public:
  Encoding(const ProgramIndex& index, Terms& terms, Packet& packet, Remembered& remembered)
      : index_(index), program_(index.program()), terms_(terms), packet_(packet), remembered_(remembered) {}

  std::vector<Leaf> run() {
    const Destination sent{packet_.destination(), packet_.port(), false, Bit::of(false)};
    Bit here = Bit::of(true);
    if (packet_.region().state == ConntrackState::fresh) {
      here = before_translation(here);
      here = tables(here);
    }
    check(leaf(here), sent);
    return std::move(leaves_);
  }

 private:
  // What the check stage sees.
  struct Destination {
    Word address, port;
    bool translated = false;
    Bit marked;
  };

  [[nodiscard]] static Leaf leaf(const Bit& when) {
    Leaf out;
    out.when = when;
    return out;
  }
  void add(Leaf leaf) {
    if (!leaf.when.is(false)) leaves_.push_back(std::move(leaf));
  }
  void refuse(Leaf leaf, Leaf::End end) {
    leaf.end = end;
    add(std::move(leaf));
  }

  // ---- before translation, and the tables. Each says which packets go on.

  Bit before_translation(Bit here) {
    for (const ir::RangeCheck* r : index_.range_checks(packet_.destination())) {
      const Bit meant = terms_.all(here, is_for(r->key, packet_.destination(), packet_.port()));
      const Bit outside = terms_.but(meant, inside(r->ranges));
      refuse(leaf(outside), Leaf::End::dropped);
      here = terms_.but(here, outside);
    }
    return here;
  }

  Bit tables(Bit here) {
    if (packet_.region().protocol == net::Protocol::icmp) return here;
    const Word& to = packet_.destination();
    here = table(here, index_.routes(ir::Table::service, to), [](const ir::Route&) { return Bit::of(true); });
    const Bit accepted = accepts_node_port(to);
    here = table(here, index_.routes(ir::Table::node_port, to), [&](const ir::Route&) { return accepted; });
    const Bit local = packet_.is_local(to);
    const auto host_ports = index_.routes(ir::Table::host_port, to);
    for (const bool exact : {true, false}) {
      here = table(here, host_ports,
                   [&](const ir::Route& r) { return r.key.address.has_value() == exact ? local : Bit::of(false); });
    }
    return here;
  }

  template <class Applies>
  Bit table(const Bit& here, const std::vector<const ir::Route*>& routes, const Applies& applies) {
    Bit on = here;
    for (const ir::Route* r : routes) {
      const Bit applicable = applies(*r);
      if (applicable.is(false)) continue;
      const Bit matched =
          terms_.all(here, terms_.all(applicable, is_for(r->key, packet_.destination(), packet_.port())));
      if (matched.is(false)) continue;
      on = terms_.any(terms_.but(on, matched), route(matched, *r));
    }
    return on;
  }

  // The packets that it lets fall to the next table.
  Bit route(Bit here, const ir::Route& route) {
    Bit fallen = Bit::of(false);
    if (!route.rivals.empty()) {
      Leaf out = leaf(here);
      out.form = "several owners of one address and port: " + route.owner;
      refuse(std::move(out), Leaf::End::unrecognised);
      return fallen;
    }
    for (const ir::GuardedOutcome& g : route.outcomes) {
      const Bit taken = terms_.all(here, guard(g));
      here = terms_.but(here, taken);
      std::visit(Overloaded{
                     [&](const ir::Balance& b) { balance(taken, b); },
                     [&](const ir::Stop&) {
                       check(leaf(taken), {packet_.destination(), packet_.port(), false, Bit::of(false)});
                     },
                     [&](const ir::Fall&) { fallen = terms_.any(fallen, taken); },
                 },
                 g.outcome);
    }
    return fallen;
  }

  Bit guard(const ir::GuardedOutcome& g) {
    switch (g.source) {
      case ir::SourceIs::any:
        return Bit::of(true);
      case ir::SourceIs::pod:
        return from_pod();
      case ir::SourceIs::node:
        return packet_.source_is_local();
      case ir::SourceIs::inside:
        return inside(g.ranges);
      case ir::SourceIs::outside:
        return terms_.no(inside(g.ranges));
    }
    return Bit::of(false);
  }

  // ---- balances

  void balance(Bit here, const ir::Balance& b) {
    if (here.is(false)) return;
    const ir::Pool& pool = program_.pools[b.pool];
    std::vector<const ir::PoolEntry*> entries;
    std::uint64_t total = 0;
    for (const ir::PoolEntry& e : pool.entries) {
      if (b.local_set ? !e.local : e.local_only) continue;
      entries.push_back(&e);
      total += e.weight;
    }
    if (b.affinity_seconds) {
      for (const ir::PoolEntry* e : entries) {
        const Bit recalled = terms_.all(here, remembered_.holds(ir::label(pool, *e)));
        translate(recalled, b, pool, *e, Rational{});
        here = terms_.but(here, recalled);
      }
    }
    for (const ir::PoolEntry* e : entries)
      translate(here, b, pool, *e, *Rational::product({e->weight, total}, Rational{}));
  }

  void translate(const Bit& when, const ir::Balance& b, const ir::Pool& pool, const ir::PoolEntry& e,
                 const Rational& weight) {
    Leaf out = leaf(when);
    out.weight = weight;
    out.translated = true;
    out.address = e.address;
    out.port = e.port;
    if (b.affinity_seconds) out.label = ir::label(pool, e);
    out.seconds = b.affinity_seconds;
    out.masquerade = masquerades(b, e);
    check(out, {Terms::constant(Value::address(e.address), packet_.address_words()), Terms::number(e.port), true,
                out.masquerade});
  }

  Bit masquerades(const ir::Balance& b, const ir::PoolEntry& e) {
    const Bit itself = terms_.equal(packet_.source(), Value::address(e.address));
    const Bit unchanged = terms_.all(terms_.equal(packet_.destination(), Value::address(e.address)),
                                     terms_.equal(packet_.port(), Value::number(e.port)));
    Bit hairpin = itself;
    if (program_.dialect != ir::Dialect::iptables) hairpin = e.local ? terms_.but(itself, unchanged) : Bit::of(false);
    switch (b.masquerade) {
      case ir::Masquerade::never:
        return hairpin;
      case ir::Masquerade::always:
        return Bit::of(true);
      case ir::Masquerade::off_cluster:
        return terms_.any(hairpin, terms_.no(from_pod()));
    }
    return hairpin;
  }

  // ---- checks

  void check(const Leaf& arrived, const Destination& to) {
    const Bit local = packet_.is_local(to.address);
    for (const bool here : {true, false}) {
      Leaf out = arrived;
      out.when = terms_.all(arrived.when, here ? local : terms_.no(local));
      if (out.when.is(false)) continue;
      out.local = Bit::of(here);
      bool gone = false;
      if (packet_.region().from_node) gone = !hook(out, to, &ir::Hooks::output);
      if (here && !gone) gone = !hook(out, to, &ir::Hooks::input);
      if (!here && !packet_.region().from_node && !gone) gone = !hook(out, to, &ir::Hooks::forward);
      if (!gone) add(std::move(out));
    }
  }

  // False: no packet is left. `out` is what goes on.
  bool hook(Leaf& out, const Destination& to, bool ir::Hooks::* hook) {
    Bit here = out.when, through = Bit::of(false);
    for (const ir::Check* c : index_.checks(to.address)) {
      if (!(c->hooks.*hook) || !looks_at(c->states, packet_.region().state)) continue;
      const Bit hit = terms_.all(here, matches(*c, to));
      if (hit.is(false)) continue;
      here = terms_.but(here, hit);
      if (c->verdict == ir::Verdict::accept) {
        through = terms_.any(through, hit);
      } else {
        Leaf refused = out;
        refused.when = hit;
        refuse(std::move(refused), c->verdict == ir::Verdict::drop ? Leaf::End::dropped : Leaf::End::rejected);
      }
    }
    out.when = terms_.any(here, through);
    if (!to.translated) out.accepted = terms_.any(out.accepted, through);
    return !out.when.is(false);
  }

  Bit matches(const ir::Check& c, const Destination& to) {
    return std::visit(
        Overloaded{
            [](const ir::AnyPacket&) { return Bit::of(true); },
            [&](const ir::ToFrontend& m) {
              const Bit frontend = is_for(m.key, to.address, to.port);
              return m.unless_from ? terms_.but(frontend, inside(*m.unless_from)) : frontend;
            },
            [&](const ir::ToNodePort& m) {
              if (m.protocol != packet_.region().protocol) return Bit::of(false);
              const Bit port = terms_.equal(to.port, Value::number(m.port));
              if (port.is(false)) return port;
              return terms_.all(port, m.any_local ? packet_.is_local(to.address) : accepts_node_port(to.address));
            },
            [&](const ir::ToAddress& m) { return terms_.equal(to.address, Value::address(m.address)); },
            [&](const ir::ToPrefix& m) { return packet_.within(to.address, m.prefix); },
            [&](const ir::Marked&) { return to.marked; },
            [&](const ir::Martian&) {
              const ConntrackState state = packet_.region().state;
              if (to.translated || state == ConntrackState::established || state == ConntrackState::related)
                return Bit::of(false);
              return terms_.but(packet_.is_loopback(to.address), packet_.is_loopback(packet_.source()));
            },
        },
        c.match);
  }

  // ---- questions

  // Whoever has no port has no frontend.
  Bit is_for(const ir::RouteKey& key, const Word& address, const Word& port) {
    const net::Protocol protocol = packet_.region().protocol;
    if (protocol != key.protocol || protocol == net::Protocol::icmp) return Bit::of(false);
    const Bit same_port = terms_.equal(port, Value::number(key.port));
    if (!key.address || same_port.is(false)) return same_port;
    return terms_.all(same_port, terms_.equal(address, Value::address(*key.address)));
  }

  Bit inside(ir::RangesId id) {
    Bit out = Bit::of(false);
    for (const net::Prefix& p : program_.ranges[id].sources.prefixes()) {
      if (p.family() == packet_.family()) out = terms_.any(out, packet_.within(packet_.source(), p));
    }
    return out;
  }

  Bit accepts_node_port(const Word& address) {
    if (program_.accepted.every_local) {
      const Bit local = packet_.is_local(address);
      return program_.accepted.loopback ? local : terms_.but(local, packet_.is_loopback(address));
    }
    Bit out = Bit::of(false);
    for (const net::Address& a : program_.accepted.addresses) {
      if (a.family() == packet_.family()) out = terms_.any(out, terms_.equal(address, Value::address(a)));
    }
    return out;
  }

  Bit from_pod() {
    if (const auto* cidr = std::get_if<ir::CidrDetector>(&program_.detector))
      return cidr->cidr.family() == packet_.family() ? packet_.within(packet_.source(), cidr->cidr) : Bit::of(false);
    const auto* interface = std::get_if<ir::InterfaceDetector>(&program_.detector);
    if (interface == nullptr || packet_.region().from_node) return Bit::of(false);
    const Value name = Value::interface(interface->name);
    if (!interface->is_prefix) return terms_.equal(packet_.interface(), name);
    const Value mask = Value::mask(static_cast<int>(interface->name.size()) * 8);
    return terms_.equal(terms_.masked(packet_.interface(), mask, {}), name);
  }

  const ProgramIndex& index_;
  const ir::Program& program_;
  Terms& terms_;
  Packet& packet_;
  Remembered& remembered_;
  std::vector<Leaf> leaves_;
};

template <class T>
std::vector<const T*> chosen(const std::vector<T>& all, const std::vector<std::uint32_t>& indexes) {
  std::vector<const T*> out;
  out.reserve(indexes.size());
  for (const std::uint32_t i : indexes) out.push_back(&all[i]);
  return out;
}

}  // namespace

// ---- the index

void ProgramIndex::ByAddress::add(const std::optional<net::Address>& address) {
  const auto i = static_cast<std::uint32_t>(size++);
  (address ? of[Value::address(*address)] : rest).push_back(i);
}

ProgramIndex::Indexes ProgramIndex::ByAddress::candidates(const Word& destination) const {
  Indexes out = rest;
  const auto take = [&](const Indexes& more) { out.insert(out.end(), more.begin(), more.end()); };
  if (!destination.possible.empty()) {
    for (const Value& v : destination.possible) {
      if (const auto found = of.find(v); found != of.end()) take(found->second);
    }
  } else {
    for (const auto& [address, indexes] : of) {
      if (!std::ranges::binary_search(destination.impossible, address)) take(indexes);
    }
  }
  std::ranges::sort(out);
  return out;
}

ProgramIndex::ProgramIndex(const ir::Program& program) : program_(program) {
  for (const ir::RangeCheck& r : program.pre) pre_.add(r.key.address);
  for (const ir::Route& r : program.routes) routes_.add(r.key.address);
  for (const ir::Check& c : program.checks) checks_.add(address_of(c.match));
}

std::vector<const ir::RangeCheck*> ProgramIndex::range_checks(const Word& destination) const {
  return chosen(program_.pre, pre_.candidates(destination));
}

std::vector<const ir::Route*> ProgramIndex::routes(ir::Table table, const Word& destination) const {
  std::vector<const ir::Route*> out = chosen(program_.routes, routes_.candidates(destination));
  std::erase_if(out, [table](const ir::Route* r) { return r->table != table; });
  return out;
}

std::vector<const ir::Check*> ProgramIndex::checks(const Word& destination) const {
  return chosen(program_.checks, checks_.candidates(destination));
}

std::vector<Leaf> program_leaves(const ProgramIndex& index, Terms& terms, Packet& packet, Remembered& remembered) {
  return Encoding(index, terms, packet, remembered).run();
}

}  // namespace portcullis::plain
