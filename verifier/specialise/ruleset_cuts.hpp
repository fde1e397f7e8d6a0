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
#include "verifier/specialise/consulted.hpp"
#include "verifier/specialise/lookup.hpp"
#include "verifier/specialise/questions.hpp"

namespace portcullis::specialise {

// Tests are the model's statements, chain by chain, and behind the last one the kernel's own question whether the
// destination is local.
class RulesetCuts {
 public:
  // Both must outlive this.
  RulesetCuts(const netfilter::Model& model, const netfilter::NodeFacts& node, net::Family family);

  [[nodiscard]] std::size_t statements() const { return statements_.size(); }
  // Each throws NotModelled.
  [[nodiscard]] std::vector<AddressCut> address_cuts(std::uint32_t test) const;
  void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                 std::vector<PortCut>& cuts);

 private:
  // The terms and the set of a statement that compares.
  struct Question {
    std::span<const netfilter::Term> terms;
    std::optional<netfilter::SetId> set;
    const netfilter::Match* match = nullptr;  // of one term against values
  };
  [[nodiscard]] Question question(std::uint32_t test) const;

  const netfilter::Model& model_;
  const netfilter::NodeFacts& node_;
  net::Family family_;
  Questions questions_;
  std::vector<const netfilter::Statement*> statements_;
  std::vector<std::uint32_t> found_;
  std::map<std::pair<netfilter::SetId, std::size_t>, std::unique_ptr<ByField>> by_fields_;
};

}  // namespace portcullis::specialise
