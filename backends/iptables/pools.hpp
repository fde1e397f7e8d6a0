// Balancing: one chain a pool and set, entered by everything that chooses from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "backends/iptables/builder.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

//   PCL-…P  [! -s pods -j MARK]                               masquerade, if every user of the pool wants the same
//           [-m recent --update --name LABEL -j DNAT]          affinity: an endpoint each, in list order
//           [-m statistic 1/n [-m recent --set] -j DNAT]       the choice
//   PCL-…H  -j MARK; -g PCL-…P                                 masquerade, where users differ and a guard is in the way
//
// A choice among more than 16 endpoints is first one among groups, so that it costs the logarithm, too.
class Pools {
 public:
  Pools(const ir::Program& program, TableBuilder& nat);
  // Where chains that serve a pool are at home: the last service frontend that uses it, else the last frontend. They
  // are named for it.
  [[nodiscard]] const std::string& home(ir::PoolId pool) const { return homes_[pool]; }
  // The chain that does all of `balance`; it never returns.
  [[nodiscard]] ChainId entry(const ir::Balance& balance);
  // The same without a chain for the mark alone: the rule that marks, if one has to come before chain().
  [[nodiscard]] std::optional<Rule> mark(const ir::Balance& balance) const;
  [[nodiscard]] ChainId chain(const ir::Balance& balance);

 private:
  using Entries = std::vector<const ir::PoolEntry*>;
  struct Key {
    ir::PoolId pool = 0;
    bool local_set = false;
    std::optional<std::uint32_t> affinity_seconds;
    auto operator<=>(const Key&) const = default;
  };
  struct Body {
    std::set<ir::Masquerade> users;
    std::optional<ChainId> chain;
    std::map<ir::Masquerade, ChainId> heads;
  };

  [[nodiscard]] static Key key_of(const ir::Balance& balance) {
    return {balance.pool, balance.local_set, balance.affinity_seconds};
  }
  [[nodiscard]] ChainId body(const Key& key, const Body& body);
  [[nodiscard]] std::optional<Rule> mark(ir::Masquerade masquerade, const std::string& comment) const;
  void comment_first_only(ChainId chain);
  void recall(ChainId chain, const ir::Pool& pool, const Entries& entries, std::uint32_t seconds);
  void choose(ChainId chain, const ir::Pool& pool, const Entries& entries, bool affinity);
  void choose_group(ChainId chain, const ir::Pool& pool, const Entries& entries, bool affinity);
  [[nodiscard]] Rule translation(const ir::Pool& pool, const ir::PoolEntry& entry);
  [[nodiscard]] bool may_stay_as_it_is(const ir::Pool& pool, const ir::PoolEntry& entry) const;

  const ir::Program& program_;
  TableBuilder& nat_;
  std::map<Key, Body> bodies_;
  std::vector<std::string> homes_;       // by pool
  std::vector<net::Address> frontends_;  // addresses of the service table; sorted
  std::string comment_, home_;           // of the pool in work
};

}  // namespace portcullis::iptables
