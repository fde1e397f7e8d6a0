// The files of the backend.

#include <algorithm>
#include <utility>

#include "backends/iptables/apply_script.hpp"
#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/conntrack_script.hpp"

namespace portcullis::iptables {

namespace {

Table& table_of(Ruleset& ruleset, TableName name) {
  const auto place = std::ranges::lower_bound(ruleset.tables, name, {}, &Table::name);
  if (place != ruleset.tables.end() && place->name == name) return *place;
  return *ruleset.tables.insert(place, Table{name, {}});
}

ChainId chain_of(Table& table, const Chain& like) {
  const auto found = std::ranges::find(table.chains, like.name, &Chain::name);
  if (found != table.chains.end()) return static_cast<ChainId>(found - table.chains.begin());
  table.chains.push_back({like.name, like.policy, {}});
  return static_cast<ChainId>(table.chains.size() - 1);
}

// One text of jumps serves both families, so each gets the other's chains, empty.
void add_jumps_of(const Ruleset& other, Ruleset& ruleset) {
  for (const Table& t : other.tables) {
    for (const Chain& c : t.chains) {
      if (!c.policy) continue;
      for (const Rule& r : c.rules) {
        Table& table = table_of(ruleset, t.name);
        Rule jump = r;
        jump.target = Jump{chain_of(table, t.chains[std::get<Jump>(r.target).chain]), false};
        std::vector<Rule>& rules = table.chains[chain_of(table, c)].rules;
        if (std::ranges::find(rules, jump) == rules.end()) rules.push_back(std::move(jump));
      }
    }
  }
}

std::string file_of(net::Family family) {
  return family == net::Family::ipv4 ? "iptables.rules" : "ip6tables.rules";
}

}  // namespace

netfilter::Artefact emit(std::span<const ir::Program> programs, base::Diagnostics& diagnostics) {
  std::vector<Ruleset> rulesets;
  for (const ir::Program& p : programs) rulesets.push_back(lower(p, diagnostics));
  for (Ruleset& to : rulesets) {
    for (const Ruleset& from : rulesets) {
      if (&to != &from) add_jumps_of(from, to);
    }
  }
  netfilter::Artefact out;
  for (const Ruleset& r : rulesets) out.files.push_back({file_of(r.family), print(r), false});
  out.files.push_back({"jumps.rules", rulesets.empty() ? std::string() : print_jumps(rulesets.front()), false});
  out.files.push_back({"conntrack.sh", netfilter::conntrack_script(programs), true});
  out.files.push_back({"apply.sh", apply_script(), true});
  return out;
}

}  // namespace portcullis::iptables
