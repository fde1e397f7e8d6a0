// Which base chain of a ruleset a packet meets next (backends/netfilter/evaluate.hpp's picture).
#pragma once

#include "backends/netfilter/walk.hpp"
#include "verifier/specialise/fields.hpp"
#include "verifier/specialise/run_state.hpp"

namespace portcullis::specialise {

class Hooks {
 public:
  // All must outlive this.
  Hooks(const netfilter::Model& model, const netfilter::Indexed& indexed, Fields& fields, net::Family family)
      : model_(model), indexed_(indexed), fields_(fields), family_(family) {}

  // Into the next base chain; false: the packet is through.
  [[nodiscard]] bool next_base_chain(RunState& s);

 private:
  bool next_hook(RunState& s);

  const netfilter::Model& model_;
  const netfilter::Indexed& indexed_;
  Fields& fields_;
  net::Family family_;
};

}  // namespace portcullis::specialise
