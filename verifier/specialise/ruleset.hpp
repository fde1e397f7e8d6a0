// A netfilter model, run with a known destination: backends/netfilter/walk.hpp with the rest of the packet left open.
//
// The run is the kernel's, statement by statement; a question about the rest of the packet splits it in two, and each
// part goes on to the packet's end. The mark and the scratch value are plain numbers on every part. A translation ends
// the known destination and begins another: what follows is a template, worked out once per endpoint, mark and hook.
//
// What the model cannot say (walk.cpp throws NotModelled there) is a node `unknown`: only packets that get there are
// affected. Tested against the evaluator: tests/proof.
#pragma once

#include <memory>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "verifier/specialise/reached.hpp"
#include "verifier/specialise/side.hpp"

namespace portcullis::specialise {

class RulesetSide : public Side {
 public:
  // All must outlive this. Memories are named `prefix` + set + key in the arena.
  RulesetSide(Arena& arena, const netfilter::Model& model, const netfilter::NodeFacts& node, net::Family family);
  ~RulesetSide() override;

  [[nodiscard]] NodeId residual(const Key& key, const Path& path) override;
  [[nodiscard]] const Consulted& consulted() const override;
  [[nodiscard]] std::size_t tests() const override;
  void address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const override;
  void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                 std::vector<PortCut>& cuts) override;
  // What the model calls a memory of this arena (ir::label where the text says so).
  [[nodiscard]] std::string memory_name(LabelId label) const;
  // From now on, what runs go through is noted there; before the first run, lest what is remembered of others goes
  // without. `reached` must outlive this.
  void note_in(Reached& reached);

 private:
  class Run;
  Arena& arena_;
  std::unique_ptr<Run> run_;
};

}  // namespace portcullis::specialise
