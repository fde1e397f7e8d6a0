// Two frontends of one node that translate by the same rule, told without asking a solver.
#pragma once

#include "compiler/cluster/cluster.hpp"
#include "verifier/specialise/program.hpp"

namespace portcullis::obligations {

class SameRoute {
 public:
  // Both must outlive this.
  SameRoute(const ir::Program& program, const specialise::ProgramSide& side);

  // True only if every first packet to `left` and every one to `right` have the same endpoints, weights, memory and
  // refusals on this node; with `with_source`, the same masquerade, too. False says nothing.
  //
  // Lemma. Let each key's first route be a balance under every guard, with the same guards and, pool by pool, the same
  // balances. Then both packets are translated, and from there on the program sees the same packet: its source, its
  // endpoint, its mark, and that conntrack knows of a translation. The last of these is the same because neither key is
  // an endpoint of the pools, and the marks are if the balances masquerade alike, or if no check looks at them. Nothing
  // before the routes tells the keys apart.
  [[nodiscard]] bool holds(const specialise::Key& left, const specialise::Key& right, bool with_source) const;

  // The same of another node that accepts node ports at the keys' addresses, none of which is a Service's, unless it is
  // the key of a frontend with an address; for frontends of a port that is alike on all nodes.
  //
  // Lemma. What `build` makes of such a port depends on the node only in which entries of its pool are local: so both
  // nodes have the same routes for it, with the same guards, balances and entries, and the lemma above is about these
  // alone. The route of a node port is the first at its key: at an address of a node that is no Service's there is no
  // other.
  [[nodiscard]] bool holds_elsewhere(const specialise::Key& left, const specialise::Key& right, bool with_source) const;

 private:
  [[nodiscard]] bool same(const ir::Route* a, const ir::Route* b, const specialise::Key& left,
                          const specialise::Key& right, bool with_source) const;

  const ir::Program& program_;
  const specialise::ProgramSide& side_;
  bool looks_at_marks_ = false;
};

// Whether every node serves a port with the same endpoints: both traffic policies are Cluster, no endpoint has topology
// hints, and slices do not contradict each other.
[[nodiscard]] bool is_alike_on_all_nodes(const cluster::Service& service, const cluster::ServicePort& port);

}  // namespace portcullis::obligations
