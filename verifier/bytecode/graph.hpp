// What leads where in a function, and what it still needs: read off the instructions, without values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "verifier/bytecode/object.hpp"

namespace portcullis::bytecode {

// Parts of an instruction's code.
enum : std::uint8_t {
  code_class = 0x07,
  class_constant = 0x00,  // 64-bit constants, in two slots
  class_load = 0x01,
  class_store_constant = 0x02,
  class_store = 0x03,
  class_calculate32 = 0x04,
  class_jump = 0x05,
  class_jump32 = 0x06,
  class_calculate = 0x07,
  code_operation = 0xF0,
  code_register = 0x08,  // the second operand is a register, not the immediate
  code_size = 0x18,
  code_mode = 0xE0,
  mode_memory = 0x60,
  constant64 = 0x18,
  jump_always = 0x05,
  jump_call = 0x85,
  jump_exit = 0x95,
};

[[nodiscard]] bool is_branch(const Instruction& instruction);  // goes on in two ways

// A set of registers, by bits.
using Registers = std::uint16_t;

// For every instruction, the registers whose values may be read from there on.
struct Graph {
  std::vector<Registers> needed;
};

// What a function does that cannot be followed, and where.
struct Stopped {
  std::size_t at = 0;  // the instruction in the function
  std::string what;
};

// Every way must lead forward, and stay in the function.
[[nodiscard]] std::variant<Graph, Stopped> graph_of(const Function& function);

}  // namespace portcullis::bytecode
