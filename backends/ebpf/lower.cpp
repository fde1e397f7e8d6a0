// lower: programs to tables. Each destination that a program names is asked what it does with every class of sources
// (classes.hpp); tables of routes, checks and hygiene are composed here, so that the eBPF program looks one action up.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "backends/ebpf/classes.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/limits.hpp"
#include "backends/ebpf/memory.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::ebpf {

namespace {

using net::Address;
using net::Family;

// Every IPv4 address as an IPv6 one: a prefix of IPv6 that holds them would match both.
const net::Prefix& mapped() {
  static const net::Prefix prefix = *net::Prefix::parse("::ffff:0:0/96");
  return prefix;
}

struct ScopedPort {
  net::Protocol protocol{};
  std::uint16_t port = 0;
  auto operator<=>(const ScopedPort&) const = default;
};

class FamilyLowering {
 public:
  FamilyLowering(const ir::Program& program, Tables& tables, base::Diagnostics& diagnostics)
      : program_(program), planner_(program), tables_(tables), diagnostics_(diagnostics) {}

  void lower() {
    lower_detector();
    lower_sets();
    lower_guards();
    lower_pools();
    lower_exact();
    lower_whole();
    lower_scopes();
    tables_.tcp_be_liberal = tables_.tcp_be_liberal || program_.tcp_be_liberal;
    tables_.cleanup.insert(tables_.cleanup.end(), program_.udp_cleanup.begin(), program_.udp_cleanup.end());
  }

 private:
  void refuse(const std::string& what, const ir::Origin* origin = nullptr) {
    base::Diagnostic& d =
        diagnostics_.add("PC5002", fmt::format("eBPF ({}): {}", net::to_string(program_.family), what),
                         origin != nullptr ? origin->span : base::SourceSpan{});
    if (origin != nullptr) d.field = origin->field;
    d.hint = "use the nftables or the iptables backend";
  }

  // ---- what is known of sources

  void lower_detector() {
    if (const auto* cidr = std::get_if<ir::CidrDetector>(&program_.detector)) add_prefix(tables_.pods, cidr->cidr);
    const auto* interface = std::get_if<ir::InterfaceDetector>(&program_.detector);
    if (interface == nullptr) return;
    const PodInterface pods{interface->name, interface->is_prefix};
    if (tables_.pod_interface && *tables_.pod_interface != pods)
      throw base::InternalError("families of one node know pods by different interfaces");
    tables_.pod_interface = pods;
  }

  void add_prefix(std::vector<net::Prefix>& prefixes, const net::Prefix& prefix) {
    if (prefix.family() == Family::ipv6 && prefix.overlaps(mapped())) {
      refuse(fmt::format("{} holds the IPv4-mapped addresses", prefix.text()));
      return;
    }
    prefixes.push_back(prefix);
  }

  void lower_sets() {
    for (const ir::Ranges& ranges : program_.ranges) {
      const auto number = static_cast<std::uint32_t>(PCL_SET_RANGES + tables_.sets.size());
      set_numbers_.push_back(number);
      tables_.sets.push_back({number, ranges.name, ranges.sources.prefixes()});
    }
    for (const ir::Check& check : program_.checks) {
      if (const auto* to = std::get_if<ir::ToPrefix>(&check.match)) lower_services(check, to->prefix);
    }
  }

  // Services' ranges are a set of their own: what is asked last drops what is forwarded to them or leaves a process.
  void lower_services(const ir::Check& check, const net::Prefix& prefix) {
    if (check.hooks != ir::Hooks{false, true, true} || check.verdict != ir::Verdict::drop ||
        check.states != ir::States::fresh) {
      refuse(fmt::format("packets to {} are refused otherwise than by hygiene", prefix.text()), &check.origin);
      return;
    }
    add_prefix(tables_.services, prefix);
  }

  void lower_guards() {
    for (const ir::Check& check : program_.checks) {
      if (check.foreign || check.verdict != ir::Verdict::drop) continue;
      if (std::holds_alternative<ir::Martian>(check.match))
        tables_.guards.push_back({Guard::Kind::martian, program_.family});
      if (check.states == ir::States::invalid && std::holds_alternative<ir::AnyPacket>(check.match) &&
          check.hooks == ir::Hooks{false, true, false})
        tables_.guards.push_back({Guard::Kind::invalid, program_.family});
    }
  }

  // ---- pools

  using PoolKey = std::tuple<ir::PoolId, bool, std::optional<std::uint32_t>>;
  [[nodiscard]] static PoolKey key_of(const ir::Balance& b) { return {b.pool, b.local_set, b.affinity_seconds}; }

  void lower_pools() {
    std::set<PoolKey> used;
    for (const ir::Route& route : program_.routes) {
      for (const ir::GuardedOutcome& g : route.outcomes) {
        if (const auto* balance = std::get_if<ir::Balance>(&g.outcome)) used.insert(key_of(*balance));
      }
    }
    for (const PoolKey& key : used) {
      pools_.emplace(key, static_cast<std::uint32_t>(tables_.pools.size()));
      tables_.pools.push_back(lower_pool(key));
    }
  }

  Pool lower_pool(const PoolKey& key) {
    const auto& [id, local_set, sticky] = key;
    const ir::Pool& pool = program_.pools[id];
    Pool out{pool.name, local_set, pool.protocol, sticky, 0, {}};
    for (const ir::PoolEntry& entry : pool.entries) {
      if (local_set ? entry.local : !entry.local_only) out.endpoints.push_back(lower_endpoint(pool, entry));
    }
    if (out.endpoints.empty()) throw base::InternalError("balance over an empty set of pool " + pool.name);
    std::uint32_t factor = 0;
    for (const Endpoint& e : out.endpoints) factor = std::gcd(factor, e.weight);
    for (Endpoint& e : out.endpoints) e.weight /= std::max(factor, 1U);
    if (out.slots() > max_slots) {
      diagnostics_.add("PC5003",
                       fmt::format("eBPF: the weights of `{}` add up to {}; a pool has at most {} slots", pool.name,
                                   out.slots(), max_slots),
                       {});
    }
    return out;
  }

  Endpoint lower_endpoint(const ir::Pool& pool, const ir::PoolEntry& entry) {
    const bool always = program_.dialect == ir::Dialect::iptables;
    const Planner::Refused refused = planner_.refused(pool, entry);
    if (refused.asks_ranges) {
      refuse(fmt::format("the endpoint {} of `{}` is itself a frontend with source ranges", entry.text(), pool.name));
    }
    return {entry.address, entry.port, entry.weight, always || entry.local, always, refused.by};
  }

  // ---- frontends

  // Every destination of the program that has an address: frontends with their ranges, routes and refusals.
  void lower_exact() {
    std::map<ir::RouteKey, std::pair<std::string, const ir::Origin*>> keys;
    for (const ir::Route& r : program_.routes) {
      if (r.key.address) keys.try_emplace(r.key, r.owner, &r.origin);
    }
    for (const ir::RangeCheck& r : program_.pre) keys.try_emplace(r.key, r.owner, &r.origin);
    for (const ir::Check& c : program_.checks) {
      if (const auto* to = std::get_if<ir::ToFrontend>(&c.match)) keys.try_emplace(to->key, c.owner, &c.origin);
    }
    for (const auto& [key, who] : keys) {
      const Destination to{*key.address, key.protocol, key.port, false};
      const Plans plans = planner_.plans(to);
      if (key.address->is_loopback() && program_.family == Family::ipv4) {
        Destination itself = to;
        itself.source_is_loopback = true;
        if (!(planner_.plans(itself) == plans))
          refuse(fmt::format("{} is refused for some senders only", net::endpoint_text(*key.address, key.port)),
                 who.second);
      }
      add_frontend({key.address, 0, key.protocol, key.port}, who.first, plans, who.second);
    }
  }

  // What is left of an address that a check is about.
  void lower_whole() {
    std::map<Address, const ir::Check*> addresses;
    for (const ir::Check& c : program_.checks) {
      if (const auto* to = std::get_if<ir::ToAddress>(&c.match)) addresses.try_emplace(to->address, &c);
    }
    for (const auto& [address, check] : addresses)
      add_frontend({address, 0, {}, 0}, check->owner, planner_.plans({address, {}, 0, false}), &check->origin);
  }

  void add_frontend(const FrontendKey& key, const std::string& owner, const Plans& plans, const ir::Origin* origin) {
    Frontend out{key, owner, {}, {}, 0};
    if (plans.several_ranges) return refuse(fmt::format("`{}` asks for two sets of sources", owner), origin);
    if (plans.ranges) out.ranges = set_numbers_[*plans.ranges];
    for (std::size_t i = 0; i < plans.of.size(); ++i) {
      const Plan& plan = plans.of[i];
      out.actions[i] = {plan.verdict, plan.masquerade, 0};
      if (plan.balance == nullptr) continue;
      const std::uint32_t pool = pools_.at(key_of(*plan.balance));
      auto place = std::ranges::find(out.pools, pool);
      if (place == out.pools.end()) place = out.pools.insert(out.pools.end(), pool);
      out.actions[i].pool = static_cast<std::uint8_t>(place - out.pools.begin());
    }
    if (out.pools.size() > PCL_POOLS)
      return refuse(fmt::format("`{}` chooses among {} sets of endpoints", owner, out.pools.size()), origin);
    tables_.frontends.push_back(std::move(out));
  }

  // ---- node ports and host ports: the same for all local addresses of a scope

  struct ScopeEntry {
    ScopedPort port;
    std::string owner;
    Plans plans;
    const ir::Origin* origin = nullptr;
  };

  void lower_scopes() {
    std::map<ScopedPort, std::pair<std::string, const ir::Origin*>> ports;
    for (const ir::Route& r : program_.routes) {
      if (!r.key.address) ports.try_emplace({r.key.protocol, r.key.port}, r.owner, &r.origin);
    }
    for (const ir::Check& c : program_.checks) {
      const auto* to = std::get_if<ir::ToNodePort>(&c.match);
      if (to != nullptr && c.verdict != ir::Verdict::accept)
        ports.try_emplace({to->protocol, to->port}, c.owner, &c.origin);
    }
    std::set<Address> addresses(program_.local_addresses.begin(), program_.local_addresses.end());
    addresses.insert(program_.accepted.addresses.begin(), program_.accepted.addresses.end());
    for (const Address& address : addresses) {
      if (!address.is_loopback()) add_local(address, {address, {}, 0, false}, ports);
    }
    lower_loopback(ports);
    if (program_.accepted.every_local) lower_others();
  }

  // Where node ports are accepted on every address of the node, those that are not known here are like one that is and
  // that nothing else is said of.
  void lower_others() {
    const Plans nothing;
    const auto plain = std::ranges::find_if(tables_.locals, [&](const Local& local) {
      return local.here && local.address.family() == program_.family && !local.address.is_loopback() &&
             planner_.plans({local.address, {}, 0, false}) == nothing;
    });
    if (plain != tables_.locals.end()) tables_.others_scope[static_cast<std::size_t>(program_.family)] = plain->scope;
  }

  using Ports = std::map<ScopedPort, std::pair<std::string, const ir::Origin*>>;

  void lower_loopback(const Ports& ports) {
    const Address first = Address::v4(PCL_LOOPBACK);
    for (const Address& a : program_.accepted.addresses) {
      if (a.is_loopback() && a.family() == Family::ipv4 && a != first)
        refuse(fmt::format("node ports on {}, but not on all of 127.0.0.0/8", a.text()));
    }
    if (program_.family == Family::ipv6) {
      const Address one = *Address::parse("::1");
      return add_local(one, {one, {}, 0, true}, ports);
    }
    for (const std::uint32_t other : {0U, std::uint32_t{PCL_LOOPBACK_OTHER}}) {
      for (const std::uint32_t elsewhere : {0U, std::uint32_t{PCL_LOOPBACK_ELSEWHERE}}) {
        const Address seen = Address::v4(PCL_LOOPBACK + (other != 0 ? 0x00FFFFFFU - 2 : 0));
        add_local(Address::v4(PCL_LOOPBACK + other + elsewhere), {seen, {}, 0, elsewhere == 0}, ports);
      }
    }
  }

  // `seen` is the address as the program knows it.
  void add_local(const Address& address, Destination seen, const Ports& ports) {
    const Plans rest = planner_.plans(seen);
    std::vector<ScopeEntry> entries;
    for (const auto& [port, who] : ports) {
      seen.protocol = port.protocol;
      seen.port = port.port;
      Plans plans = planner_.plans(seen);
      if (!(plans == rest)) entries.push_back({port, who.first, std::move(plans), who.second});
    }
    tables_.locals.push_back({address, program_.is_local(seen.address), scope_of(entries)});
  }

  std::uint8_t scope_of(const std::vector<ScopeEntry>& entries) {
    if (entries.empty()) return 0;
    const auto same = [](const ScopeEntry& a, const ScopeEntry& b) { return a.port == b.port && a.plans == b.plans; };
    for (const auto& [number, known] : scopes_) {
      if (std::ranges::equal(known, entries, same)) return number;
    }
    unsigned next = 1;
    for (const Local& local : tables_.locals) next = std::max(next, local.scope + 1U);
    if (next > UINT8_MAX) {
      refuse("node ports differ on more than 255 addresses of the node");
      return 0;
    }
    const auto number = static_cast<std::uint8_t>(next);
    for (const ScopeEntry& e : entries)
      add_frontend({{}, number, e.port.protocol, e.port.port}, e.owner, e.plans, e.origin);
    scopes_.emplace_back(number, entries);
    return number;
  }

  const ir::Program& program_;
  Planner planner_;
  Tables& tables_;
  base::Diagnostics& diagnostics_;
  std::vector<std::uint32_t> set_numbers_;  // by ir::RangesId
  std::map<PoolKey, std::uint32_t> pools_;
  std::vector<std::pair<std::uint8_t, std::vector<ScopeEntry>>> scopes_;
};

}  // namespace

Tables lower(std::span<const ir::Program> programs, const std::string& program, base::Diagnostics& diagnostics) {
  Tables tables;
  tables.program = program;
  if (!programs.empty()) {
    tables.node = programs.front().node;
    tables.dialect = programs.front().dialect;
  }
  for (const Family family : net::all_families) {
    const auto of_family = [&](const ir::Program& p) { return p.family == family; };
    if (std::ranges::count_if(programs, of_family) > 1) throw base::InternalError("two programs of one family");
    const auto found = std::ranges::find_if(programs, of_family);
    if (found == programs.end()) continue;
    check_limits(*found, diagnostics);
    FamilyLowering(*found, tables, diagnostics).lower();
  }
  name_memories(tables.pools);
  std::ranges::sort(tables.pods);
  std::ranges::sort(tables.services);
  std::ranges::sort(tables.locals, {}, &Local::address);
  std::ranges::sort(tables.frontends, {}, &Frontend::key);
  std::ranges::sort(tables.guards);
  return tables;
}

}  // namespace portcullis::ebpf
