// Groups: which endpoint. Without affinity, one look-up by (group, random number). With affinity, the labels of the
// group are asked in list order whether they remember the source; the one that is taken is renewed before the packet is
// translated.
#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "backends/nftables/limits.hpp"
#include "backends/nftables/lower_family.hpp"
#include "backends/nftables/scratch.hpp"
#include "compiler/ir/l4/interpret.hpp"

namespace portcullis::nftables {

void FamilyLowering::lower_groups() {
  std::array<std::size_t, 3> count{};
  for (const Group& g : groups_.all()) {
    if (!g.affinity_seconds)
      count[static_cast<std::size_t>(g.protocol)] += g.cluster_slots.size() + g.local_slots.size();
  }
  for (std::size_t p = 0; p < count.size(); ++p) make_.elements(sets_.endpoints[p]).reserve(count[p]);
  for (std::uint32_t i = 0; i < groups_.all().size(); ++i) {
    if (groups_.all()[i].affinity_seconds) {
      add_sticky(i);
    } else {
      add_endpoints(i);
    }
  }
  add_balance_intervals(false);
  add_balance_intervals(true);
  lower_hairpin();
  if (program_.dialect == ir::Dialect::iptables) lower_hairpin_same();
}

void FamilyLowering::add_endpoints(std::uint32_t number) {
  const Group& group = groups_.all()[number];
  const ir::Pool& pool = program_.pools[group.pool];
  Elements e = make_.elements(sets_.endpoints[static_cast<std::size_t>(group.protocol)]);
  const auto add = [&](const std::vector<std::uint32_t>& slots, std::uint32_t bits) {
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
      const ir::PoolEntry& entry = pool.entries[slots[i]];
      e.key(scratch::routes | bits | number).key(i).value(entry.address).value(entry.port);
      e.comment(pool.name);
    }
  };
  add(group.cluster_slots, 0);
  add(group.local_slots, scratch::local_bit);
}

void FamilyLowering::add_sticky(std::uint32_t number) {
  const Group& group = groups_.all()[number];
  const ir::Pool& pool = program_.pools[group.pool];
  Elements label_of = make_.elements(sets_.label_of), group_of = make_.elements(sets_.group_of),
           endpoint_of = make_.elements(sets_.endpoint_of);
  std::vector<char> used(pool.entries.size());
  const auto add = [&](const std::vector<std::uint32_t>& slots, std::uint32_t bits) {
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
      used[slots[i]] = 1;
      label_of.key(scratch::routes | bits | number).key(i).value(labels_.number(number, slots[i]));
      label_of.comment(pool.name);
    }
  };
  add(group.cluster_slots, 0);
  add(group.local_slots, scratch::local_bit);
  std::vector<std::uint32_t> seen;
  for (std::uint32_t i = 0; i < pool.entries.size(); ++i) {
    const std::uint32_t label = labels_.number(number, i);
    if (used[i] == 0 || std::ranges::find(seen, label) != seen.end()) continue;
    seen.push_back(label);
    group_of.key(label).value(scratch::routes | number);
    group_of.comment(pool.name);
    endpoint_of.key(label).value(pool.entries[i].address).value(pool.entries[i].port);
    endpoint_of.comment(pool.name);
  }
}

// Neighbouring groups that go to one chain are one interval of the map.
void FamilyLowering::add_balance_intervals(bool local_set) {
  const std::vector<Group>& all = groups_.all();
  const std::uint32_t bits = scratch::routes | (local_set ? scratch::local_bit : 0);
  const auto slots = [&](const Group& g) -> std::size_t {
    return local_set ? g.local_slots.size() : g.cluster_slots.size();
  };
  const auto alike = [&](const Group& a, const Group& b) {
    return slots(a) == slots(b) && a.affinity_seconds == b.affinity_seconds &&
           (a.affinity_seconds || a.protocol == b.protocol);
  };
  Elements e = make_.elements(sets_.balance);
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i + 1;
    while (end < all.size() && alike(all[i], all[end])) ++end;
    if (slots(all[i]) > 0) {
      e.key(bits | static_cast<std::uint32_t>(i), bits | static_cast<std::uint32_t>(end - 1));
      e.verdict({Verdict::Kind::go_to, balance_chain(all[i], local_set)});
    }
    i = end;
  }
}

ChainId FamilyLowering::balance_chain(const Group& group, bool local_set) {
  const auto slots = static_cast<std::uint32_t>(local_set ? group.local_slots.size() : group.cluster_slots.size());
  return group.affinity_seconds ? sticky_chain(slots, *group.affinity_seconds, local_set)
                                : spread_chain(group.protocol, slots);
}

ChainId FamilyLowering::spread_chain(net::Protocol protocol, std::uint32_t slots) {
  const std::string name = fmt::format("balance_{}_{}", lower_name(protocol), slots);
  if (const auto found = chains_.find(name); found != chains_.end()) return found->second;
  const ChainId chain = chains_[name] = make_.chain(name);
  make_.rule(chain, {Maker::equals(Maker::field(Field::protocol), make_.number(protocol)),
                     make_.translate({Maker::field(Field::priority), Maker::random(slots)},
                                     sets_.endpoints[static_cast<std::size_t>(protocol)])});
  return chain;
}

// One rule can't look up twice, and the scratch value holds either the group or a label: after each label that does not
// remember the source the group is looked up again.
ChainId FamilyLowering::sticky_chain(std::uint32_t slots, std::uint32_t seconds, bool local_set) {
  const std::string name = fmt::format("sticky_{}{}_{}s", local_set ? "local_" : "", slots, seconds);
  if (const auto found = chains_.find(name); found != chains_.end()) return found->second;
  const ChainId remember = remember_chain(seconds);
  const ChainId chain = chains_[name] = make_.chain(name);
  const Term scratch_value = Maker::field(Field::priority);
  for (std::uint32_t i = 0; i < slots; ++i) {
    make_.rule(chain, {Maker::scratch({scratch_value, Maker::random(1, i)}, sets_.label_of),
                       Maker::in({make_.source(), scratch_value}, sets_.memory),
                       Maker::decide(Verdict::Kind::go_to, remember)});
    Statements restore{Maker::scratch({scratch_value}, sets_.group_of)};
    if (local_set) restore.push_back(Maker::scratch_or(scratch::local_bit));
    make_.rule(chain, std::move(restore));
  }
  make_.rule(chain, {Maker::scratch({scratch_value, Maker::random(slots)}, sets_.label_of),
                     Maker::decide(Verdict::Kind::go_to, remember)});
  return chain;
}

ChainId FamilyLowering::remember_chain(std::uint32_t seconds) {
  const std::string name = fmt::format("remember_{}s", seconds);
  if (const auto found = chains_.find(name); found != chains_.end()) return found->second;
  const ChainId chain = chains_[name] = make_.chain(name);
  const Term scratch_value = Maker::field(Field::priority);
  make_.rule(chain, {netfilter::Update{
                         netfilter::Update::Operation::refresh, sets_.memory, {make_.source(), scratch_value}, seconds},
                     make_.of_protocols(), make_.translate({scratch_value}, sets_.endpoint_of)});
  return chain;
}

namespace {

// Whether a packet to `key` from anywhere can meet a route.
bool may_be_frontend(const ir::Program& program, const ir::RouteKey& key) {
  const auto has = [&](ir::Table table, const ir::RouteKey& of) {
    const auto found = std::ranges::lower_bound(program.routes, std::tie(table, of), std::less<>{},
                                                [](const ir::Route& r) { return std::tie(r.table, r.key); });
    return found != program.routes.end() && found->table == table && found->key == of;
  };
  const ir::RouteKey at_any{{}, key.protocol, key.port};
  return has(ir::Table::service, key) ||
         (program.is_local(*key.address) &&
          (has(ir::Table::node_port, at_any) || has(ir::Table::host_port, at_any) || has(ir::Table::host_port, key)));
}

}  // namespace

// Dialect iptables: endpoints that are frontends themselves. kube-proxy marks a hairpin before it translates, also one
// that translation leaves as it is; here those are known by (source, destination, port) of an untranslated packet whose
// fate is this very endpoint, whoever the detector takes the sender for.
void FamilyLowering::lower_hairpin_same() {
  std::optional<ir::Interpreter> interpreter;
  std::set<ir::RouteKey> seen;
  Elements elements = make_.elements(sets_.hairpin_same);
  for (const ir::Pool& pool : program_.pools) {
    for (const ir::PoolEntry& entry : pool.entries) {
      const ir::RouteKey key{entry.address, pool.protocol, entry.port};
      if (!may_be_frontend(program_, key) || !seen.insert(key).second) continue;
      if (!interpreter) interpreter.emplace(program_);
      net::Packet packet;
      packet.src = packet.dst = entry.address;
      packet.protocol = pool.protocol;
      packet.dport = entry.port;
      const auto stays = [&](net::PacketFrom from) {
        packet.from = from;
        const ir::Fate fate = interpreter->fate(packet, {});
        return std::ranges::any_of(fate.targets, [&](const ir::Target& t) {
          return t.address == entry.address && t.port == entry.port && t.masquerade;
        });
      };
      const bool of_pod = stays(net::PacketFrom::pod), of_other = stays(net::PacketFrom::external);
      if (of_pod != of_other) {
        diagnostics_.add("PC5002",
                         fmt::format("endpoint {} of `{}` is a frontend itself, for some senders only",
                                     net::endpoint_text(entry.address, entry.port), pool.name),
                         {});
      } else if (of_pod) {
        elements.key(entry.address).key(entry.address).key(make_.number(pool.protocol)).key(entry.port);
        elements.comment(pool.name);
      }
    }
  }
}

// Endpoints that would answer themselves: masqueraded when they are chosen for themselves. Dialect nftables: those of
// this node only.
void FamilyLowering::lower_hairpin() {
  struct Key {
    net::Protocol protocol{};
    net::Address address;
    std::uint16_t port = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Endpoint {
    Key key;
    bool masqueraded = false;
    ir::PoolId pool = 0;
    auto operator<=>(const Endpoint&) const = default;
  };
  std::vector<Endpoint> endpoints;
  for (const Group& g : groups_.all()) {
    const ir::Pool& pool = program_.pools[g.pool];
    for (const auto* slots : {&g.cluster_slots, &g.local_slots}) {
      for (const std::uint32_t i : *slots) {
        const ir::PoolEntry& e = pool.entries[i];
        const bool masqueraded = e.local || program_.dialect == ir::Dialect::iptables;
        endpoints.push_back({{g.protocol, e.address, e.port}, masqueraded, g.pool});
      }
    }
  }
  std::ranges::sort(endpoints);
  Elements elements = make_.elements(sets_.hairpin);
  for (auto it = endpoints.begin(); it != endpoints.end();) {
    const auto end = std::find_if(it, endpoints.end(), [&](const Endpoint& e) { return e.key != it->key; });
    const Endpoint& last = *(end - 1);
    if (last.masqueraded) {
      const auto& [protocol, address, port] = last.key;
      if (!it->masqueraded) {
        diagnostics_.add(
            "PC5002",
            fmt::format("endpoint {} of `{}` is on this node, of `{}` it is not", net::endpoint_text(address, port),
                        program_.pools[last.pool].name, program_.pools[it->pool].name),
            {});
      }
      elements.key(address).key(address).key(make_.number(protocol)).key(port);
      elements.comment(program_.pools[last.pool].name);
    }
    it = end;
  }
}

}  // namespace portcullis::nftables
