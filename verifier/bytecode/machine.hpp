// One instruction on one state.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "verifier/bytecode/graph.hpp"
#include "verifier/bytecode/object.hpp"
#include "verifier/bytecode/state.hpp"
#include "verifier/bytecode/tables.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::bytecode {

// What a function is called with.
struct Inputs {
  std::array<Value, 5> arguments;
  smt::Term flow, remembered;  // what is in memory there
  Memory choice;               // likewise, before it is written
  smt::Term generation;        // of the flow: 32 bits
};

// No packet comes to the state that something was asked of.
struct Unreachable {};

// Throws Stopped for what is not in the subset that decide and choose use, if some packet gets there, and Unreachable
// if none does.
class Machine {
 public:
  Machine(smt::Session& session, Tables& tables, const Function& function, const Inputs& inputs)
      : session_(session), tables_(tables), function_(function), inputs_(inputs) {}

  // Any instruction but a jump or the end.
  void step(State& state, std::size_t at);
  // Under which condition a branch is taken.
  [[nodiscard]] smt::Term condition(State& state, std::size_t at);
  // The state on one of the ways of the branch: what is null there is known to be.
  void take(State& state, std::size_t at, smt::Term condition, bool taken);
  // The number in a register.
  [[nodiscard]] smt::Term number(const State& state, std::size_t which, std::size_t at);

 private:
  [[noreturn]] void refuse(const State& state, std::size_t at, const std::string& what);
  void require(const State& state, std::size_t at, smt::Term condition, const std::string& what);
  void require_no_null(const State& state, std::size_t at, Pointer& pointer);

  void calculate(State& state, std::size_t at);
  void calculate_pointer(State& state, std::size_t at);
  void change_byte_order(State& state, std::size_t at);
  void load_constant(State& state, std::size_t at);
  void call(State& state, std::size_t at);
  void store(State& state, std::size_t at);

  [[nodiscard]] const Value& value(const State& state, std::size_t which, std::size_t at);
  [[nodiscard]] smt::Term second(const State& state, std::size_t at, unsigned width);
  [[nodiscard]] Pointer pointer(const State& state, std::size_t which, std::size_t at);
  [[nodiscard]] Value load(const State& state, Pointer pointer, std::size_t size, std::size_t at);
  [[nodiscard]] smt::Term load_indexed(const State& state, const Pointer& pointer, std::size_t size, std::size_t at);
  [[nodiscard]] smt::Term low(smt::Term value, unsigned width);
  [[nodiscard]] smt::Term full(smt::Term value);

  smt::Session& session_;
  Tables& tables_;
  const Function& function_;
  const Inputs& inputs_;
};

}  // namespace portcullis::bytecode
