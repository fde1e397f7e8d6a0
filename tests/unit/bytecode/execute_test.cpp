// What is not followed names its instruction.
#include "verifier/bytecode/execute.hpp"

#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/bytecode/assembly.hpp"
#include "verifier/bytecode/terms_domain.hpp"

namespace portcullis::tests {

using bytecode::Comparison;
using bytecode::Operation;

namespace {

std::vector<Instruction> joined(std::initializer_list<std::vector<Instruction>> parts) {
  std::vector<Instruction> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

bytecode::Value to(bytecode::Region region) {
  bytecode::Pointer pointer;
  pointer.region = region;
  return pointer;
}

// Runs with r1 the flow, r2 a number, r5 the choice.
std::variant<bytecode::Ends, bytecode::Refused> run(const std::vector<Instruction>& instructions) {
  smt::Session session;
  bytecode::Tables tables(session);
  const bytecode::Flow flow(session);
  bytecode::Inputs inputs;
  inputs.arguments.at(0) = to(bytecode::Region::flow);
  inputs.arguments.at(1) = session.bits("number", 64);
  inputs.arguments.at(4) = to(bytecode::Region::choice);
  inputs.flow = flow.memory;
  inputs.generation = flow.generation;
  return bytecode::execute(session, tables, {"f", 10, instructions}, inputs);
}

// Why not, or nothing.
std::string refusal(const std::vector<Instruction>& instructions) {
  const auto ran = run(instructions);
  const auto* refused = std::get_if<bytecode::Refused>(&ran);
  return refused ? refused->reason : std::string();
}

// A pointer to the entry of t_locals of the flow's source in r0, null if there is none.
std::vector<Instruction> look_up() {
  return joined({{move(6, 1), load(4, 3, 1, 36), store(4, 10, -4, 3)},
                 table(1, "t_locals"),
                 {move(2, 10), calculate_by(Operation::add, 64, 2, -4), call(1), move(1, 0), move(2, 6), call(1)}});
}

}  // namespace

TEST_CASE("what may be done") {
  CHECK(refusal({set(0, 0), leave()}).empty());
  CHECK(refusal(joined({look_up(), {branch_by(Comparison::equal, 64, 0, 0, 1), load(1, 0, 0, 1), leave()}})).empty());
  CHECK(refusal({set(0, 0), store(2, 5, 18, 2), leave()}).empty());
}

TEST_CASE("what no packet gets to may be anything") {
  const auto ran = run({set(0, 0), branch_by(Comparison::at_least, 64, 2, 5, 2),
                        branch_by(Comparison::below, 64, 2, 9, 1), call(7), leave()});
  const auto& ends = std::get<bytecode::Ends>(ran);
  CHECK(ends.unreached == 1);
  CHECK(ends.states.size() == 1);
}

TEST_CASE("what is not followed names its instruction") {
  struct Row {
    std::vector<Instruction> instructions;
    const char* reason;
  };
  const std::vector<Row> rows{
      {{}, "instruction 10 of f: there is no instruction"},
      {{set(0, 0)}, "instruction 10 of f: it leads out of the function"},
      {{skip(-1), leave()}, "instruction 10 of f: it leads backward"},
      {{skip(5), leave()}, "instruction 10 of f: it leads out of the function"},
      {joined({{skip(1)}, constant(0, 1), {leave()}}), "instruction 10 of f: it leads into a constant"},
      {{set(10, 0), leave()}, "instruction 10 of f: it changes the frame pointer"},
      {{set(11, 0), leave()}, "instruction 10 of f: it names a register that is none"},
      {{leave()}, "instruction 10 of f: it reads r0, which holds nothing"},
      {{move(0, 3), leave()}, "instruction 10 of f: it reads r3, which holds nothing"},
      {{move(0, 1), leave()}, "instruction 11 of f: it takes the pointer in r0 for a number"},
      {{load(1, 0, 2, 0), leave()}, "instruction 10 of f: it takes the number in r2 for a pointer"},
      {{load(4, 0, 10, -4), leave()}, "instruction 10 of f: it reads of the stack what was not written there"},
      {{load(4, 0, 10, 0), leave()}, "instruction 10 of f: it reads beside the stack"},
      {{store(4, 10, -516, 2), set(0, 0), leave()}, "instruction 10 of f: it writes beside the stack"},
      {{load(4, 0, 1, 37), leave()}, "instruction 10 of f: it reads beside the flow"},
      {{store(4, 1, 0, 2), set(0, 0), leave()}, "instruction 10 of f: it writes to the flow"},
      {{store(4, 5, 17, 2), set(0, 0), leave()}, "instruction 10 of f: it writes beside the choice"},
      {{store(8, 5, 0, 1), set(0, 0), leave()}, "instruction 10 of f: it gives a pointer away"},
      {{store(4, 10, -8, 1), set(0, 0), leave()}, "instruction 10 of f: it gives a pointer away"},
      {{store(8, 10, -8, 1), load(4, 0, 10, -8), leave()},
       "instruction 11 of f: it reads of the stack what was not written there"},
      {{calculate(Operation::multiply, 64, 1, 2), set(0, 0), leave()},
       "instruction 10 of f: it calculates with a pointer"},
      {{calculate(Operation::bit_xor, 64, 2, 1), move(0, 2), leave()},
       "instruction 10 of f: it calculates with a pointer"},
      {{calculate(Operation::add, 32, 1, 2), set(0, 0), leave()}, "instruction 10 of f: it takes half of a pointer"},
      {{calculate(Operation::add, 64, 1, 2), load(1, 0, 1, 0), leave()},
       "instruction 10 of f: it moves a pointer by a number that is not known"},
      {{set(0, 0), branch(Comparison::equal, 64, 1, 2, 0), leave()}, "instruction 11 of f: it compares a pointer"},
      {{set(0, 0), branch_by(Comparison::above, 64, 1, 0, 0), leave()}, "instruction 11 of f: it compares a pointer"},
      {{move(0, 2), {0x37, 0, 0, 0, 3, {}, {}}, leave()}, "instruction 11 of f: its operation 0x37 is not known"},
      {{move(0, 2), {0x07, 0, 0, 1, 3, {}, {}}, leave()}, "instruction 11 of f: it has a form that is not known"},
      {{move(0, 2), {0xD7, 0, 0, 0, 32, {}, {}}, leave()}, "instruction 11 of f: it has a form that is not known"},
      {{{0xDB, 10, 2, -8, 0, {}, {}}, set(0, 0), leave()}, "instruction 10 of f: it has a form that is not known"},
      {{{0x81, 0, 1, 0, 0, {}, {}}, leave()}, "instruction 10 of f: it has a form that is not known"},
      {{{0x20, 0, 0, 0, 0, {}, {}}, leave()}, "instruction 10 of f: its code 0x20 is not known"},
      {{call(7), leave()}, "instruction 10 of f: it calls helper 7"},
      {{{0x85, 0, 1, 0, 3, {}, {}}, leave()}, "instruction 10 of f: it calls another function"},
      {joined({table(0, "t_other"), {leave()}}), "instruction 10 of f: it refers to t_other"},
      {joined({table(0, "t_pools", ".rodata"), {leave()}}), "instruction 10 of f: it refers to t_pools"},
      {joined({look_up(), {load(1, 0, 0, 1), leave()}}), "instruction 21 of f: it uses a pointer that may be null"},
      {joined({look_up(), {branch_by(Comparison::equal, 64, 0, 0, 1), store_value(1, 0, 0, 1), set(0, 0), leave()}}),
       "instruction 22 of f: it writes to an entry"},
      {joined({look_up(), {branch_by(Comparison::equal, 64, 0, 0, 1), load(4, 0, 0, 1), leave()}}),
       "instruction 22 of f: it reads beside an entry"},
      {joined({{move(6, 1), set(3, 0), store(4, 10, -4, 3)},
               table(1, "t_locals"),
               {move(2, 10), calculate_by(Operation::add, 64, 2, -4), call(1), set(0, 0), leave()}}),
       "instruction 17 of f: it takes a table of another generation"},
  };
  for (const Row& row : rows) CHECK(refusal(row.instructions) == row.reason);
}

TEST_CASE("equal keys have equal entries") {
  smt::Session session;
  bytecode::Tables tables(session);
  const smt::Term a = session.bits("a", 128), b = session.bits("b", 128);
  const bytecode::Entry of_a = tables.ask(bytecode::Table::locals, a), of_b = tables.ask(bytecode::Table::locals, b);
  const smt::Term differ = session.any(
      {session.no(session.equal(of_a.contents, of_b.contents)), session.all({of_a.present, session.no(of_b.present)})});
  CHECK(session.check("differ", {session.equal(a, b), differ}).answer == smt::Answer::unsatisfiable);
  CHECK(session.check("differ", {differ}).answer == smt::Answer::satisfiable);
}

}  // namespace portcullis::tests
