// The proof on the shipped program, on programs that are wrong, and on programs that are written in another way.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/ebpf/program.hpp"
#include "tests/unit/bytecode/compiled.hpp"
#include "tests/unit/bytecode/kernel_run.hpp"
#include "tests/unit/bytecode/replay.hpp"
#include "verifier/bytecode/prove.hpp"

namespace portcullis::tests {

using verdict::Standing;

namespace {

struct Edit {
  const char* function;  // whose meaning it changes
  std::string_view from, to;
  bool in_kernel = true;  // false: it shows only where a choice holds something before it is filled
};

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string edited(const std::string& source, const Edit& edit) {
  INFO("the edit has to match once: " << edit.from);
  REQUIRE(occurrences(source, edit.from) == 1);
  std::string out = source;
  return out.replace(source.find(edit.from), edit.from.size(), edit.to);
}

std::string renamed(std::string source, std::string_view from, std::string_view to) {
  REQUIRE(occurrences(source, from) > 1);
  for (std::size_t at = source.find(from); at != std::string::npos; at = source.find(from, at + to.size()))
    source.replace(at, from.size(), to);
  return source;
}

std::vector<bytecode::Theorem> theorems_of(const std::vector<std::byte>& object) {
  smt::Session session;
  std::vector<bytecode::Theorem> theorems = bytecode::prove_program(object, "changed", session);
  REQUIRE(theorems.size() == 2);
  return theorems;
}

std::size_t index_of(const Edit& edit) {
  return std::string_view(edit.function) == "decide" ? 0 : 1;
}

// The kernel agrees: the changed program says what the proof says of it, and the shipped one says what is meant.
void replay(const std::vector<std::byte>& changed, const bytecode::Witness& witness) {
  const auto agrees = [&](const Answer& answer, std::uint64_t said, bytecode::Octets choice) {
    CHECK((witness.chooses ? answer.verdict : answer.decision) == said);
    choice.resize(answer.choice.size());
    if (witness.chooses) CHECK(answer.choice == choice);
  };
  agrees(ask_kernel(changed, witness), witness.program, witness.program_choice);
  agrees(ask_kernel(ebpf::program(), witness), witness.meaning, witness.meaning_choice);
}

const std::vector<Edit> mutants{
    {"decide", "bpf_htonl(0xff000000)", "bpf_htonl(0xffff0000)"},
    {"decide", "a->word[2] == bpf_htonl(0xffff)", "a->word[2] == 0"},
    {"decide", ".length = 160", ".length = 128"},
    {"decide", ".set = bpf_htonl(set)", ".set = set"},
    {"decide", "bpf_map_lookup_elem(prefixes, &key) != 0", "bpf_map_lookup_elem(prefixes, &key) == 0"},
    {"decide", ".port = flow->port, .protocol = flow->protocol, .scope = 0", ".port = flow->port, .scope = 0"},
    {"decide", ".protocol = flow->protocol, .scope = 0", ".protocol = flow->protocol, .scope = 1"},
    {"decide", "? 0 : PCL_LOOPBACK_OTHER", "? PCL_LOOPBACK_OTHER : 0"},
    {"decide", "source_loopback ? 0 : PCL_LOOPBACK_ELSEWHERE", "source_loopback ? PCL_LOOPBACK_ELSEWHERE : 0"},
    {"decide", "const int to_here = to && to->local;", "const int to_here = to != 0;"},
    {"decide", "if (to && to->scope) {", "if (to && to->local) {"},
    {"decide", "key.scope = to->scope;", "key.scope = 1;"},
    {"decide", "      key.port = 0;\n", ""},
    {"decide", "      key.protocol = 0;\n", ""},
    {"decide", "      key.scope = 0;\n", ""},
    {"decide", "if (to_here && !(flow->origin & PCL_ORIGIN_OUT)) return PCL_NONE;", "if (to_here) return PCL_NONE;"},
    {"decide", "PCL_SET_SERVICES, &flow->destination", "PCL_SET_SERVICES, &flow->source"},
    {"decide", "? PCL_DROP : PCL_NONE", "? PCL_REJECT : PCL_NONE"},
    {"decide", "flow->origin & PCL_ORIGIN_OUT ? PCL_CLASS_OUT : 0",
     "flow->origin & PCL_ORIGIN_POD ? PCL_CLASS_OUT : 0"},
    {"decide", "(flow->origin & PCL_ORIGIN_POD) || ", ""},
    {"decide", "PCL_SET_PODS, &flow->source", "PCL_SET_PODS, &flow->destination"},
    {"decide", "if (from && from->local)", "if (from)"},
    {"decide", "if (frontend->ranges && pcl_in_set", "if (pcl_in_set"},
    {"decide", "which == 1 ? frontend->pool[1]", "which == 1 ? frontend->pool[2]"},
    {"decide", "action & PCL_ACTION_MASQUERADE ?", "action & PCL_ACTION_POOL ?"},
    {"choose", "if (!pool || !pool->count) return", "if (!pool) return"},
    {"choose", "random * pool->count >> 32", "random * pool->count >> 31"},
    {"choose", "pool->first + (pcl_u32)", "(pcl_u32)"},
    {"choose", "if (pool->sticky && remembered)", "if (remembered)"},
    {"choose", "    key.port = remembered->port;\n", "    key.port = 0;\n"},
    {"choose", "if (member) slot = *member;", "if (member) slot = pool->first;"},
    {"choose", "decision & PCL_DECISION_MASQUERADE ? 1 : 0", "decision & PCL_DECISION_MASQUERADE ? 0 : 1"},
    {"choose", "(flags & PCL_ENDPOINT_HAIRPIN) && pcl_same", "pcl_same"},
    {"choose", "endpoint->port != flow->port || ", ""},
    {"choose", "changes || (flags & PCL_ENDPOINT_HAIRPIN_SAME)", "changes"},
    {"choose", "masquerade * 2", "masquerade * 4"},
    {"choose", "flow->origin & PCL_ORIGIN_OUT ? 4 : 0", "flow->origin & PCL_ORIGIN_OUT ? 0 : 4"},
    {"choose", "if (refusal > PCL_DNAT) return refusal;", "if (refusal > PCL_DNAT) return PCL_DROP;"},
    {"choose", "choice->port = endpoint->port;", "choice->port = flow->port;"},
    {"choose", "choice->masquerade = masquerade;", "choice->masquerade = 0;"},
    {"choose", "  choice->zero = 0;\n", "", false},
};

// Without a verdict, for what is done is not followed; `to` says what is done.
struct Unfollowed {
  Edit edit;
  const char* reason;
};
const std::vector<Unfollowed> unfollowed{
    {{"decide", "decide(const struct pcl_flow* flow) {\n  pcl_u32 generation = flow->generation;",
      "decide(const struct pcl_flow* flow) {\n  pcl_u32 generation = flow->generation ^ 1;"},
     "it takes a table of another generation"},
    {{"decide", "  const pcl_u32 which =", "  ((struct pcl_frontend*)frontend)->ranges = 0;\n  const pcl_u32 which ="},
     "it writes to an entry"},
    {{"choose", "  if (!endpoint) return PCL_NONE;\n", ""}, "it uses a pointer that may be null"},
    {{"decide", "action[class & (PCL_CLASSES - 1)]", "action[class + flow->origin]"}, "it reads beside an entry"},
    {{"choose", "  if (refusal > PCL_DNAT) return refusal;\n",
      "  if (refusal > PCL_DNAT) return bpf_get_prandom_u32();\n"},
     "it calls helper 7"},
    {{"choose", "  if (refusal > PCL_DNAT) return refusal;\n",
      "  for (pcl_u32 i = flags; i; i /= 2) asm volatile(\"\");\n"},
     "it leads backward"},
    {{"choose", "if (refusal > PCL_DNAT) return refusal;", "if (refusal > PCL_DNAT) return flags / random;"},
     "is not known"},
    {{"choose", "if (refusal > PCL_DNAT) return refusal;", "if (refusal > PCL_DNAT) return (pcl_u64)pool >> 3;"},
     "pointer"},
};

// What is asked of the function of the name; the same instructions are asked once.
using bytecode::Theorem;

class Asked {
 public:
  Theorem theorem(const std::vector<std::byte>& object, const std::string& name) {
    const auto functions = std::get<std::vector<bytecode::Function>>(bytecode::read_object(object));
    const auto found = std::ranges::find(functions, name, &bytecode::Function::name);
    REQUIRE(found != functions.end());
    for (const auto& [instructions, known] : known_) {
      if (instructions == found->instructions) return known;
    }
    smt::Session session;
    Theorem out = name == "decide" ? bytecode::prove_decide(*found, "a mutant", session)
                                   : bytecode::prove_choose(*found, "a mutant", session);
    known_.emplace_back(found->instructions, out);
    return out;
  }

 private:
  std::vector<std::pair<std::vector<bytecode::Instruction>, Theorem>> known_;
};

// Every mutant of the function is refuted with a witness, and the other function is proved; returns how many there are.
std::size_t refuted_mutants_of(const std::string& function) {
  const bool has_kernel = kernel_runs_programs();
  Asked ask;
  std::size_t count = 0;
  for (const Edit& edit : mutants) {
    if (function != edit.function) continue;
    ++count;
    const std::vector<std::byte> object = compiled(edited(decide_source(), edit));
    const Theorem changed = ask.theorem(object, function);
    const Theorem other = ask.theorem(object, function == "decide" ? "choose" : "decide");
    INFO(edit.function << ": " << edit.from << " → " << edit.to << ": " << changed.proof.reason);
    CHECK(changed.proof.standing == Standing::refuted);
    CHECK(other.proof.standing == Standing::proved);
    REQUIRE(changed.witness);
    const bytecode::Witness& witness = *changed.witness;
    CHECK((witness.program != witness.meaning || witness.program_choice != witness.meaning_choice));
    CHECK(changed.proof.reason == bytecode::to_string(witness));
    CHECK(changed.proof.reason.find("the meaning") != std::string::npos);
    if (has_kernel && edit.in_kernel) replay(object, witness);
  }
  return count;
}

}  // namespace

TEST_CASE("the shipped program is proved") {
  smt::Session session;
  for (const bytecode::Theorem& theorem : bytecode::prove_program(ebpf::program(), ebpf::program_digest(), session)) {
    INFO(theorem.proof.name << ": " << theorem.proof.reason);
    CHECK(theorem.proof.standing == Standing::proved);
    CHECK(!theorem.witness);
    CHECK(theorem.proof.queries > 0);
    CHECK(theorem.proof.statement.find(ebpf::program_digest()) != std::string::npos);
    CHECK(theorem.proof.assumptions.size() >= 4);
  }
}

TEST_CASE("a program that does something else is refuted: decide") {
  CHECK(refuted_mutants_of("decide") >= 20);
}

TEST_CASE("a program that does something else is refuted: choose") {
  CHECK(refuted_mutants_of("choose") >= 12);
}

TEST_CASE("a program that is written in another way is proved") {
  const std::string source = decide_source();
  const std::vector<std::string> sources{
      renamed(source, "masquerade", "hidden"),
      edited(source, {"choose", "if (pool->sticky && remembered)", "if (remembered && pool->sticky)"}),
      edited(source, {"choose", "endpoint->port != flow->port || !pcl_same(&flow->destination, &endpoint->address)",
                      "!pcl_same(&flow->destination, &endpoint->address) || endpoint->port != flow->port"}),
      edited(source, {"decide", "which == 0 ? frontend->pool[0] : which == 1 ? frontend->pool[1] : frontend->pool[2]",
                      "frontend->pool[which < 2 ? which : 2]"}),
      edited(source, {"decide", "if (!frontends || !locals || !prefixes)", "if (!prefixes || !frontends || !locals)"}),
  };
  for (const std::string& changed : sources) {
    // The field of `choice` has its name in types.h.
    const std::string text = occurrences(changed, "choice->hidden") == 1
                                 ? edited(changed, {"choose", "choice->hidden", "choice->masquerade"})
                                 : changed;
    for (const bytecode::Theorem& theorem : theorems_of(compiled(text))) {
      INFO(theorem.proof.name << ": " << theorem.proof.reason);
      CHECK(theorem.proof.standing == Standing::proved);
    }
  }
}

TEST_CASE("what takes too long is not known") {
  smt::Session session(smt::Limits{100, 120'000});
  const auto theorems = bytecode::prove_program(ebpf::program(), ebpf::program_digest(), session);
  for (const bytecode::Theorem& theorem : theorems) {
    CHECK(theorem.proof.standing == Standing::unknown);
    CHECK(theorem.proof.reason.ends_with("the limit of 100 steps was reached"));
  }
}

TEST_CASE("what is not followed is never proved") {
  for (const auto& [edit, reason] : unfollowed) {
    const bytecode::Theorem changed = theorems_of(compiled(edited(decide_source(), edit)))[index_of(edit)];
    INFO(edit.from << " → " << edit.to << ": " << changed.proof.reason);
    CHECK(changed.proof.standing == Standing::unknown);
    CHECK(changed.proof.reason.starts_with("instruction "));
    CHECK(changed.proof.reason.find(reason) != std::string::npos);
  }
}

}  // namespace portcullis::tests
