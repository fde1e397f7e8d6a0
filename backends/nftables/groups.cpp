#include "backends/nftables/groups.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "backends/nftables/limits.hpp"
#include "backends/nftables/ruleset.hpp"
#include "backends/nftables/scratch.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::nftables {

namespace {

std::vector<std::uint32_t> slots(const ir::Pool& pool, bool local_set) {
  std::vector<std::uint32_t> chosen;
  std::uint32_t divisor = 0;
  for (std::uint32_t i = 0; i < pool.entries.size(); ++i) {
    const ir::PoolEntry& e = pool.entries[i];
    if ((local_set ? !e.local : e.local_only) || e.weight == 0) continue;
    chosen.push_back(i);
    divisor = std::gcd(divisor, e.weight);
  }
  if (divisor == 0 || std::ranges::all_of(chosen, [&](std::uint32_t i) { return pool.entries[i].weight == divisor; })) {
    return chosen;
  }
  std::uint64_t total = 0;
  for (const std::uint32_t i : chosen) total += pool.entries[i].weight / divisor;
  if (total > max_slots) return std::vector<std::uint32_t>(max_slots + 1);
  std::vector<std::uint32_t> out;
  out.reserve(total);
  for (const std::uint32_t i : chosen) out.insert(out.end(), pool.entries[i].weight / divisor, i);
  return out;
}

}  // namespace

Groups::Groups(const ir::Program& program, base::Diagnostics& diagnostics) {
  struct Use {
    bool cluster = false, local = false;
  };
  std::map<Key, Use> uses;
  for (const ir::Route& route : program.routes) {
    for (const ir::GuardedOutcome& g : route.outcomes) {
      const auto* balance = std::get_if<ir::Balance>(&g.outcome);
      if (balance == nullptr) continue;
      Use& use = uses[{balance->pool, balance->affinity_seconds, route.key.protocol}];
      (balance->local_set ? use.local : use.cluster) = true;
    }
  }
  groups_.reserve(uses.size());
  for (const auto& [key, use] : uses) {
    const ir::Pool& pool = program.pools[key.pool];
    if (key.affinity_seconds == 0U)
      diagnostics.add("PC5002", fmt::format("`{}` has affinity for no time", pool.name), {});
    Group group{key.pool, key.affinity_seconds, key.protocol, {}, {}};
    if (use.cluster) group.cluster_slots = slots(pool, false);
    if (use.local) group.local_slots = slots(pool, true);
    for (auto* s : {&group.cluster_slots, &group.local_slots}) {
      if (s->size() <= max_slots) continue;
      diagnostics.add("PC5003", fmt::format("the weights of `{}` need more than {} slots", pool.name, max_slots), {});
      s->resize(max_slots);
    }
    groups_.push_back(std::move(group));
  }
  if (groups_.size() > scratch::max_groups) {
    diagnostics.add("PC5003",
                    fmt::format("{} pools, more than the {} that can be numbered", groups_.size(), scratch::max_groups),
                    {});
    groups_.resize(scratch::max_groups);
  }
  std::ranges::stable_sort(groups_, {}, [](const Group& g) {
    return std::tuple(g.affinity_seconds, g.protocol, g.cluster_slots.size(), g.local_slots.size());
  });
  for (std::uint32_t i = 0; i < groups_.size(); ++i)
    numbers_[{groups_[i].pool, groups_[i].affinity_seconds, groups_[i].protocol}] = i;
}

std::uint32_t Groups::number(const ir::Balance& balance, net::Protocol protocol) const {
  const auto found = numbers_.find({balance.pool, balance.affinity_seconds, protocol});
  return found == numbers_.end() ? 0 : found->second;  // absent only after a finding
}

Labels::Labels(const ir::Program& program, const Groups& groups, base::Diagnostics& diagnostics) {
  std::vector<std::pair<std::string, std::size_t>> order;
  std::map<ir::PoolId, std::uint32_t> group_of_pool;
  for (std::uint32_t g = 0; g < groups.all().size(); ++g) {
    const Group& group = groups.all()[g];
    if (!group.affinity_seconds) continue;
    const ir::Pool& pool = program.pools[group.pool];
    if (!group_of_pool.emplace(group.pool, g).second) {
      diagnostics.add("PC5002", fmt::format("`{}` has two affinity time-outs or protocols", pool.name), {});
    }
    for (std::uint32_t e = 0; e < pool.entries.size(); ++e) {
      order.emplace_back(ir::label(pool, pool.entries[e]), labels_.size());
      labels_.push_back({group.pool, e, g, 0});
    }
  }
  if (labels_.empty()) return;
  if (labels_.size() > scratch::label_mask / 2) {
    diagnostics.add("PC5003", fmt::format("{} endpoints with affinity, more than can be numbered", labels_.size()), {});
    return;
  }
  std::ranges::sort(order);
  std::vector<bool> taken(scratch::label_mask + 1);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Label& label = labels_[order[i].second];
    if (i > 0 && order[i].first == order[i - 1].first) {  // one endpoint twice in a pool: one memory
      label.number = labels_[order[i - 1].second].number;
      continue;
    }
    auto number = static_cast<std::uint32_t>(base::stable_hash(order[i].first) >> 40U);
    while (taken[number]) number = (number + 1) & scratch::label_mask;
    taken[number] = true;
    label.number = number;
  }
}

std::uint32_t Labels::number(std::uint32_t group, std::uint32_t entry) const {
  const auto found = std::ranges::lower_bound(labels_, std::pair(group, entry), {},
                                              [](const Label& l) { return std::pair(l.group, l.entry); });
  if (found == labels_.end() || found->group != group || found->entry != entry)
    throw base::InternalError("endpoint without a label");
  return scratch::labels | found->number;
}

}  // namespace portcullis::nftables
