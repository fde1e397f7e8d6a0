// Two frontends of one node that translate by the same rule, told without asking a solver.
#pragma once

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

 private:
  const ir::Program& program_;
  const specialise::ProgramSide& side_;
  bool looks_at_marks_ = false;
};

}  // namespace portcullis::obligations
