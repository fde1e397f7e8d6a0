// What a function has in its registers and in memory at one instruction, on all paths that lead there in one way.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "verifier/bytecode/tables.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::bytecode {

enum class Region {
  stack,       // below the frame pointer
  flow,        // what `flow` points to
  remembered,  // what `remembered` points to
  choice,      // what `choice` points to
  tables,      // a table of every generation
  table,       // the table of the flow's generation
  entry,       // an entry of a table
};
[[nodiscard]] std::string to_string(Region region);

struct Pointer {
  Region region{};
  std::int64_t offset = 0;
  std::optional<smt::Term> moved;  // 64 bits that are added to the offset; of entries only
  Table table{};                   // of tables, table and entry
  smt::Term contents;              // of an entry: entries never change, so that a pointer to one is its contents
  std::optional<smt::Term> null;   // when it points to nothing; absent: never
};
// Nothing that may be read: never written, or something else on each way here.
struct Nothing {};
using Value = std::variant<Nothing, smt::Term, Pointer>;  // the term has 64 bits

// A byte of a term (0: the least significant), or of a pointer that lies in memory.
struct TermByte {
  smt::Term term;
  std::size_t index = 0;
};
struct PointerByte {
  std::shared_ptr<const Pointer> pointer;
  std::size_t index = 0;
};
using Byte = std::variant<TermByte, PointerByte>;

// Bytes by their place. What is not in the map was never written.
using Memory = std::map<std::int64_t, Byte>;

void write(Memory& memory, std::int64_t place, std::size_t size, smt::Term value);  // of 8 · size bits or more
void write(Memory& memory, std::int64_t place, const Pointer& pointer);
// A term of 8 · size bits, or a whole pointer; Nothing if some byte was never written, or is of a pointer and others.
[[nodiscard]] Value read(smt::Session& session, const Memory& memory, std::int64_t place, std::size_t size);

// A condition that held, or did not, at a branch.
struct Branch {
  smt::Term condition;
  bool held = true;
};

constexpr std::size_t register_count = 11;
constexpr std::size_t frame_register = 10;
constexpr std::int64_t stack_size = 512;

struct State {
  std::vector<Branch> path;
  std::array<Value, register_count> registers;
  Memory stack, choice;
};

[[nodiscard]] smt::Term formula(smt::Session& session, const std::vector<Branch>& path);

// Both states as one, which is the first where its path is taken. Nothing if they cannot be joined: a register holds a
// pointer here and a number there. What the stack holds of that kind cannot be read any more.
[[nodiscard]] std::optional<State> joined(smt::Session& session, const State& a, const State& b);
// How many branches at the beginning of both paths are the same; and whether nothing follows but one branch, taken here
// and not taken there.
struct Fork {
  std::size_t common = 0;
  bool siblings = false;
};
[[nodiscard]] Fork fork_of(const smt::Session& session, const State& a, const State& b);

}  // namespace portcullis::bytecode
