#include "backends/iptables/masquerade.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backends/iptables/guards.hpp"
#include "backends/iptables/names.hpp"
#include "backends/iptables/tree.hpp"
#include "backends/netfilter/value.hpp"

namespace portcullis::iptables {

namespace {

std::string name(std::string_view rest) {
  return std::string(chain_prefix) + std::string(rest);
}

// One rule an address that can be source and endpoint at once. conntrack does not let us ask for our own translation,
// only for any (`--ctstate DNAT`).
std::vector<Leaf> hairpins(const ir::Program& program, const Target& target) {
  struct Endpoint {
    net::Address address;
    const std::string* pool = nullptr;
  };
  std::vector<Endpoint> endpoints;
  for (const ir::Pool& pool : program.pools) {
    for (const ir::PoolEntry& e : pool.entries) {
      if (program.dialect == ir::Dialect::iptables || e.local) endpoints.push_back({e.address, &pool.name});
    }
  }
  std::ranges::stable_sort(endpoints, {}, &Endpoint::address);
  std::vector<Leaf> leaves;
  leaves.reserve(endpoints.size());
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (i > 0 && endpoints[i].address == endpoints[i - 1].address) continue;
    const net::Prefix host = net::Prefix::host(endpoints[i].address);
    Leaf l{host, {}, 0, to_target(target)};
    l.rule.source = AddressMatch{host, false};
    l.rule.destination = AddressMatch{host, false};
    l.rule.comment = comment_text(*endpoints[i].pool);
    leaves.push_back(std::move(l));
  }
  return leaves;
}

Rule return_unless_translated() {
  Rule r = to_target(Return{});
  r.matches.emplace_back(StateMatch{netfilter::status::dnat, true});
  return r;
}

StateMatch fresh() {
  return {netfilter::state::fresh, false};
}

}  // namespace

void add_source_ranges(const ir::Program& program, TableBuilder& mangle) {
  if (program.pre.empty()) return;
  const ChainId top = mangle.chain(name("RANGES"));
  std::vector<std::optional<ChainId>> chains(program.ranges.size());
  std::vector<Leaf> leaves;
  for (const ir::RangeCheck& check : program.pre) {
    std::optional<ChainId>& ranges = chains[check.ranges];
    if (!ranges) ranges = add_range_chain(mangle, program.family, program.ranges[check.ranges], Drop{});
    const net::Prefix host = net::Prefix::host(*check.key.address);
    Leaf l{host, check.key.protocol, check.key.port, go_to(*ranges)};
    l.rule.destination = AddressMatch{host, false};
    l.rule.protocol = protocol_match(check.key.protocol, program.family);
    l.rule.matches.emplace_back(destination_ports(check.key.protocol, check.key.port, check.key.port));
    l.rule.comment = comment_text(check.owner + " source ranges");
    leaves.push_back(std::move(l));
  }
  TreeBuilder(mangle, program.family, Forest::frontends).enter_by_address(top, std::move(leaves));
  mangle.jump_from("PREROUTING", {fresh()}, top);
  mangle.jump_from("OUTPUT", {fresh()}, top);
}

void add_postrouting(const ir::Program& program, TableBuilder& nat) {
  if (program.pools.empty()) return;
  const ChainId top = nat.chain(name("POSTROUTING"));
  const ChainId masquerade = nat.chain(name("MASQUERADE"));
  nat.jump_from("POSTROUTING", {}, top);
  Rule marked = go_to(masquerade);
  marked.matches.emplace_back(MarkMatch{program.mark, program.mark, false});
  nat.add(top, std::move(marked));
  nat.add(masquerade, to_target(SetMark{0, program.mark}));
  nat.add(masquerade, to_target(Masquerade{true}));
  if (program.dialect == ir::Dialect::iptables) return;
  std::vector<Leaf> leaves = hairpins(program, Masquerade{true});
  if (leaves.empty()) return;
  nat.add(top, return_unless_translated());
  TreeBuilder(nat, program.family, Forest::hairpins).enter_by_address(top, std::move(leaves));
}

void add_hairpin_marks(const ir::Program& program, TableBuilder& mangle) {
  if (program.dialect == ir::Dialect::nftables || program.pools.empty()) return;
  const ChainId top = mangle.chain(name("HAIRPIN"));
  mangle.add(top, return_unless_translated());
  TreeBuilder(mangle, program.family, Forest::hairpins)
      .enter_by_address(top, hairpins(program, SetMark{program.mark, program.mark}));
  mangle.jump_from("FORWARD", {fresh()}, top);
  mangle.jump_from("POSTROUTING", {fresh()}, top);
}

}  // namespace portcullis::iptables
