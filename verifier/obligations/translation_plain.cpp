#include "verifier/obligations/translation_plain.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/ir/l4/interpret.hpp"
#include "verifier/obligations/translation_claim.hpp"
#include "verifier/plain/plain.hpp"
#include "verifier/plain/regions.hpp"

namespace portcullis::obligations {

namespace {

using plain::Judgement;
using verdict::Proof;
using verdict::Standing;

constexpr std::size_t most_opaque = 8;  // of one region: all that they can say is tried

std::string text(const plain::Region& region) {
  const std::string address = region.address ? region.address->text() : "any other address";
  const std::string port = region.port ? std::to_string(*region.port) : "any other port";
  const char* from = region.from_node ? "from the node " : "";
  return fmt::format("{} {} {}to {}, {}", net::to_string(region.state), net::lower_name(region.protocol), from, address,
                     port);
}

class Validation {
 public:
  Validation(const ir::Program& program, const netfilter::Model& model, const netfilter::NodeFacts& node,
             smt::Session& session)
      : program_(program),
        model_(model),
        node_(node),
        session_(session),
        encodings_(session, program, model, node),
        interpreter_(program),
        evaluator_(model) {
    for (const ir::Pool& pool : program.pools) {
      for (const ir::PoolEntry& entry : pool.entries) meant_labels_.insert(ir::label(pool, entry));
    }
  }

  Proof run(std::string name, Slices slices) {
    proof_ = translation_claim(std::move(name), program_, model_);
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    const auto each = [this](const plain::Region& region) {
      judge(region);
      return proof_.standing != Standing::refuted;
    };
    if (slices == Slices::named) {
      plain::Regions(program_, model_).for_each(each);
    } else {
      plain::Regions::for_each_whole(each);
    }
    if (proof_.standing != Standing::refuted) {
      proof_.standing = open_.empty() && possible_.empty() ? Standing::proved : Standing::unknown;
      proof_.reason = possible_.empty() ? open_ : "possibly " + possible_;
    }
    proof_.queries = session_.queries() - queries;
    proof_.steps = session_.steps() - steps;
    proof_.decided = fmt::format("{} regions, each by the plain encoding", encodings_.judged());
    return std::move(proof_);
  }

  [[nodiscard]] std::size_t regions() const { return encodings_.judged(); }
  [[nodiscard]] const TranslationPlaces& places() const { return places_; }

 private:
  void judge(const plain::Region& region) {
    const Judgement j = encodings_.judge(region);
    switch (j.kind) {
      case Judgement::Kind::equal:
        return;
      case Judgement::Kind::different:
        if (replay(j) || !possible_.empty()) return;
        leave_open(region, (j.opaque.empty() ? std::string("a difference that does not show in a packet")
                                             : "matches that are not known decide: " + names(j)) +
                               in_brackets(j.reason));
        return;
      case Judgement::Kind::unknown:
        return leave_open(region, j.reason);
    }
  }

  void leave_open(const plain::Region& region, const std::string& why) {
    if (open_.empty()) open_ = text(region) + ": " + why;
  }

  std::string names(const Judgement& j) const {
    std::string out;
    for (const auto& [match, hook] : j.opaque) out += (out.empty() ? "`" : " and `") + model_.opaque[match].text + "`";
    return out;
  }

  static std::string in_brackets(const std::string& why) { return why.empty() ? why : " (" + why + ")"; }

  // Whether the packet shows a difference whatever matches that are not known say; then it is the verdict. If it shows
  // one for some of what they can say, that is kept.
  bool replay(const Judgement& j) {
    const net::Packet& packet = *j.witness;
    ir::Memory meant_memory, kept_memory;
    for (const std::string& label : j.meant_remembered) meant_memory.remember(packet.src, label);
    for (const std::string& label : j.kept_remembered) kept_memory.remember(packet.src, encodings_.model_name(label));
    const ir::Fate meant = interpreter_.fate(packet, meant_memory);
    const std::vector<std::pair<netfilter::OpaqueId, netfilter::Hook>> opaque(j.opaque.begin(), j.opaque.end());
    if (opaque.size() > most_opaque) return false;
    std::optional<std::pair<netfilter::Evaluation, netfilter::Answers>> differing;
    bool always = true;
    for (std::uint32_t bits = 0; bits < 1U << opaque.size(); ++bits) {
      netfilter::Answers answers;
      for (std::size_t i = 0; i < opaque.size(); ++i) {
        if ((bits >> i & 1U) != 0) answers.insert(opaque[i]);
      }
      netfilter::Evaluation got = evaluator_.evaluate(node_, packet, kept_memory, &answers);
      const bool here = differs(packet, meant, got);
      always = always && here;
      if (here) differing = {std::move(got), std::move(answers)};
    }
    if (!differing) return false;
    const auto& [got, answers] = *differing;
    if (!always) {
      if (!possible_.empty()) return false;
      possible_ = fmt::format("{}, if {}", answers_text(packet, meant, got), opaque_text(model_, opaque, answers));
      places_.decides = deciding(meant, got);
      add_places(model_, opaque, places_);
      return false;
    }
    places_ = {deciding(meant, got), {}};
    proof_.standing = Standing::refuted;
    proof_.witness = packet;
    proof_.reason = answers_text(packet, meant, got) + in_brackets(j.reason);
    return true;
  }

  static std::string answers_text(const net::Packet& packet, const ir::Fate& meant, const netfilter::Evaluation& got) {
    return fmt::format("{}: the ruleset says {}, the program {}", packet.text(),
                       got.torn ? got.not_modelled : ir::text(got.fate), ir::text(meant));
  }

  bool differs(const net::Packet& packet, const ir::Fate& meant, netfilter::Evaluation& got) const {
    if (got.torn) return true;
    if (!got.not_modelled.empty()) return false;
    const bool named = rename_labels(got.fate);
    if (ir::equal(meant, got.fate, packet)) return false;
    return named || !ir::equal(without_labels(meant), without_labels(got.fate), packet);
  }

  // Somebody else's memories have names of their own. False: one of them is of nobody that is known.
  bool rename_labels(ir::Fate& fate) const {
    const std::map<std::string, std::string> names = encodings_.meant_labels();
    bool known = true;
    for (ir::Target& target : fate.targets) {
      if (target.label.empty() || meant_labels_.contains(target.label)) continue;
      const auto found = names.find(target.label);
      known = known && found != names.end();
      if (found != names.end()) target.label = found->second;
    }
    return known;
  }

  static ir::Fate without_labels(ir::Fate fate) {
    for (ir::Target& target : fate.targets) target.label.clear();
    return fate;
  }

  const ir::Program& program_;
  const netfilter::Model& model_;
  const netfilter::NodeFacts& node_;
  smt::Session& session_;
  plain::Encodings encodings_;
  ir::Interpreter interpreter_;
  netfilter::Evaluator evaluator_;
  std::set<std::string> meant_labels_;
  Proof proof_;
  TranslationPlaces places_;
  // Why the verdict is not proved, unless it is refuted: something is not decided, or a packet differs if matches that
  // are not known say so.
  std::string open_, possible_;
};

}  // namespace

Proof prove_translation_plainly(std::string name, const ir::Program& program, const netfilter::Model& model,
                                const netfilter::NodeFacts& node, smt::Session& session, Slices slices,
                                std::size_t* regions, TranslationPlaces* places) {
  Validation validation(program, model, node, session);
  Proof proof = validation.run(std::move(name), slices);
  if (regions != nullptr) *regions = validation.regions();
  if (places != nullptr) *places = validation.places();
  return proof;
}

}  // namespace portcullis::obligations
