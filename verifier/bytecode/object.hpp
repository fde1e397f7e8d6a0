// A relocatable BPF object (ELF, 64 bits, little-endian) as the functions of its section .text. Reads nothing outside
// of the bytes, whatever they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace portcullis::bytecode {

struct Instruction {
  std::uint8_t code = 0;
  std::uint8_t destination = 0, source = 0;  // registers
  std::int16_t offset = 0;
  std::int32_t immediate = 0;
  // Of a relocation: what the linker puts in here, and the section where that lies. Empty: nothing.
  std::string symbol, section;
  bool operator==(const Instruction&) const = default;
};

struct Function {
  std::string name;
  std::size_t begin = 0;                  // the first instruction's number in .text, as a disassembly counts
  std::vector<Instruction> instructions;  // one a slot of 8 bytes: a 64-bit constant takes two
};

// Why the bytes are no such object.
struct Unreadable {
  std::string reason;
};

[[nodiscard]] std::variant<std::vector<Function>, Unreadable> read_object(std::span<const std::byte> bytes);

}  // namespace portcullis::bytecode
