#include "backends/nftables/model.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "backends/nftables/words.hpp"

namespace portcullis::nftables {

namespace {

using netfilter::SetId;

// By comment, the Service ports whose name does not fit into one.
std::unordered_map<std::string, std::string> long_names(std::span<const ir::Program> programs) {
  std::unordered_map<std::string, std::string> out;
  for (const ir::Program& program : programs) {
    for (const ir::Pool& pool : program.pools) {
      std::string comment = comment_text(pool.name);
      if (comment != pool.name) out.emplace(std::move(comment), pool.name);
    }
  }
  return out;
}

std::optional<SetId> find(const Ruleset& ruleset, const Table& table, std::string_view name) {
  const auto found =
      std::ranges::find(table.sets, name, [&](SetId id) -> std::string_view { return ruleset.model.sets[id].name; });
  if (found == table.sets.end()) return {};
  return *found;
}

}  // namespace

netfilter::Model model(const Ruleset& ruleset, std::span<const ir::Program> programs) {
  netfilter::Model out = ruleset.model;
  const auto names = long_names(programs);
  for (const Table& table : ruleset.tables) {
    if (table.name != table_name) continue;
    const auto memory = find(ruleset, table, "memory"), endpoint_of = find(ruleset, table, "endpoint_of");
    if (!memory || !endpoint_of) continue;
    const netfilter::Set& map = ruleset.model.sets[*endpoint_of];
    const net::Family family = table.family == TableFamily::ip ? net::Family::ipv4 : net::Family::ipv6;
    const std::uint8_t words = family == net::Family::ipv4 ? 1 : 4;
    if (map.key_width() != 1 || map.data_width() != words + 1U) continue;
    for (std::size_t e = 0; e < map.size(); ++e) {
      const std::uint32_t* data = &map.values[e * (words + 1U)];
      std::string name(ruleset.sets[*endpoint_of].comment_of(e));
      if (const auto full = names.find(name); full != names.end()) name = full->second;
      const net::Address address = value_at(data, words).to_address(family);
      out.sets[*memory].labels[{map.lows[e]}] =
          name + " " + net::endpoint_text(address, static_cast<std::uint16_t>(data[words]));
    }
  }
  return out;
}

}  // namespace portcullis::nftables
