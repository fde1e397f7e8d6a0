// A verdict for each region: the program and the ruleset encoded beside each other, and compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "backends/netfilter/evaluate.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/plain/compare.hpp"
#include "verifier/plain/program.hpp"
#include "verifier/plain/ruleset.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::plain {

class Encodings {
 public:
  // All must outlive this.
  Encodings(smt::Session& session, const ir::Program& program, const netfilter::Model& model,
            const netfilter::NodeFacts& node);

  // For every packet of the region.
  [[nodiscard]] Judgement judge(const Region& region);

  // The model's name for a label of the ruleset's side of a judgement (netfilter::Set::label).
  [[nodiscard]] const std::string& model_name(const std::string& label) const { return ruleset_.names().at(label); }
  // The program's labels by the model's names, as far as regions have shown them.
  [[nodiscard]] std::map<std::string, std::string> meant_labels() const;
  [[nodiscard]] std::size_t judged() const { return judged_; }

 private:
  Terms terms_;
  net::Family family_;
  const netfilter::NodeFacts& node_;
  ProgramIndex program_;
  RulesetIndex ruleset_;
  Labels labels_;
  std::size_t judged_ = 0;
};

}  // namespace portcullis::plain
