// The nat stage of a program: PCL-NAT, entered from nat PREROUTING and OUTPUT.
//
//   PCL-NAT  gates of the service tree    -d prefix -j PCL-…A17         a route that falls comes back here
//            node ports                   accepted addresses -j PCL-NODEPORTS
//            host ports                   local addresses -j PCL-…C…
//
// A leaf goes (-g) to a pool's chain, with a rule before it that marks where that is not the pool's matter; or to a
// frontend's chain if the source decides (PCL-…F). Whatever does not
// translate returns to PCL-NAT, which is what `fall` means. `stop` means that no later table may translate: instead of
// an ACCEPT, which would end foreign chains as well, the leaves of later tables that such a packet could reach make an
// exception of its key (PCL-…E).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/iptables/builder.hpp"
#include "backends/iptables/guards.hpp"
#include "backends/iptables/pools.hpp"
#include "backends/iptables/tree.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

class Routes {
 public:
  Routes(const ir::Program& program, TableBuilder& nat);
  void build();

 private:
  using PortKey = std::pair<net::Protocol, std::uint16_t>;

  void add_services();
  void add_node_ports();
  void add_host_ports();
  // No leaf if the route translates no packet, two if one has to mark first.
  void add_leaves(const ir::Route& route, std::vector<Leaf>& leaves);
  [[nodiscard]] Leaf leaf(const ir::Route& route, Rule rule) const;
  [[nodiscard]] std::optional<ChainId> chain_of(const ir::Route& route,
                                                const std::vector<ir::GuardedOutcome>& outcomes);
  [[nodiscard]] std::vector<const ir::Route*> stops_before(const ir::Route& route) const;
  [[nodiscard]] std::optional<ChainId> frontend_chain(const ir::Route& route,
                                                      const std::vector<ir::GuardedOutcome>& outcomes);
  [[nodiscard]] ChainId behind_stops(const ir::Route& route, const std::vector<const ir::Route*>& stops, ChainId to);
  [[nodiscard]] bool can_reach(const ir::Route& stop, const ir::Route& route) const;
  [[nodiscard]] std::vector<Rule> exceptions(const ir::Route& stop, const ir::Route& route, ChainId to);
  [[nodiscard]] Rule accepted_by_type() const;

  const ir::Program& program_;
  TableBuilder& nat_;
  Pools pools_;
  GuardChains guards_;
  ChainId top_ = 0;
  struct Known {
    std::vector<ir::GuardedOutcome> outcomes;
    ChainId chain = 0;
  };
  std::map<std::string, std::vector<Known>> frontends_;     // by owner
  std::map<PortKey, std::vector<const ir::Route*>> stops_;  // routes that may stop, by protocol and port
};

// `-d a …` for each accepted node-port address, or the address type (reference 3.5.4), with the rest of `rule`.
[[nodiscard]] std::vector<Rule> for_accepted_addresses(const ir::Program& program, const Rule& rule);
// `-m addrtype --dst-type LOCAL`.
[[nodiscard]] AddressTypeMatch local_destination();
[[nodiscard]] net::Prefix loopback(net::Family family);

}  // namespace portcullis::iptables
