// What of a ruleset some run has gone through. Runs at every destination, of all paths, see every packet, so a rule
// that none of them goes through does nothing to any packet: it is dead. (What they go through may be dead all the
// same: a run takes both ways of a question about the rest of the packet, even where an earlier one has settled it.)
//
// A run goes through a rule if it gets to it and all of its matches hold: if it does what the rule says, or comes to
// the end of one that says nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/netfilter/model.hpp"

namespace portcullis::specialise {

class Reached {
 public:
  explicit Reached(const netfilter::Model& model) : rules_(model.chains.size()), elements_(model.sets.size()) {
    for (std::size_t c = 0; c < model.chains.size(); ++c) rules_[c].resize(model.chains[c].rules.size());
    for (std::size_t s = 0; s < model.sets.size(); ++s) elements_[s].resize(model.sets[s].size());
  }

  void note_rule(netfilter::ChainId chain, std::uint32_t rule) { rules_[chain][rule] = true; }
  // It was found in its set or map.
  void note_element(netfilter::SetId set, std::uint32_t element) { elements_[set][element] = true; }
  // Something had no model: what is behind it was not run.
  void leave_open() { complete_ = false; }

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool rule(netfilter::ChainId chain, std::uint32_t rule) const { return rules_[chain][rule]; }
  [[nodiscard]] bool element(netfilter::SetId set, std::uint32_t element) const { return elements_[set][element]; }

 private:
  std::vector<std::vector<bool>> rules_, elements_;
  bool complete_ = true;
};

// Where a run notes it; nowhere, until somebody wants to know.
class Notes {
 public:
  void begin(Reached& reached) { reached_ = &reached; }
  void rule(netfilter::ChainId chain, std::uint32_t rule) {
    if (reached_ != nullptr) reached_->note_rule(chain, rule);
  }
  void element(netfilter::SetId set, std::uint32_t element) {
    if (reached_ != nullptr) reached_->note_element(set, element);
  }
  void leave_open() {
    if (reached_ != nullptr) reached_->leave_open();
  }

 private:
  Reached* reached_ = nullptr;
};

}  // namespace portcullis::specialise
