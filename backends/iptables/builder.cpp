#include "backends/iptables/builder.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "backends/iptables/names.hpp"

namespace portcullis::iptables {

namespace {

std::string that_fits(std::string name) {
  if (name.size() <= longest_chain_name) return name;
  return fmt::format("{}Z{}", chain_prefix, hash_text(name));
}

}  // namespace

ChainId TableBuilder::chain(const std::string& name) {
  std::string unique = that_fits(name);
  for (std::uint32_t& n = taken_.try_emplace(unique, 0).first->second; n++ > 0;) {
    unique = that_fits(fmt::format("{}.{}", name, n));
    if (taken_.try_emplace(unique, 1).second) break;
  }
  table_.chains.push_back({std::move(unique), {}, {}});
  return static_cast<ChainId>(table_.chains.size() - 1);
}

void TableBuilder::jump_from(std::string_view built_in, std::vector<Match> matches, ChainId to) {
  const auto found = std::ranges::find(table_.chains, built_in, &Chain::name);
  Rule r = jump_to(to);
  r.matches = std::move(matches);
  r.comment = "portcullis";
  if (found != table_.chains.end()) {
    found->rules.push_back(std::move(r));
  } else {
    table_.chains.push_back({std::string(built_in), Policy::accept, {std::move(r)}});
  }
}

Table TableBuilder::take() {
  std::vector<ChainId> order;
  std::vector<char> seen(table_.chains.size());
  for (ChainId id = 0; id < table_.chains.size(); ++id) {
    if (table_.chains[id].policy) order.push_back(id);
  }
  const std::size_t built_in = order.size();
  const auto first_callee = [this](ChainId id) -> const std::string& {
    return name(std::get<Jump>(table_.chains[id].rules.front().target).chain);
  };
  std::ranges::stable_sort(order, std::greater<>{}, first_callee);
  for (std::size_t i = 0; i < built_in; ++i) visit(order[i], order, seen);

  std::vector<ChainId> place(table_.chains.size());
  for (ChainId i = 0; i < order.size(); ++i) place[order[i]] = i;
  Table sorted;
  sorted.name = table_.name;
  sorted.chains.reserve(order.size());
  for (const ChainId id : order) {
    Chain& chain = sorted.chains.emplace_back(std::move(table_.chains[id]));
    for (Rule& r : chain.rules) {
      if (auto* jump = std::get_if<Jump>(&r.target)) jump->chain = place[jump->chain];
    }
  }
  table_ = {};
  return sorted;
}

// Appends `chain` behind what it leads to, larger names first. Chains are few levels deep (tree.hpp).
void TableBuilder::visit(ChainId chain, std::vector<ChainId>& order, std::vector<char>& seen) const {
  if (std::exchange(seen[chain], 1) != 0) return;
  std::vector<ChainId> callees;
  for (const Rule& r : table_.chains[chain].rules) {
    const auto* jump = std::get_if<Jump>(&r.target);
    if (jump != nullptr && seen[jump->chain] == 0) callees.push_back(jump->chain);
  }
  std::ranges::sort(callees, std::greater<>{}, [this](ChainId id) -> const std::string& { return name(id); });
  for (const ChainId callee : callees) visit(callee, order, seen);
  if (!table_.chains[chain].policy) order.push_back(chain);
}

}  // namespace portcullis::iptables
