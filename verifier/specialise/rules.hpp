// What is known of a model's rules before any packet: how their statements are numbered, and which packets leave them
// at once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backends/netfilter/model.hpp"

namespace portcullis::specialise {

struct RuleFacts {
  std::uint32_t first_statement = 0;      // its number, counted through all chains
  std::optional<std::uint32_t> protocol;  // packets of others leave the rule without having been asked anything else
};

class Rules {
 public:
  explicit Rules(const netfilter::Model& model);
  [[nodiscard]] const RuleFacts& of(netfilter::ChainId chain, std::uint32_t rule) const { return facts_[chain][rule]; }

 private:
  std::vector<std::vector<RuleFacts>> facts_;  // by chain
};

}  // namespace portcullis::specialise
