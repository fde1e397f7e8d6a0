// What the arithmetic and the conditions of BPF mean for two numbers of one width (32 or 64 bits).
#pragma once

#include <cstdint>
#include <optional>

#include "verifier/smt/session.hpp"

namespace portcullis::bytecode {

// Operations by the upper half of an instruction's code.
enum class Operation : std::uint8_t {
  add = 0x00,
  subtract = 0x10,
  multiply = 0x20,
  bit_or = 0x40,
  bit_and = 0x50,
  shift_left = 0x60,
  shift_right = 0x70,
  negate = 0x80,
  bit_xor = 0xA0,
  move = 0xB0,
  shift_right_signed = 0xC0,
  byte_order = 0xD0,
};
enum class Comparison : std::uint8_t {
  equal = 0x10,
  above = 0x20,
  at_least = 0x30,
  has_bit = 0x40,
  unequal = 0x50,
  above_signed = 0x60,
  at_least_signed = 0x70,
  below = 0xA0,
  at_most = 0xB0,
  below_signed = 0xC0,
  at_most_signed = 0xD0,
};

// Nothing for what is not here: division, and what later versions of the instruction set have.
[[nodiscard]] std::optional<smt::Term> calculated(smt::Session& session, Operation operation, smt::Term a, smt::Term b);
[[nodiscard]] std::optional<smt::Term> compared(smt::Session& session, Comparison comparison, smt::Term a, smt::Term b);

}  // namespace portcullis::bytecode
