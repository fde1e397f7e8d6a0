#include "verifier/obligations/translation.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/netfilter/walk.hpp"
#include "compiler/base/error.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "verifier/encode/cases.hpp"
#include "verifier/encode/equality.hpp"
#include "verifier/obligations/translation_claim.hpp"
#include "verifier/obligations/translation_plain.hpp"
#include "verifier/plain/plain.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/program.hpp"
#include "verifier/specialise/ruleset.hpp"

namespace portcullis::obligations {

namespace {

using namespace specialise;
using encode::Judgement;

constexpr std::size_t most_cases = 4096;
// A region with more endpoints is no anchor.
constexpr std::size_t most_anchored = 64;
constexpr std::size_t most_opaque = 8;  // of one region: all that they can say is tried

class Validation {
 public:
  Validation(const ir::Program& program, const netfilter::Model& model, const netfilter::NodeFacts& node,
             smt::Session& session, Method method)
      : program_(program),
        model_(model),
        node_(node),
        session_(session),
        method_(method),
        meant_(arena_, program),
        emitted_(arena_, model, node, program.family),
        judge_(session, arena_, program.family, program.local_addresses),
        interpreter_(program),
        evaluator_(model) {
    judge_.share_theorems(method == Method::shapes);
    for (const ir::Pool& pool : program.pools) {
      for (const ir::PoolEntry& entry : pool.entries) meant_labels_.insert(ir::label(pool, entry));
    }
  }

  Proof run(std::string name) {
    proof_ = translation_claim(std::move(name), program_, model_);
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    try {
      all_paths();
    } catch (const netfilter::NotModelled& e) {  // for which destinations a test of the ruleset changes its answer
      if (open_.empty()) open_ = e.why;
    }
    proof_.queries = session_.queries() - queries;
    proof_.steps = session_.steps() - steps;
    conclude();
    counts_.shapes = judge_.counts().shapes;
    counts_.concrete = judge_.counts().concrete;
    proof_.decided = fmt::format("{} regions, {} shapes, {} by their own values, {} by cases, {} anchors",
                                 counts_.regions, counts_.shapes, counts_.concrete, counts_.by_cases, counts_.anchors);
    return std::move(proof_);
  }

  [[nodiscard]] const TranslationCounts& counts() const { return counts_; }
  [[nodiscard]] const TranslationPlaces& places() const { return places_; }

 private:
  void all_paths() {
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      for (const bool from_node : {false, true}) {
        if (!decided_) one_path({from_node, state});
      }
    }
  }

  void one_path(const Path& path) {
    for_each_region(meant_, emitted_, program_.family, path, arena_, [&](const Pair& pair) {
      if (!decided_) one_region(pair, path);
    });
  }

  void one_region(const Pair& pair, const Path& path) {
    ++counts_.regions;
    const std::size_t shapes = judge_.counts().shapes;
    const Judgement j = judge_.judge(pair.left, pair.right, pair.region.representative, path);
    switch (j.kind) {
      case Judgement::Kind::equal:
        if (method_ == Method::shapes && judge_.counts().shapes > shapes) anchor(pair, path);
        return;
      case Judgement::Kind::different:
        if (asks_opaque(pair.right) || !replay(*j.witness, j.reason)) by_cases(pair, path, j.reason);
        return;
      case Judgement::Kind::unrecognised:
        return by_cases(pair, path, "a random choice in a form that is no balance");
      case Judgement::Kind::unknown:
        if (!j.witness || asks_opaque(pair.right) || !replay(*j.witness, {})) leave_open(pair, j.reason);
        return;
    }
  }

  [[nodiscard]] std::size_t endpoints_of(NodeId root) const {
    std::size_t count = 0;
    std::set<NodeId> seen;
    std::vector<NodeId> open{root};
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (!seen.insert(id).second) continue;
      const Node& n = arena_.node(id);
      if (n.kind == NodeKind::test) open.insert(open.end(), {n.parts[1], n.parts[2]});
      if (n.kind == NodeKind::to) ++count;
      if (n.kind == NodeKind::balance) count += arena_.balance(n).entries.size();
      if (n.kind == NodeKind::choice) {
        for (const Branch& b : arena_.branches(n)) open.push_back(b.node);
      }
    }
    return count;
  }

  [[nodiscard]] bool asks_opaque(NodeId root) {
    return !model_.opaque.empty() && std::ranges::any_of(encode::atoms_of(arena_, root), [this](AtomId a) {
      return std::holds_alternative<OpaqueHolds>(arena_.atom_of(a));
    });
  }

  // One region of every shape is proved by the plain encoding too, which knows nothing of what led to the shape: a
  // mistake of partial evaluation that makes both diagrams wrong alike would show there. It compares endpoints with
  // endpoints, so a shape that is first met at a large pool goes without.
  void anchor(const Pair& pair, const Path& path) {
    if (endpoints_of(pair.left) > most_anchored) return;
    ++counts_.anchors;
    if (!plain_) plain_.emplace(session_, program_, model_, node_);
    const Key& key = pair.region.representative;
    plain::Region region;
    region.protocol = key.protocol;
    region.from_node = path.from_node;
    region.state = path.state;
    region.address = key.destination;
    region.port = key.port;
    const plain::Judgement j = plain_->judge(region);
    if (j.kind == plain::Judgement::Kind::equal) return;
    leave_open(pair, "the plain encoding does not prove it" + (j.reason.empty() ? "" : ": " + j.reason));
  }

  void leave_open(const Pair& pair, const std::string& why) {
    if (!open_.empty()) return;
    const Key& key = pair.region.representative;
    open_ = fmt::format("{} {}: {}", net::lower_name(key.protocol), net::endpoint_text(key.destination, key.port), why);
  }

  // A ruleset of somebody else has names of its own for its memories: where pairs have shown which is which, the
  // program's. False: one of them is of nobody that is known.
  bool rename_labels(ir::Fate& fate) const {
    std::map<std::string, std::string> names;
    for (const auto& [left, right] : judge_.memories())
      names.emplace(emitted_.memory_name(right), arena_.label_name(left));
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

  // What both sides make of one packet.
  struct Played {
    bool modelled = true, named = true, differs = false;
    ir::Fate meant;
    netfilter::Evaluation got;
  };

  Played play(const net::Packet& packet, const std::pair<ir::Memory, ir::Memory>& memory,
              const netfilter::Answers& answers) {
    Played out;
    out.meant = interpreter_.fate(packet, memory.first);
    out.got = evaluator_.evaluate(node_, packet, memory.second, &answers);
    out.modelled = out.got.not_modelled.empty() || out.got.torn;
    if (!out.modelled) return out;
    out.named = rename_labels(out.got.fate);
    out.differs = out.got.torn || !ir::equal(out.meant, out.got.fate, packet);
    if (out.differs && !out.got.torn && !out.named)
      out.differs = !ir::equal(without_labels(out.meant), without_labels(out.got.fate), packet);
    return out;
  }

  [[nodiscard]] static std::string answers_text(const net::Packet& packet, const Played& played) {
    return fmt::format("{}: the ruleset says {}, the program {}", packet.text(),
                       played.got.torn ? played.got.not_modelled : ir::text(played.got.fate), ir::text(played.meant));
  }

  void refute(const net::Packet& packet, const Played& played, const std::string& why) {
    decided_ = true;
    proof_.standing = Standing::refuted;
    proof_.witness = packet;
    proof_.reason = answers_text(packet, played) + (why.empty() ? "" : " (" + why + ")");
    places_ = {deciding(played.meant, played.got), {}};
  }

  // Whether the packet shows a difference; then it is the verdict.
  bool replay(const net::Packet& packet, const std::string& why) {
    const Played played = play(packet, {}, {});
    if (played.differs) refute(packet, played, why);
    return played.differs;
  }

  // ---- matches that are not known

  [[nodiscard]] std::string opaque_names(const std::vector<OpaqueHolds>& asked) const {
    std::set<std::string> names;
    for (const OpaqueHolds& o : asked) names.insert("`" + model_.opaque[o.match].text + "`");
    return fmt::format("{}", fmt::join(names, " and "));
  }

  [[nodiscard]] static std::vector<OpaqueAsked> asked_of(const std::vector<OpaqueHolds>& asked) {
    std::vector<OpaqueAsked> out;
    out.reserve(asked.size());
    for (const OpaqueHolds& o : asked) out.emplace_back(o.match, static_cast<netfilter::Hook>(o.hook));
    return out;
  }

  // One packet under everything that those matches can say.
  bool play_all(const encode::Case& one, const std::pair<ir::Memory, ir::Memory>& memory,
                const std::vector<OpaqueHolds>& asked, bool& named) {
    std::optional<std::pair<Played, netfilter::Answers>> differing;
    bool always = true;
    for (std::uint32_t bits = 0; bits < 1U << asked.size(); ++bits) {
      netfilter::Answers answers;
      for (std::size_t i = 0; i < asked.size(); ++i) {
        if ((bits >> i & 1U) != 0) answers.emplace(asked[i].match, static_cast<netfilter::Hook>(asked[i].hook));
      }
      Played played = play(one.packet, memory, answers);
      if (!played.modelled) return false;
      named = named && played.named;
      always = always && played.differs;
      if (played.differs) differing = {std::move(played), std::move(answers)};
    }
    if (!differing) return true;
    if (always) {
      refute(one.packet, differing->first, asked.empty() ? "" : "surely, whatever is said by " + opaque_names(asked));
    } else if (possible_.empty()) {
      const std::vector<OpaqueAsked> all = asked_of(asked);
      possible_ = fmt::format("{}, if {}", answers_text(one.packet, differing->first),
                              opaque_text(model_, all, differing->second));
      places_.decides = deciding(differing->first.meant, differing->first.got);
      add_places(model_, all, places_);
    }
    return true;
  }

  void by_cases(const Pair& pair, const Path& path, const std::string& why) {
    ++counts_.by_cases;
    std::set<AtomId> atoms;
    std::vector<OpaqueHolds> asked;
    for (const NodeId root : {pair.left, pair.right}) {
      for (const AtomId a : encode::atoms_of(arena_, root)) {
        if (const auto* opaque = std::get_if<OpaqueHolds>(&arena_.atom_of(a))) {
          asked.push_back(*opaque);
        } else {
          atoms.insert(a);
        }
      }
    }
    if (asked.size() > most_opaque) return leave_open(pair, "too many matches that are not known");
    bool modelled = true, named = true;
    const auto each = [&](const encode::Case& one) {
      std::pair<ir::Memory, ir::Memory> memory;
      for (const LabelId label : one.remembered) {
        memory.first.remember(one.packet.src, arena_.label_name(label));
        memory.second.remember(one.packet.src, emitted_.memory_name(label));
      }
      modelled = play_all(one, memory, asked, named);
      return modelled && !decided_;
    };
    const auto outcome =
        encode::for_each_case(session_, arena_, program_.family, program_.local_addresses, {atoms.begin(), atoms.end()},
                              pair.region.representative, path, most_cases, each);
    if (decided_) return;
    // Both sides name their memories; where a side asks one that the other has not, the cases above have set them
    // apart, which a real memory cannot be.
    if (outcome != encode::Enumeration::complete || !modelled || !named) leave_open(pair, why);
  }

  // What is left when no packet surely differs.
  void conclude() {
    if (decided_) return;
    proof_.standing = open_.empty() && possible_.empty() ? Standing::proved : Standing::unknown;
    proof_.reason = open_;
    if (possible_.empty()) return;
    proof_.reason = open_.empty() ? fmt::format("surely no packet differs; possibly {}", possible_)
                                  : fmt::format("possibly {}; not decided: {}", possible_, open_);
  }

  const ir::Program& program_;
  const netfilter::Model& model_;
  const netfilter::NodeFacts& node_;
  smt::Session& session_;
  Method method_;
  std::optional<plain::Encodings> plain_;
  Arena arena_;
  ProgramSide meant_;
  RulesetSide emitted_;
  encode::Judge judge_;
  ir::Interpreter interpreter_;
  netfilter::Evaluator evaluator_;
  std::set<std::string> meant_labels_;
  Proof proof_;
  TranslationCounts counts_;
  TranslationPlaces places_;
  bool decided_ = false;
  // Why the verdict is not proved, unless it is refuted: something is not decided, or a packet differs if matches that
  // are not known say so.
  std::string open_, possible_;
};

}  // namespace

Proof prove_translation(std::string name, const ir::Program& program, const netfilter::Model& model,
                        const netfilter::NodeFacts& node, smt::Session& session, Method method,
                        TranslationCounts* counts, TranslationPlaces* places) {
  if (method == Method::plain) {
    std::size_t regions = 0;
    Proof plain =
        prove_translation_plainly(std::move(name), program, model, node, session, Slices::named, &regions, places);
    if (counts != nullptr) *counts = {regions, 0, 0, 0, 0};
    return plain;
  }
  Validation validation(program, model, node, session, method);
  Proof proof = validation.run(std::move(name));
  if (counts != nullptr) *counts = validation.counts();
  if (places != nullptr) *places = validation.places();
  return proof;
}

}  // namespace portcullis::obligations
