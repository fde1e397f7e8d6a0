// Instructions by hand.
#pragma once

#include <cstdint>
#include <vector>

#include "verifier/bytecode/arithmetic.hpp"
#include "verifier/bytecode/object.hpp"

namespace portcullis::tests {

using bytecode::Instruction;

// `width`: 32 or 64.
inline Instruction calculate(bytecode::Operation operation, unsigned width, std::uint8_t to, std::uint8_t by) {
  const auto code = static_cast<std::uint8_t>(static_cast<unsigned>(operation) | 0x08U | (width == 64 ? 0x07U : 0x04U));
  return {code, to, by, 0, 0, {}, {}};
}
inline Instruction calculate_by(bytecode::Operation operation, unsigned width, std::uint8_t to, std::int32_t by) {
  const auto code = static_cast<std::uint8_t>(static_cast<unsigned>(operation) | (width == 64 ? 0x07U : 0x04U));
  return {code, to, 0, 0, by, {}, {}};
}
inline Instruction move(std::uint8_t to, std::uint8_t from) {
  return calculate(bytecode::Operation::move, 64, to, from);
}
inline Instruction set(std::uint8_t to, std::int32_t value) {
  return calculate_by(bytecode::Operation::move, 64, to, value);
}
inline Instruction branch(bytecode::Comparison comparison, unsigned width, std::uint8_t a, std::uint8_t b,
                          std::int16_t over) {
  const auto code =
      static_cast<std::uint8_t>(static_cast<unsigned>(comparison) | 0x08U | (width == 64 ? 0x05U : 0x06U));
  return {code, a, b, over, 0, {}, {}};
}
inline Instruction branch_by(bytecode::Comparison comparison, unsigned width, std::uint8_t a, std::int32_t b,
                             std::int16_t over) {
  const auto code = static_cast<std::uint8_t>(static_cast<unsigned>(comparison) | (width == 64 ? 0x05U : 0x06U));
  return {code, a, 0, over, b, {}, {}};
}
// `size`: 1, 2, 4 or 8 bytes.
inline std::uint8_t size_code(unsigned size) {
  return size == 1 ? 0x10U : size == 2 ? 0x08U : size == 4 ? 0x00U : 0x18U;
}
inline Instruction load(unsigned size, std::uint8_t to, std::uint8_t from, std::int16_t offset) {
  return {static_cast<std::uint8_t>(0x61U | size_code(size)), to, from, offset, 0, {}, {}};
}
inline Instruction store(unsigned size, std::uint8_t to, std::int16_t offset, std::uint8_t what) {
  return {static_cast<std::uint8_t>(0x63U | size_code(size)), to, what, offset, 0, {}, {}};
}
inline Instruction store_value(unsigned size, std::uint8_t to, std::int16_t offset, std::int32_t what) {
  return {static_cast<std::uint8_t>(0x62U | size_code(size)), to, 0, offset, what, {}, {}};
}
inline Instruction call(std::int32_t helper) {
  return {0x85, 0, 0, 0, helper, {}, {}};
}
inline Instruction skip(std::int16_t over) {
  return {0x05, 0, 0, over, 0, {}, {}};
}
inline Instruction leave() {
  return {0x95, 0, 0, 0, 0, {}, {}};
}
// Takes two slots.
inline std::vector<Instruction> constant(std::uint8_t to, std::uint64_t value) {
  return {{0x18, to, 0, 0, static_cast<std::int32_t>(value & 0xFFFFFFFFU), {}, {}},
          {0, 0, 0, 0, static_cast<std::int32_t>(value >> 32U), {}, {}}};
}
inline std::vector<Instruction> table(std::uint8_t to, const char* name, const char* section = ".maps") {
  return {{0x18, to, 0, 0, 0, name, section}, {0, 0, 0, 0, 0, {}, {}}};
}

}  // namespace portcullis::tests
