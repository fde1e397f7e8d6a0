// Each form of an instruction on unknown numbers, held against what the kernel makes of known ones.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/bytecode/assembly.hpp"
#include "tests/unit/bytecode/kernel_run.hpp"
#include "verifier/bytecode/execute.hpp"

namespace portcullis::tests {

using bytecode::Comparison;
using bytecode::Operation;

namespace {

constexpr std::array<std::uint64_t, 7> numbers{
    0, 1, 0x7FFFFFFF, 0x80000000, 0x0123456789ABCDEF, UINT64_MAX, 0x8000000000000000};

std::vector<Instruction> together(std::initializer_list<std::vector<Instruction>> parts) {
  std::vector<Instruction> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Instructions that make r0 of r1 and r2.
using Body = std::vector<Instruction>;

// What the executor says of all numbers is what the kernel says of these.
void compare(const Body& body, const std::string& what) {
  smt::Session session;
  bytecode::Tables tables(session);
  bytecode::Function function{"form", 0, body};
  function.instructions.push_back(leave());
  const smt::Term a = session.bits("a", 64), b = session.bits("b", 64);
  bytecode::Inputs inputs;
  inputs.arguments.at(0) = a;
  inputs.arguments.at(1) = b;
  INFO(what);
  const auto ran = bytecode::execute(session, tables, function, inputs);
  if (const auto* refused = std::get_if<bytecode::Refused>(&ran)) FAIL(refused->reason);
  const auto& ends = std::get<bytecode::Ends>(ran);
  REQUIRE(ends.states.size() == 1);
  for (const std::uint64_t x : numbers) {
    for (const std::uint64_t y : numbers) {
      const std::uint64_t kernel = run_in_kernel(together({constant(1, x), constant(2, y), body, {leave()}}));
      const auto result =
          session.check("form", {session.equal(a, session.number(x, 64)), session.equal(b, session.number(y, 64)),
                                 session.no(session.equal(ends.results[0], session.number(kernel, 64)))});
      INFO(fmt::format("{:#x} and {:#x}: the kernel says {:#x}", x, y, kernel));
      CHECK(result.answer == smt::Answer::unsatisfiable);
    }
  }
}

}  // namespace

TEST_CASE("calculating with registers") {
  if (!kernel_runs_programs()) return;
  for (const unsigned width : {32U, 64U}) {
    for (const Operation operation : {Operation::add, Operation::subtract, Operation::multiply, Operation::bit_or,
                                      Operation::bit_and, Operation::bit_xor, Operation::move, Operation::shift_left,
                                      Operation::shift_right, Operation::shift_right_signed})
      compare({move(0, 1), calculate(operation, width, 0, 2)},
              fmt::format("operation {:#x} of {} bits", static_cast<unsigned>(operation), width));
    compare({move(0, 1), calculate_by(Operation::negate, width, 0, 0)}, fmt::format("negation of {} bits", width));
  }
}

TEST_CASE("calculating with constants") {
  if (!kernel_runs_programs()) return;
  for (const unsigned width : {32U, 64U}) {
    for (const Operation operation : {Operation::add, Operation::subtract, Operation::multiply, Operation::bit_or,
                                      Operation::bit_and, Operation::bit_xor, Operation::move}) {
      for (const std::int32_t by : {3, -2})
        compare({move(0, 1), calculate_by(operation, width, 0, by)},
                fmt::format("operation {:#x} of {} bits by {}", static_cast<unsigned>(operation), width, by));
    }
    for (const Operation operation : {Operation::shift_left, Operation::shift_right, Operation::shift_right_signed})
      compare({move(0, 1), calculate_by(operation, width, 0, static_cast<std::int32_t>(width) - 1)},
              fmt::format("shift {:#x} of {} bits", static_cast<unsigned>(operation), width));
  }
}

TEST_CASE("changing the order of bytes") {
  if (!kernel_runs_programs()) return;
  for (const std::int32_t bits : {16, 32, 64}) {
    for (const std::uint8_t code : {std::uint8_t{0xD4}, std::uint8_t{0xDC}})
      compare({move(0, 1), {code, 0, 0, 0, bits, {}, {}}}, fmt::format("code {:#x} of {} bits", code, bits));
  }
}

TEST_CASE("comparing") {
  if (!kernel_runs_programs()) return;
  for (const unsigned width : {32U, 64U}) {
    for (const Comparison comparison :
         {Comparison::equal, Comparison::above, Comparison::at_least, Comparison::has_bit, Comparison::unequal,
          Comparison::above_signed, Comparison::at_least_signed, Comparison::below, Comparison::at_most,
          Comparison::below_signed, Comparison::at_most_signed}) {
      const std::string what = fmt::format("comparison {:#x} of {} bits", static_cast<unsigned>(comparison), width);
      compare({set(0, 1), branch(comparison, width, 1, 2, 1), set(0, 0)}, what);
      compare({set(0, 1), branch_by(comparison, width, 1, -1, 1), set(0, 0)}, what + " with -1");
    }
  }
}

TEST_CASE("memory") {
  if (!kernel_runs_programs()) return;
  for (const unsigned size : {1U, 2U, 4U, 8U}) {
    const auto at = static_cast<std::int16_t>(-8);
    const std::string what = fmt::format("{} bytes", size);
    compare({store(size, 10, at, 1), load(size, 0, 10, at)}, what);
    compare({store(8, 10, at, 1), store_value(size, 10, at, -3), load(8, 0, 10, at)},
            what + ", a constant over a number");
    compare({store(8, 10, at, 1), store(size, 10, static_cast<std::int16_t>(-static_cast<int>(size)), 2),
             load(8, 0, 10, at)},
            what + ", one number over another");
    compare({store(8, 10, at, 1), load(size, 0, 10, static_cast<std::int16_t>(-static_cast<int>(size)))},
            what + " of a number");
  }
  // A pointer that lies on the stack for a while, and is moved.
  compare({store(8, 10, -8, 1), move(3, 10), store(8, 10, -16, 3), load(8, 4, 10, -16),
           calculate_by(Operation::add, 64, 4, -8), load(8, 0, 4, 0)},
          "a pointer in memory");
}

TEST_CASE("two ways join") {
  if (!kernel_runs_programs()) return;
  compare(
      {store(8, 10, -8, 1), move(0, 1), branch(Comparison::above, 64, 1, 2, 3), store(4, 10, -8, 2), move(0, 2),
       skip(1), calculate_by(Operation::add, 64, 0, 5), load(8, 3, 10, -8), calculate(Operation::bit_xor, 64, 0, 3)},
      "a number and memory that differ");
  compare({store(8, 10, -8, 1), store(8, 10, -16, 2), move(3, 10), calculate_by(Operation::add, 64, 3, -8),
           branch(Comparison::equal, 32, 1, 2, 2), calculate_by(Operation::add, 64, 3, -8), skip(1),
           calculate_by(Operation::add, 64, 3, -8), load(8, 0, 3, 0)},
          "a pointer that is moved on both");
}

}  // namespace portcullis::tests
