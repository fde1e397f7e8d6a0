#include "verifier/bytecode/graph.hpp"

#include <optional>

#include <fmt/format.h>

#include "verifier/bytecode/arithmetic.hpp"

namespace portcullis::bytecode {

namespace {

constexpr unsigned frame = 10;  // the last register

struct Use {
  Registers read = 0, written = 0;
};

constexpr Registers only(unsigned number) {
  return static_cast<Registers>(1U << number);
}

Use use_of(const Instruction& i) {
  const Registers destination = only(i.destination), source = only(i.source);
  const Registers second = (i.code & code_register) != 0 ? source : Registers{0};
  switch (i.code & code_class) {
    case class_constant:
      return {0, destination};
    case class_load:
      return {source, destination};
    case class_store_constant:
      return {destination, 0};
    case class_store:
      return {static_cast<Registers>(destination | source), 0};
    case class_calculate:
    case class_calculate32: {
      const auto operation = static_cast<Operation>(i.code & code_operation);
      if (operation == Operation::byte_order) return {destination, destination};
      if (operation == Operation::move) return {second, destination};
      return {static_cast<Registers>(destination | second), destination};
    }
    default:
      break;
  }
  // A helper takes a table and a key here, and leaves nothing in the registers of arguments.
  if (i.code == jump_call) return {only(1) | only(2), only(0) | only(1) | only(2) | only(3) | only(4) | only(5)};
  if (i.code == jump_exit) return {only(0), 0};
  if (i.code == jump_always) return {};
  return {static_cast<Registers>(destination | second), 0};
}

// Where the instruction leads, in the function.
std::vector<std::int64_t> next_of(const Function& function, std::size_t at) {
  const Instruction& i = function.instructions[at];
  const std::int64_t here = static_cast<std::int64_t>(at), target = here + 1 + i.offset;
  if (i.code == constant64) return {here + 2};
  if (i.code == jump_exit) return {};
  if (i.code == jump_always) return {target};
  if (is_branch(i)) return {here + 1, target};
  return {here + 1};
}

bool is_second_slot(const Function& function, std::size_t at) {
  return at > 0 && function.instructions[at - 1].code == constant64 && function.instructions[at].code == 0;
}

}  // namespace

bool is_branch(const Instruction& instruction) {
  const auto kind = instruction.code & code_class;
  return (kind == class_jump || kind == class_jump32) && instruction.code != jump_always &&
         instruction.code != jump_call && instruction.code != jump_exit;
}

std::variant<Graph, Stopped> graph_of(const Function& function) {
  const std::size_t count = function.instructions.size();
  Graph graph{std::vector<Registers>(count, 0)};
  for (std::size_t at = count; at-- > 0;) {
    if (is_second_slot(function, at)) continue;
    const Instruction& instruction = function.instructions[at];
    if (instruction.destination > frame || instruction.source > frame)
      return Stopped{at, "it names a register that is none"};
    Registers needed = 0;
    for (const std::int64_t next : next_of(function, at)) {
      if (next <= static_cast<std::int64_t>(at)) return Stopped{at, "it leads backward"};
      if (next >= static_cast<std::int64_t>(count)) return Stopped{at, "it leads out of the function"};
      if (is_second_slot(function, static_cast<std::size_t>(next))) return Stopped{at, "it leads into a constant"};
      needed |= graph.needed[static_cast<std::size_t>(next)];
    }
    const Use use = use_of(instruction);
    if ((use.written & only(frame)) != 0) return Stopped{at, "it changes the frame pointer"};
    graph.needed[at] = static_cast<Registers>((needed & ~use.written) | use.read);
  }
  return graph;
}

}  // namespace portcullis::bytecode
