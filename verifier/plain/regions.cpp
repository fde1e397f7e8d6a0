#include "verifier/plain/regions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace portcullis::plain {

namespace {

using namespace netfilter;

constexpr std::array ported{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp};
constexpr std::array protocols{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp, net::Protocol::icmp};
constexpr std::array states{net::ConntrackState::fresh, net::ConntrackState::established, net::ConntrackState::related,
                            net::ConntrackState::invalid};

bool is_address(Field f) {
  return f == Field::ip4_destination || f == Field::ip6_destination;
}

// Chains in front of routing ask where a packet is sent; those behind it mostly ask what a translation has made of it,
// and endpoints that stand there only are not worth a region each.
std::vector<bool> may_be_sent(const Model& model) {
  std::vector<bool> reached(model.chains.size(), false);
  std::vector<ChainId> open;
  const auto reach = [&](ChainId id) {
    if (!reached[id]) open.push_back(id);
    reached[id] = true;
  };
  const auto follow = [&](const Verdict& v) {
    if (v.kind == Verdict::Kind::jump || v.kind == Verdict::Kind::go_to) reach(v.chain);
  };
  for (ChainId id = 0; id < model.chains.size(); ++id) {
    const auto& base = model.chains[id].base;
    if (base && (base->hook == Hook::prerouting || base->hook == Hook::output)) reach(id);
  }
  while (!open.empty()) {
    const Chain& chain = model.chains[open.back()];
    open.pop_back();
    for (const Rule& rule : chain.rules) {
      for (const Statement& s : rule.statements) {
        if (const auto* d = std::get_if<Decide>(&s)) follow(d->verdict);
        if (const auto* d = std::get_if<DecideByMap>(&s)) std::ranges::for_each(model.sets[d->map].verdicts, follow);
      }
    }
  }
  return reached;
}

}  // namespace

Regions::Regions(const ir::Program& program, const Model& model) : program_(program) {
  of_program(program);
  of_model(model);
  for (const auto& [address, ports] : named_) values_.push_back(Value::address(address));
  std::ranges::sort(values_);
}

void Regions::add(const Found& found) {
  if (found.address && found.address->family() != program_.family) return;
  Ports& into = found.address ? named_[*found.address] : anywhere_;
  if (!found.port) return;
  for (const net::Protocol p : found.protocols) into.emplace(p, *found.port);
}

void Regions::of_program(const ir::Program& program) {
  const auto key = [&](const ir::RouteKey& k) { add({k.address, k.port, {k.protocol}}); };
  for (const ir::RangeCheck& r : program.pre) key(r.key);
  for (const ir::Route& r : program.routes) key(r.key);
  for (const ir::Check& c : program.checks) {
    if (const auto* to = std::get_if<ir::ToFrontend>(&c.match)) key(to->key);
    if (const auto* to = std::get_if<ir::ToNodePort>(&c.match)) add({{}, to->port, {to->protocol}});
    if (const auto* to = std::get_if<ir::ToAddress>(&c.match)) add({to->address, {}, {}});
  }
  for (const auto* addresses : {&program.local_addresses, &program.accepted.addresses}) {
    for (const net::Address& a : *addresses) add({a, {}, {}});
  }
}

void Regions::of_model(const Model& model) {
  const std::vector<bool> named = may_be_sent(model);
  for (ChainId id = 0; id < model.chains.size(); ++id) {
    if (!named[id]) continue;
    for (const Rule& rule : model.chains[id].rules) of_rule(model, rule);
  }
}

// False: `value` is nothing that the term can be.
bool Regions::take(Found& found, const Term& term, const Value& value) const {
  const auto* field = std::get_if<Field>(&term.source);
  if (field == nullptr) return true;
  if (is_address(*field)) found.address = value.to_address(program_.family);
  if (*field == Field::destination_port) found.port = static_cast<std::uint16_t>(value.words[0]);
  if (*field == Field::protocol) {
    std::erase_if(found.protocols, [&](net::Protocol p) { return net::number(p, program_.family) != value.words[0]; });
  }
  return !found.protocols.empty();
}

void Regions::of_rule(const Model& model, const Rule& rule) {
  Found found{{}, {}, {ported.begin(), ported.end()}};
  bool possible = true;
  const auto whole = [](const Term& t) {
    return t.flip == Value{} && std::all_of(t.mask.words.begin(), t.mask.words.begin() + width(t),
                                            [](std::uint32_t w) { return w == ~std::uint32_t{0}; });
  };
  for (const Statement& s : rule.statements) {
    if (const auto* m = std::get_if<Match>(&s)) {
      if (const auto* in = std::get_if<InSet>(&m->test)) of_key(model.sets[in->set], m->key);
      if (const auto* e = std::get_if<Equals>(&m->test); e != nullptr && !m->negated && whole(m->key.front()))
        possible = possible && take(found, m->key.front(), e->value);
    }
    if (const auto* d = std::get_if<DecideByMap>(&s)) of_key(model.sets[d->map], d->key);
    if (const auto* a = std::get_if<Assign>(&s); a != nullptr && a->value.map)
      of_key(model.sets[*a->value.map], a->value.terms);
    if (const auto* t = std::get_if<Translate>(&s); t != nullptr && t->value.map)
      of_key(model.sets[*t->value.map], t->value.terms);
  }
  if (possible && (found.address || found.port)) add(found);
}

void Regions::of_key(const Set& set, const std::vector<Term>& key) {
  const bool about = std::ranges::any_of(key, [](const Term& t) {
    const auto* f = std::get_if<Field>(&t.source);
    return f != nullptr && (is_address(*f) || *f == Field::destination_port);
  });
  if (!about || set.dynamic) return;
  const std::size_t words = set.key_width();
  for (std::size_t e = 0; e < set.size(); ++e) {
    Found found{{}, {}, {ported.begin(), ported.end()}};
    bool possible = true;
    std::size_t at = e * words;
    for (std::size_t i = 0; i < key.size() && possible; ++i) {
      const auto from = static_cast<std::ptrdiff_t>(at);
      const std::uint8_t width = set.key[i];
      const bool single = !set.interval || std::equal(set.lows.begin() + from, set.lows.begin() + from + width,
                                                      set.highs.begin() + from);
      Value v;
      std::copy_n(set.lows.begin() + from, width, v.words.begin());
      if (single) possible = take(found, key[i], v);
      at += width;
    }
    if (possible && (found.address || found.port)) add(found);
  }
}

bool Regions::has_node_ports(const std::optional<net::Address>& address) const {
  if (!address) return program_.accepted.every_local && program_.accepted.loopback;
  return program_.is_local(*address) || program_.accepts_node_port(*address);
}

// All ports of the region's addresses.
bool Regions::ports(Region region, const std::function<bool(const Region&)>& each) const {
  if (region.protocol == net::Protocol::icmp) {
    region.port = 0;
    return each(region);
  }
  std::set<std::uint16_t> own;
  const auto take = [&](const Ports& ports) {
    for (const auto& [protocol, port] : ports) {
      if (protocol == region.protocol) own.insert(port);
    }
  };
  if (region.address) take(named_.at(*region.address));
  if (has_node_ports(region.address)) take(anywhere_);
  for (const std::uint16_t port : own) region.other_ports.push_back(Value::number(port));
  if (!each(region)) return false;
  region.other_ports.clear();
  return std::ranges::all_of(own, [&](std::uint16_t port) {
    region.port = port;
    return each(region);
  });
}

void Regions::for_each(const std::function<bool(const Region&)>& each) const {
  for (const bool from_node : {false, true}) {
    for (const net::Protocol protocol : protocols) {
      Region region;
      region.protocol = protocol;
      region.from_node = from_node;
      region.other_addresses = values_;
      if (!ports(region, each)) return;
      region.other_addresses = {};
      for (const auto& [address, found] : named_) {
        region.address = address;
        if (!ports(region, each)) return;
      }
    }
  }
  for (std::size_t i = 1; i < states.size(); ++i) {
    if (!whole(states[i], each)) return;
  }
}

bool Regions::whole(net::ConntrackState state, const std::function<bool(const Region&)>& each) {
  for (const bool from_node : {false, true}) {
    for (const net::Protocol protocol : protocols) {
      Region region;
      region.protocol = protocol;
      region.from_node = from_node;
      region.state = state;
      if (protocol == net::Protocol::icmp) region.port = 0;
      if (!each(region)) return false;
    }
  }
  return true;
}

void Regions::for_each_whole(const std::function<bool(const Region&)>& each) {
  for (const net::ConntrackState state : states) {
    if (!whole(state, each)) return;
  }
}

}  // namespace portcullis::plain
