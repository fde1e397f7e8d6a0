// For which destinations a test of a ruleset can change its answer.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "verifier/specialise/chain_index.hpp"
#include "verifier/specialise/consulted.hpp"
#include "verifier/specialise/lookup.hpp"
#include "verifier/specialise/questions.hpp"

namespace portcullis::specialise {

// Tests are the model's statements, chain by chain, behind the last one the kernel's own question whether the
// destination is local, and then for each chain the question which of its rules may match.
class RulesetCuts {
 public:
  // Both must outlive this.
  RulesetCuts(const netfilter::Model& model, const netfilter::NodeFacts& node, net::Family family);

  [[nodiscard]] std::size_t statements() const { return statements_.size(); }
  [[nodiscard]] std::size_t tests() const { return statements_.size() + 1 + indexes_.size(); }
  // Of a chain with rules to find; else null.
  [[nodiscard]] const ChainIndex* index(netfilter::ChainId chain) const { return indexes_[chain].get(); }
  [[nodiscard]] std::uint32_t test_of(netfilter::ChainId chain) const {
    return static_cast<std::uint32_t>(statements_.size() + 1 + chain);
  }
  // The match holds wherever its rule was found by the index of its chain.
  [[nodiscard]] bool implied(std::uint32_t statement) const { return implied_[statement]; }
  // As of Side; each throws NotModelled.
  void address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const;
  void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                 std::vector<PortCut>& cuts);

 private:
  // The terms and the set of a statement that compares.
  struct Question {
    std::span<const netfilter::Term> terms;
    std::optional<netfilter::SetId> set;
    const netfilter::Match* match = nullptr;  // of one term against values
    bool membership = false;                  // of the set, and nothing else of its elements
  };
  [[nodiscard]] Question question(std::uint32_t test) const;

  const netfilter::Model& model_;
  const netfilter::NodeFacts& node_;
  net::Family family_;
  Questions questions_;
  std::vector<const netfilter::Statement*> statements_;
  std::vector<std::unique_ptr<ChainIndex>> indexes_;  // by chain
  std::vector<bool> implied_;                         // by statement
  std::vector<std::uint32_t> found_;
  std::map<std::pair<netfilter::SetId, std::size_t>, std::unique_ptr<ByField>> by_fields_;
};

}  // namespace portcullis::specialise
