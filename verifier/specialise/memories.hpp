// The memories of a ruleset's dynamic sets: each is a set and the part of the key that is not the packet's source.
#pragma once

#include <span>
#include <string>
#include <unordered_map>

#include "backends/netfilter/model.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

class Memories {
 public:
  // The memory that `key` names in `set`; the words of its source field are of no consequence.
  [[nodiscard]] LabelId label(Arena& arena, const netfilter::Set& set, netfilter::SetId id,
                              std::span<const std::uint32_t> key);
  // What the model calls it (ir::label where the text says so); the arena's own name for labels that are none of these.
  [[nodiscard]] std::string name(const Arena& arena, LabelId label) const;

 private:
  std::unordered_map<LabelId, std::string> names_;
};

}  // namespace portcullis::specialise
