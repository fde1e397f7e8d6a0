// The check stage of a program: PCL-INPUT, PCL-FORWARD, PCL-OUTPUT in table filter.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "backends/iptables/builder.hpp"
#include "backends/iptables/tree.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

//   PCL-FORWARD  -m conntrack --ctstate NEW -j PCL-CHECK     checks of one conntrack state in a chain of their own
//                -m mark --mark … -j ACCEPT
//   PCL-CHECK       gates of a tree -j PCL-…A…                neighbours that look at a frontend, a port or an address
//                -d serviceCIDR -j DROP
//
// The order of checks is kept; neighbours of one kind become a tree, in which only rules of one key have an order.
// Hooks with the same checks share their chains.
class Checks {
 public:
  Checks(const ir::Program& program, TableBuilder& filter) : program_(program), filter_(filter) {}
  void build();

 private:
  using Indexes = std::vector<std::uint32_t>;  // of program_.checks, ascending

  void add_hook(std::string_view built_in, bool ir::Hooks::* hook);
  void add_group(ChainId from, const Indexes& group);
  void add_run(ChainId chain, std::span<const std::uint32_t> run, const std::vector<Match>& state);
  void add_simple(ChainId chain, const ir::Check& check, std::vector<Match> state);
  [[nodiscard]] ChainId group_chain(const Indexes& group);
  [[nodiscard]] std::vector<Leaf> leaves(std::span<const std::uint32_t> run);
  [[nodiscard]] Leaf leaf(const ir::Check& check);
  [[nodiscard]] Target verdict(const ir::Check& check);
  [[nodiscard]] Target verdict(ir::Verdict verdict) const;

  const ir::Program& program_;
  TableBuilder& filter_;
  std::map<Indexes, ChainId> groups_;
  std::map<std::pair<ir::RangesId, ir::Verdict>, ChainId> ranges_;
};

}  // namespace portcullis::iptables
