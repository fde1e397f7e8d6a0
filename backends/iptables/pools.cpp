#include "backends/iptables/pools.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "backends/iptables/guards.hpp"
#include "backends/iptables/names.hpp"
#include "backends/iptables/tree.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::iptables {

namespace {

constexpr std::size_t longest_choice = 16;
constexpr std::size_t groups = 8;

StatisticMatch chance(std::uint64_t weight, std::uint64_t of) {
  const std::uint64_t common = std::gcd(weight, of);
  if (of / common > std::numeric_limits<std::uint32_t>::max())
    throw base::InternalError("weights of a pool add up to more than 32 bits hold");
  return {static_cast<std::uint32_t>(weight / common), static_cast<std::uint32_t>(of / common)};
}

bool has_route(const ir::Program& program, ir::Table table, const ir::RouteKey& key) {
  const auto place = [](const ir::Route& r) { return std::tie(r.table, r.key); };
  const auto found = std::ranges::lower_bound(program.routes, std::tie(table, key), std::less<>{}, place);
  return found != program.routes.end() && found->table == table && found->key == key;
}

}  // namespace

Pools::Pools(const ir::Program& program, TableBuilder& nat)
    : program_(program), nat_(nat), homes_(program.pools.size()) {
  std::vector<const ir::Route*> homes(program.pools.size());
  for (const ir::Route& r : program.routes) {
    if (r.table == ir::Table::service && (frontends_.empty() || frontends_.back() != *r.key.address))
      frontends_.push_back(*r.key.address);  // routes are sorted by key
    for (const ir::GuardedOutcome& g : r.outcomes) {
      const auto* b = std::get_if<ir::Balance>(&g.outcome);
      if (b == nullptr) continue;
      bodies_[{b->pool, b->local_set, b->affinity_seconds}].users.insert(b->masquerade);
      const ir::Route*& home = homes[b->pool];
      if (home == nullptr || home->table >= r.table) home = &r;
    }
  }
  for (std::size_t i = 0; i < homes.size(); ++i) {
    if (homes[i] != nullptr) homes_[i] = frontend_stem(homes[i]->key, program.family);
  }
}

ChainId Pools::chain(const ir::Balance& balance) {
  const Key key = key_of(balance);
  Body& b = bodies_.at(key);
  if (!b.chain) b.chain = body(key, b);
  return *b.chain;
}

std::optional<Rule> Pools::mark(const ir::Balance& balance) const {
  if (bodies_.at(key_of(balance)).users.size() == 1) return {};  // the chain does it
  return mark(balance.masquerade, comment_text(program_.pools[balance.pool].name));
}

ChainId Pools::entry(const ir::Balance& balance) {
  const ChainId to = chain(balance);
  std::optional<Rule> marking = mark(balance);
  if (!marking) return to;
  Body& b = bodies_.at(key_of(balance));
  const auto known = b.heads.find(balance.masquerade);
  if (known != b.heads.end()) return known->second;
  const bool always = balance.masquerade == ir::Masquerade::always;
  const ChainId head = nat_.chain(home(balance.pool), always ? Kind::always : Kind::off_cluster);
  Rule on = go_to(to);
  on.comment = marking->comment;
  nat_.add(head, std::move(*marking));
  nat_.add(head, std::move(on));
  b.heads.emplace(balance.masquerade, head);
  return head;
}

ChainId Pools::body(const Key& key, const Body& body) {
  const ir::Pool& pool = program_.pools[key.pool];
  Entries entries;
  for (const ir::PoolEntry& e : pool.entries) {
    if ((key.local_set ? e.local : !e.local_only) && e.weight > 0) entries.push_back(&e);
  }
  if (entries.empty()) throw base::InternalError("balance over an empty set of pool " + pool.name);
  comment_ = comment_text(pool.name);
  home_ = home(key.pool);
  const ChainId chain = nat_.chain(home_, key.local_set ? Kind::local_pool : Kind::pool);
  if (body.users.size() == 1) {
    if (auto marking = mark(*body.users.begin(), comment_)) nat_.add(chain, std::move(*marking));
  }
  if (key.affinity_seconds) recall(chain, pool, entries, *key.affinity_seconds);
  choose(chain, pool, entries, key.affinity_seconds.has_value());
  comment_first_only(chain);
  return chain;
}

// All rules of this chain serve one Service port, and what a comment costs to load would be paid once an endpoint.
void Pools::comment_first_only(ChainId chain) {
  std::vector<Rule>& rules = nat_.rules(chain);
  for (std::size_t i = 1; i < rules.size(); ++i) rules[i].comment.clear();
}

std::optional<Rule> Pools::mark(ir::Masquerade masquerade, const std::string& comment) const {
  Rule r = to_target(SetMark{program_.mark, program_.mark});
  r.comment = comment;
  switch (masquerade) {
    case ir::Masquerade::never:
      return {};
    case ir::Masquerade::always:
      return r;
    case ir::Masquerade::off_cluster:
      if (narrow_by_detector(r, program_.detector, false) == Passes::none) return {};
      return r;
  }
  return {};
}

// Reference 3.6: the first endpoint in list order that remembers the source, and it remembers anew.
void Pools::recall(ChainId chain, const ir::Pool& pool, const Entries& entries, std::uint32_t seconds) {
  for (const ir::PoolEntry* e : entries) {
    Rule r = translation(pool, *e);
    r.matches.emplace_back(
        RecentMatch{RecentMatch::Action::update, false, recent_name(ir::label(pool, *e)), seconds, true});
    nat_.add(chain, std::move(r));
  }
}

void Pools::choose(ChainId chain, const ir::Pool& pool, const Entries& entries, bool affinity) {
  if (entries.size() > longest_choice) return choose_group(chain, pool, entries, affinity);
  std::uint64_t left = 0;
  for (const ir::PoolEntry* e : entries) left += e->weight;
  for (const ir::PoolEntry* e : entries) {
    Rule r = translation(pool, *e);
    if (e->weight != left) r.matches.emplace_back(chance(e->weight, left));
    // Behind the chance: only the endpoint that is chosen is recorded.
    if (affinity) {
      r.matches.emplace_back(RecentMatch{RecentMatch::Action::set, false, recent_name(ir::label(pool, *e)), {}, false});
    }
    left -= e->weight;
    nat_.add(chain, std::move(r));
  }
}

void Pools::choose_group(ChainId chain, const ir::Pool& pool, const Entries& entries, bool affinity) {
  std::uint64_t left = 0;
  for (const ir::PoolEntry* e : entries) left += e->weight;
  const std::size_t share = (entries.size() + groups - 1) / groups;
  for (std::size_t begin = 0; begin < entries.size(); begin += share) {
    const Entries group(entries.begin() + static_cast<std::ptrdiff_t>(begin),
                        entries.begin() + static_cast<std::ptrdiff_t>(std::min(begin + share, entries.size())));
    std::uint64_t weight = 0;
    for (const ir::PoolEntry* e : group) weight += e->weight;
    const ChainId child = nat_.chain(home_, Kind::group);
    Rule r = go_to(child);
    r.comment = comment_;
    if (weight != left) r.matches.emplace_back(chance(weight, left));
    left -= weight;
    nat_.add(chain, std::move(r));
    choose(child, pool, group, affinity);
    comment_first_only(child);
  }
}

// The rule that translates to `entry`; the caller adds when.
Rule Pools::translation(const ir::Pool& pool, const ir::PoolEntry& entry) {
  Rule r = to_target(Dnat{entry.address, entry.port});
  r.protocol = protocol_match(pool.protocol, program_.family);
  r.comment = comment_;
  if (!may_stay_as_it_is(pool, entry)) return r;

  const ChainId chain = nat_.chain(home_, Kind::same);
  Rule mark = to_target(SetMark{program_.mark, program_.mark});
  mark.source = AddressMatch{net::Prefix::host(entry.address), false};
  mark.comment = comment_;
  nat_.add(chain, std::move(mark));
  nat_.add(chain, std::exchange(r, go_to(chain)));
  r.protocol = protocol_match(pool.protocol, program_.family);
  r.comment = comment_;
  return r;
}

// Whether a frontend is the endpoint itself (an external address that is this host-network endpoint's own). DNAT
// changes nothing then, conntrack does not say DNAT, and the hairpin rules of postrouting miss the packet
// (masquerade.hpp), as they should in dialect nftables.
bool Pools::may_stay_as_it_is(const ir::Pool& pool, const ir::PoolEntry& entry) const {
  if (program_.dialect == ir::Dialect::nftables) return false;
  if (std::ranges::binary_search(frontends_, entry.address) &&
      has_route(program_, ir::Table::service, {entry.address, pool.protocol, entry.port}))
    return true;
  return program_.is_local(entry.address) &&
         (has_route(program_, ir::Table::node_port, {{}, pool.protocol, entry.port}) ||
          has_route(program_, ir::Table::host_port, {{}, pool.protocol, entry.port}) ||
          has_route(program_, ir::Table::host_port, {entry.address, pool.protocol, entry.port}));
}

}  // namespace portcullis::iptables
