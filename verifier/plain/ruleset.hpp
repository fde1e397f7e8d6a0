// What a ruleset does with a packet, by the kernel's rules (backends/netfilter/evaluate.hpp), written down as leaves.
// Packets that fare alike so far travel together, whatever their source: what they carry becomes a term that tells them
// apart. Only random choices and translations part them for good.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "verifier/plain/elements.hpp"
#include "verifier/plain/leaf.hpp"
#include "verifier/plain/packet.hpp"

namespace portcullis::plain {

// What is worked out once a model; the model must outlive it.
class RulesetIndex {
 public:
  explicit RulesetIndex(const netfilter::Model& model);

  [[nodiscard]] const netfilter::Model& model() const { return elements_.model(); }
  [[nodiscard]] Elements& elements() { return elements_; }
  // In order of evaluation.
  [[nodiscard]] const std::vector<netfilter::ChainId>& base_chains(netfilter::Hook hook) const {
    return base_chains_[static_cast<std::size_t>(hook)];
  }
  // Labels of leaves are this encoding's own; the model's names for them.
  [[nodiscard]] std::map<std::string, std::string>& names() { return names_; }
  [[nodiscard]] const std::map<std::string, std::string>& names() const { return names_; }

 private:
  Elements elements_;
  std::array<std::vector<netfilter::ChainId>, 5> base_chains_;
  std::map<std::string, std::string> names_;
};

[[nodiscard]] std::vector<Leaf> ruleset_leaves(RulesetIndex& index, Terms& terms, Packet& packet,
                                               Remembered& remembered);

}  // namespace portcullis::plain
