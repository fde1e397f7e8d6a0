#include "verifier/plain/plain.hpp"

namespace portcullis::plain {

Encodings::Encodings(smt::Session& session, const ir::Program& program, const netfilter::Model& model,
                     const netfilter::NodeFacts& node)
    : terms_(session), family_(program.family), node_(node), program_(program), ruleset_(model) {}

Judgement Encodings::judge(const Region& region) {
  const smt::Session::Scope scope(terms_.session());
  Packet packet(terms_, region, family_, node_);
  Remembered meant(terms_, "meant"), kept(terms_, "kept");
  const std::string name = "plain-" + std::to_string(++judged_);
  try {
    const View program{program_leaves(program_, terms_, packet, meant), meant};
    const View ruleset{ruleset_leaves(ruleset_, terms_, packet, kept), kept};
    return compare(name, terms_, packet, program, ruleset, labels_);
  } catch (const Unrecognised& e) {
    Judgement out;
    out.kind = Judgement::Kind::unknown;
    out.reason = e.form;
    return out;
  }
}

std::map<std::string, std::string> Encodings::meant_labels() const {
  std::map<std::string, std::string> out;
  for (const auto& [kept, meant] : labels_.meant_of()) out.emplace(model_name(kept), meant);
  return out;
}

}  // namespace portcullis::plain
