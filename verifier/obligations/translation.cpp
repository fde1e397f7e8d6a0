#include "verifier/obligations/translation.hpp"

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "verifier/encode/cases.hpp"
#include "verifier/encode/equality.hpp"
#include "verifier/obligations/translation_plain.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/program.hpp"
#include "verifier/specialise/ruleset.hpp"

namespace portcullis::obligations {

namespace {

using namespace specialise;
using encode::Judgement;

constexpr std::size_t most_cases = 4096;

class Validation {
 public:
  Validation(const ir::Program& program, const netfilter::Model& model, const netfilter::NodeFacts& node,
             smt::Session& session, Method method)
      : program_(program),
        node_(node),
        session_(session),
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
    proof_.name = std::move(name);
    proof_.statement = fmt::format("the ruleset of node {} means what the program means, for every {} packet",
                                   program_.node, net::to_string(program_.family));
    proof_.node = program_.node;
    proof_.assumptions = {
        "a packet that comes in carries neither the masquerade mark nor a priority of ours",
        "a packet that comes in does not come in by lo",
        "packets are whole, and of TCP, UDP, SCTP or ICMP",
        "sets and lists of the kernel do not overflow",
        "a choice counts as even where it misses by less than n/2^31 of itself",
    };
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      for (const bool from_node : {false, true}) {
        if (!decided_) one_path({from_node, state});
      }
    }
    proof_.queries = session_.queries() - queries;
    proof_.steps = session_.steps() - steps;
    if (!decided_) proof_.standing = open_.empty() ? Standing::proved : Standing::unknown;
    if (proof_.standing == Standing::unknown) proof_.reason = open_;
    counts_.shapes = judge_.counts().shapes;
    counts_.concrete = judge_.counts().concrete;
    proof_.decided = fmt::format("{} regions, {} shapes, {} by their own values, {} by cases", counts_.regions,
                                 counts_.shapes, counts_.concrete, counts_.by_cases);
    return std::move(proof_);
  }

  [[nodiscard]] const TranslationCounts& counts() const { return counts_; }

 private:
  void one_path(const Path& path) {
    for_each_region(meant_, emitted_, program_.family, path, arena_, [&](const Pair& pair) {
      if (!decided_) one_region(pair, path);
    });
  }

  void one_region(const Pair& pair, const Path& path) {
    ++counts_.regions;
    const Judgement j = judge_.judge(pair.left, pair.right, pair.region.representative, path);
    switch (j.kind) {
      case Judgement::Kind::equal:
        return;
      case Judgement::Kind::different:
        if (!replay(*j.witness, {}, j.reason)) by_cases(pair, path, j.reason);
        return;
      case Judgement::Kind::unrecognised:
        return by_cases(pair, path, "a random choice in a form that is no balance");
      case Judgement::Kind::unknown:
        return leave_open(pair, j.reason);
    }
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

  // Whether the packet shows a difference; then it is the verdict.
  bool replay(const net::Packet& packet, const std::pair<ir::Memory, ir::Memory>& memory, const std::string& why) {
    const ir::Fate meant = interpreter_.fate(packet, memory.first);
    netfilter::Evaluation got = evaluator_.evaluate(node_, packet, memory.second);
    if (!got.not_modelled.empty() && !got.torn) return false;
    const bool known = rename_labels(got.fate);
    if (!got.torn && ir::equal(meant, got.fate, packet)) return false;
    if (!got.torn && !known && ir::equal(without_labels(meant), without_labels(got.fate), packet)) return false;
    decided_ = true;
    proof_.standing = Standing::refuted;
    proof_.witness = packet;
    proof_.reason = fmt::format("{}: the ruleset says {}, the program {}{}", packet.text(),
                                got.torn ? got.not_modelled : ir::text(got.fate), ir::text(meant),
                                why.empty() ? "" : " (" + why + ")");
    return true;
  }

  void by_cases(const Pair& pair, const Path& path, const std::string& why) {
    ++counts_.by_cases;
    std::set<AtomId> atoms;
    for (const NodeId root : {pair.left, pair.right}) {
      for (const AtomId a : encode::atoms_of(arena_, root)) atoms.insert(a);
    }
    bool modelled = true, named = true;
    const auto each = [&](const encode::Case& one) {
      std::pair<ir::Memory, ir::Memory> memory;
      for (const LabelId label : one.remembered) {
        memory.first.remember(one.packet.src, arena_.label_name(label));
        memory.second.remember(one.packet.src, emitted_.memory_name(label));
      }
      const netfilter::Evaluation got = evaluator_.evaluate(node_, one.packet, memory.second);
      modelled = modelled && (got.not_modelled.empty() || got.torn);
      ir::Fate fate = got.fate;
      named = named && rename_labels(fate);
      return modelled && !replay(one.packet, memory, {});
    };
    const auto outcome =
        encode::for_each_case(session_, arena_, program_.family, program_.local_addresses, {atoms.begin(), atoms.end()},
                              pair.region.representative, path, most_cases, each);
    if (decided_) return;
    // Both sides name their memories; where a side asks one that the other has not, the cases above have set them
    // apart, which a real memory cannot be.
    if (outcome != encode::Enumeration::complete || !modelled || !named) leave_open(pair, why);
  }

  const ir::Program& program_;
  const netfilter::NodeFacts& node_;
  smt::Session& session_;
  Arena arena_;
  ProgramSide meant_;
  RulesetSide emitted_;
  encode::Judge judge_;
  ir::Interpreter interpreter_;
  netfilter::Evaluator evaluator_;
  std::set<std::string> meant_labels_;
  Proof proof_;
  TranslationCounts counts_;
  bool decided_ = false;
  std::string open_;  // why the verdict is not proved, unless it is refuted
};

}  // namespace

Proof prove_translation(std::string name, const ir::Program& program, const netfilter::Model& model,
                        const netfilter::NodeFacts& node, smt::Session& session, Method method,
                        TranslationCounts* counts) {
  if (method == Method::plain) {
    std::size_t regions = 0;
    Proof plain = prove_translation_plainly(std::move(name), program, model, node, session, Slices::named, &regions);
    if (counts != nullptr) *counts = {regions, 0, 0, 0};
    return plain;
  }
  Validation validation(program, model, node, session, method);
  Proof proof = validation.run(std::move(name));
  if (counts != nullptr) *counts = validation.counts();
  return proof;
}

}  // namespace portcullis::obligations
