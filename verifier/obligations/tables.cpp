#include "verifier/obligations/tables.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "backends/ebpf/evaluate.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "verifier/encode/cases.hpp"
#include "verifier/encode/equality.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/program.hpp"
#include "verifier/specialise/tables.hpp"

namespace portcullis::obligations {

namespace {

using namespace specialise;
using encode::Judgement;

constexpr std::size_t most_cases = 4096;

Proof claim(std::string name, const ir::Program& program) {
  Proof proof;
  proof.name = std::move(name);
  proof.statement = fmt::format("the tables of node {} mean what the program means, for every {} packet", program.node,
                                net::to_string(program.family));
  proof.node = program.node;
  proof.assumptions = {
      "the instructions of the program do what is meant: that is proved apart, once for all tables",
      "every interface by which packets come in has the program; none comes in by lo",
      "packets are whole, and of TCP, UDP, SCTP or ICMP",
      "the node's addresses are those of the tables",
      "the memory of session affinity does not overflow, and holds one endpoint a source and Service port (D4)",
      "a choice counts as even where it misses by less than 2^-32",
  };
  return proof;
}

class Validation {
 public:
  Validation(const ir::Program& program, const ebpf::Tables& tables, smt::Session& session, Method method)
      : program_(program),
        session_(session),
        meant_(arena_, program, ProgramSide::Local::shared, ProgramSide::Accepts::untold),
        emitted_(arena_, tables, program.family, program.local_addresses, ebpf::beside(program)),
        judge_(session, arena_, program.family, program.local_addresses),
        interpreter_(program),
        evaluator_(tables, ebpf::beside(program)) {
    judge_.share_theorems(method == Method::shapes);
  }

  Proof run(std::string name) {
    proof_ = claim(std::move(name), program_);
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      for (const bool from_node : {false, true}) one_path({from_node, state});
    }
    proof_.queries = session_.queries() - queries;
    proof_.steps = session_.steps() - steps;
    if (!decided_) {
      proof_.standing = open_.empty() ? Standing::proved : Standing::unknown;
      proof_.reason = open_;
    }
    counts_.shapes = judge_.counts().shapes;
    counts_.concrete = judge_.counts().concrete;
    proof_.decided = fmt::format("{} regions, {} shapes, {} by their own values, {} by cases", counts_.regions,
                                 counts_.shapes, counts_.concrete, counts_.by_cases);
    return std::move(proof_);
  }

  [[nodiscard]] const TranslationCounts& counts() const { return counts_; }

 private:
  void one_path(const Path& path) {
    if (decided_) return;
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
        if (!j.witness || !replay(*j.witness, {})) by_cases(pair, path, j.reason);
        return;
      case Judgement::Kind::unrecognised:
        return by_cases(pair, path, "a random choice in a form that is no balance");
      case Judgement::Kind::unknown:
        if (!j.witness || !replay(*j.witness, {})) leave_open(pair, j.reason);
        return;
    }
  }

  // Whether the packet shows a difference; then it is the verdict.
  bool replay(const net::Packet& packet, const ir::Memory& memory) {
    ir::Fate meant = interpreter_.fate(packet, memory);
    const ir::Fate got = evaluator_.fate(packet, memory);
    if (meant.kind == ir::Fate::Kind::accept) meant.kind = ir::Fate::Kind::none;
    if (ir::equal(meant, got, packet)) return false;
    decided_ = true;
    proof_.standing = Standing::refuted;
    proof_.witness = packet;
    proof_.reason = fmt::format("{}: the tables say {}, the program {}", packet.text(), ir::text(got), ir::text(meant));
    return true;
  }

  // Each combination of answers that a packet can give is tried on both.
  void by_cases(const Pair& pair, const Path& path, const std::string& why) {
    ++counts_.by_cases;
    std::set<AtomId> atoms;
    for (const NodeId root : {pair.left, pair.right}) {
      for (const AtomId a : encode::atoms_of(arena_, root)) atoms.insert(a);
    }
    const auto each = [&](const encode::Case& one) {
      ir::Memory memory;
      for (const LabelId label : one.remembered) memory.remember(one.packet.src, arena_.label_name(label));
      return !replay(one.packet, memory);
    };
    const auto outcome =
        encode::for_each_case(session_, arena_, program_.family, program_.local_addresses, {atoms.begin(), atoms.end()},
                              pair.region.representative, path, most_cases, each);
    if (!decided_ && outcome != encode::Enumeration::complete) leave_open(pair, why);
  }

  void leave_open(const Pair& pair, const std::string& why) {
    if (!open_.empty()) return;
    const Key& key = pair.region.representative;
    open_ = fmt::format("{} {}: {}", net::lower_name(key.protocol), net::endpoint_text(key.destination, key.port), why);
  }

  const ir::Program& program_;
  smt::Session& session_;
  Arena arena_;
  ProgramSide meant_;
  TablesSide emitted_;
  encode::Judge judge_;
  ir::Interpreter interpreter_;
  ebpf::Evaluator evaluator_;
  Proof proof_;
  TranslationCounts counts_;
  bool decided_ = false;
  std::string open_;
};

}  // namespace

Proof prove_tables(std::string name, const ir::Program& program, const ebpf::Tables& tables, smt::Session& session,
                   Method method, TranslationCounts* counts) {
  Validation validation(program, tables, session, method);
  Proof proof = validation.run(std::move(name));
  if (counts != nullptr) *counts = validation.counts();
  return proof;
}

}  // namespace portcullis::obligations
