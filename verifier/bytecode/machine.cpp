#include "verifier/bytecode/machine.hpp"

#include <fmt/format.h>

#include "backends/ebpf/bpf/types.h"
#include "verifier/bytecode/arithmetic.hpp"

namespace portcullis::bytecode {

namespace {

constexpr unsigned register_bits = 64;
constexpr std::int32_t helper_lookup = 1;

std::uint64_t extended(std::int32_t immediate) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(immediate));
}

std::size_t access_size(std::uint8_t code) {
  switch (code & code_size) {
    case 0x00:
      return 4;
    case 0x08:
      return 2;
    case 0x10:
      return 1;
    default:
      return 8;
  }
}

bool is_memory_access(std::uint8_t code) {
  return (code & code_mode) == mode_memory;
}

// First place and the place behind the last.
std::pair<std::int64_t, std::int64_t> bounds_of(const Pointer& pointer) {
  switch (pointer.region) {
    case Region::stack:
      return {-stack_size, 0};
    case Region::flow:
      return {0, sizeof(pcl_flow)};
    case Region::remembered:
      return {0, sizeof(pcl_memory)};
    case Region::choice:
      return {0, sizeof(pcl_choice)};
    case Region::entry:
      return {0, entry_bytes(pointer.table)};
    case Region::tables:
    case Region::table:
      break;
  }
  return {0, 0};
}

bool inside(const Pointer& pointer, std::size_t size) {
  const auto [begin, end] = bounds_of(pointer);
  return pointer.offset >= begin && pointer.offset <= end - static_cast<std::int64_t>(size);
}

}  // namespace

void Machine::refuse(const State& state, std::size_t at, const std::string& what) {
  const auto result = session_.check(fmt::format("{} at {} is reached", function_.name, function_.begin + at),
                                     {formula(session_, state.path)});
  if (result.answer == smt::Answer::unsatisfiable) throw Unreachable{};
  throw Stopped{at, what};
}

void Machine::require(const State& state, std::size_t at, smt::Term condition, const std::string& what) {
  const auto result = session_.check(fmt::format("{} at {}", function_.name, function_.begin + at),
                                     {formula(session_, state.path), session_.no(condition)});
  if (result.answer == smt::Answer::unknown) throw Stopped{at, fmt::format("perhaps {}: {}", what, result.reason)};
  if (result.answer != smt::Answer::unsatisfiable) refuse(state, at, what);
}

void Machine::require_no_null(const State& state, std::size_t at, Pointer& pointer) {
  if (!pointer.null) return;
  require(state, at, session_.no(*pointer.null), "it uses a pointer that may be null");
  pointer.null.reset();
}

smt::Term Machine::low(smt::Term value, unsigned width) {
  return session_.width(value) == width ? value : session_.extract(value, width - 1, 0);
}

smt::Term Machine::full(smt::Term value) {
  return session_.simplified(session_.width(value) == register_bits ? value : session_.widen(value, register_bits));
}

const Value& Machine::value(const State& state, std::size_t which, std::size_t at) {
  const Value& value = state.registers.at(which);
  if (std::holds_alternative<Nothing>(value))
    refuse(state, at, fmt::format("it reads r{}, which holds nothing", which));
  return value;
}

smt::Term Machine::number(const State& state, std::size_t which, std::size_t at) {
  const auto* term = std::get_if<smt::Term>(&value(state, which, at));
  if (!term) refuse(state, at, fmt::format("it takes the pointer in r{} for a number", which));
  return *term;
}

Pointer Machine::pointer(const State& state, std::size_t which, std::size_t at) {
  const auto* pointer = std::get_if<Pointer>(&value(state, which, at));
  if (!pointer) refuse(state, at, fmt::format("it takes the number in r{} for a pointer", which));
  return *pointer;
}

smt::Term Machine::second(const State& state, std::size_t at, unsigned width) {
  const Instruction& i = function_.instructions[at];
  if ((i.code & code_register) == 0) return session_.number(extended(i.immediate), width);
  return low(number(state, i.source, at), width);
}

// ---- calculating

void Machine::calculate(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  const auto operation = static_cast<Operation>(i.code & code_operation);
  const bool by_register = (i.code & code_register) != 0, narrow = (i.code & code_class) == class_calculate32;
  if (i.offset != 0 || !i.symbol.empty()) refuse(state, at, "it has a form that is not known");
  if (operation == Operation::byte_order) return change_byte_order(state, at);
  if (by_register ? i.immediate != 0 : i.source != 0) refuse(state, at, "it has a form that is not known");
  const bool moves = operation == Operation::move;
  const auto holds_pointer = [&](std::size_t which) {
    return std::holds_alternative<Pointer>(state.registers.at(which));
  };
  if ((!moves && holds_pointer(i.destination)) || (by_register && holds_pointer(i.source)))
    return calculate_pointer(state, at);
  const unsigned width = narrow ? register_bits / 2 : register_bits;
  const smt::Term b = second(state, at, width);
  const smt::Term a = moves ? b : low(number(state, i.destination, at), width);
  const auto result = calculated(session_, operation, a, b);
  if (!result) refuse(state, at, fmt::format("its operation {:#04x} is not known", i.code));
  state.registers.at(i.destination) = full(*result);
}

// A pointer is copied, or moved by a number.
void Machine::calculate_pointer(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  const auto operation = static_cast<Operation>(i.code & code_operation);
  const bool by_register = (i.code & code_register) != 0;
  if ((i.code & code_class) == class_calculate32) refuse(state, at, "it takes half of a pointer");
  Value& destination = state.registers.at(i.destination);
  if (operation == Operation::move) {
    destination = value(state, i.source, at);
    return;
  }
  const bool adds = operation == Operation::add,
             source_points = by_register && std::holds_alternative<Pointer>(state.registers.at(i.source));
  if (!adds && (operation != Operation::subtract || source_points)) refuse(state, at, "it calculates with a pointer");
  Pointer moved = pointer(state, source_points ? i.source : i.destination, at);
  const smt::Term by = source_points ? number(state, i.destination, at) : second(state, at, register_bits);
  require_no_null(state, at, moved);
  if (const auto constant = session_.constant(by)) {
    const auto signed_by = static_cast<std::int64_t>(*constant);
    constexpr std::int64_t far = 1 << 20;  // no region is as large
    if (signed_by > far || signed_by < -far || moved.offset > far || moved.offset < -far)
      refuse(state, at, "it moves a pointer too far");
    moved.offset += adds ? signed_by : -signed_by;
  } else {
    if (moved.region != Region::entry || !adds) refuse(state, at, "it moves a pointer by a number that is not known");
    moved.moved = session_.simplified(moved.moved ? session_.sum({*moved.moved, by}) : by);
  }
  destination = moved;
}

void Machine::change_byte_order(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  const bool sized = i.immediate == 16 || i.immediate == 32 || i.immediate == 64;
  if ((i.code & code_class) != class_calculate32 || !sized || i.source != 0)
    refuse(state, at, "it has a form that is not known");
  const smt::Term part = low(number(state, i.destination, at), static_cast<unsigned>(i.immediate));
  state.registers.at(i.destination) = full((i.code & code_register) != 0 ? swapped(session_, part) : part);
}

// ---- memory

smt::Term Machine::load_indexed(const State& state, const Pointer& pointer, std::size_t size, std::size_t at) {
  const smt::Term place = session_.simplified(
      session_.sum({session_.number(static_cast<std::uint64_t>(pointer.offset), register_bits), *pointer.moved}));
  const std::size_t entry = entry_bytes(pointer.table);
  if (size > entry) refuse(state, at, "it reads behind an entry");
  const std::size_t last = entry - size;
  require(state, at, session_.at_most(place, session_.number(last, register_bits)), "it reads beside an entry");
  smt::Term all = bytes_of(session_, pointer.contents, last, size);
  for (std::size_t i = last; i-- > 0;)
    all = session_.choose(session_.equal(place, session_.number(i, register_bits)),
                          bytes_of(session_, pointer.contents, i, size), all);
  return session_.simplified(all);
}

// A term of 8 · size bits, or a pointer.
Value Machine::load(const State& state, Pointer pointer, std::size_t size, std::size_t at) {
  require_no_null(state, at, pointer);
  if (pointer.moved) return load_indexed(state, pointer, size, at);
  if (!inside(pointer, size)) refuse(state, at, fmt::format("it reads beside {}", to_string(pointer.region)));
  const auto place = static_cast<std::size_t>(pointer.offset);
  switch (pointer.region) {
    case Region::flow:
      return session_.simplified(bytes_of(session_, inputs_.flow, place, size));
    case Region::remembered:
      return session_.simplified(bytes_of(session_, inputs_.remembered, place, size));
    case Region::entry:
      return session_.simplified(bytes_of(session_, pointer.contents, place, size));
    case Region::stack:
    case Region::choice: {
      Value value = read(session_, pointer.region == Region::stack ? state.stack : state.choice, pointer.offset, size);
      if (std::holds_alternative<Nothing>(value))
        refuse(state, at, fmt::format("it reads of {} what was not written there", to_string(pointer.region)));
      return value;
    }
    case Region::tables:
    case Region::table:
      break;
  }
  refuse(state, at, "it reads inside of a table");
}

void Machine::store(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  const bool constant = (i.code & code_class) == class_store_constant;
  if (!is_memory_access(i.code) || (constant ? i.source != 0 : i.immediate != 0) || !i.symbol.empty())
    refuse(state, at, "it has a form that is not known");
  Pointer to = pointer(state, i.destination, at);
  require_no_null(state, at, to);
  to.offset += i.offset;
  const std::size_t size = access_size(i.code);
  if (to.region != Region::stack && to.region != Region::choice)
    refuse(state, at, fmt::format("it writes to {}", to_string(to.region)));
  if (!inside(to, size)) refuse(state, at, fmt::format("it writes beside {}", to_string(to.region)));
  Memory& memory = to.region == Region::stack ? state.stack : state.choice;
  const Value what =
      constant ? Value(session_.number(extended(i.immediate), register_bits)) : value(state, i.source, at);
  if (const auto* pointer = std::get_if<Pointer>(&what)) {
    if (to.region != Region::stack || size != sizeof(std::uint64_t)) refuse(state, at, "it gives a pointer away");
    return write(memory, to.offset, *pointer);
  }
  write(memory, to.offset, size, std::get<smt::Term>(what));
}

void Machine::load_constant(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  const bool whole = i.code == constant64 && at + 1 < function_.instructions.size() && i.source == 0 && i.offset == 0;
  if (!whole) refuse(state, at, fmt::format("its code {:#04x} is not known", i.code));
  const Instruction& high = function_.instructions[at + 1];
  if (high.code != 0 || high.destination != 0 || high.source != 0 || high.offset != 0 || !high.symbol.empty())
    refuse(state, at, "its second half is none");
  if (i.symbol.empty()) {
    const std::uint64_t both = static_cast<std::uint64_t>(static_cast<std::uint32_t>(high.immediate)) << 32U |
                               static_cast<std::uint32_t>(i.immediate);
    state.registers.at(i.destination) = session_.number(both, register_bits);
    return;
  }
  const auto table =
      i.section == ".maps" && i.immediate == 0 && high.immediate == 0 ? table_of(i.symbol) : std::nullopt;
  if (!table) refuse(state, at, fmt::format("it refers to {}", i.symbol));
  Pointer pointer;
  pointer.region = Region::tables;
  pointer.table = *table;
  state.registers.at(i.destination) = pointer;
}

void Machine::call(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  if (i.source != 0 || !i.symbol.empty()) refuse(state, at, "it calls another function");
  if (i.immediate != helper_lookup) refuse(state, at, fmt::format("it calls helper {}", i.immediate));
  const Pointer table = pointer(state, 1, at), key = pointer(state, 2, at);
  const bool of_generations = table.region == Region::tables;
  if ((!of_generations && table.region != Region::table) || table.offset != 0 || table.null)
    refuse(state, at, "it looks something up in what is no table");
  const std::size_t size = of_generations ? sizeof(pcl_u32) : key_bytes(table.table);
  const Value loaded = load(state, key, size, at);
  const auto* bits = std::get_if<smt::Term>(&loaded);
  if (!bits) refuse(state, at, "it looks a pointer up");
  Pointer found;
  found.table = table.table;
  if (of_generations) {
    require(state, at, session_.equal(*bits, inputs_.generation), "it takes a table of another generation");
    found.region = Region::table;
  } else {
    const Entry entry = tables_.ask(table.table, *bits);
    found.region = Region::entry;
    found.contents = entry.contents;
    found.null = session_.no(entry.present);
  }
  for (std::size_t which = 1; which <= 5; ++which) state.registers.at(which) = Nothing{};
  state.registers.at(0) = found;
}

void Machine::step(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  switch (i.code & code_class) {
    case class_calculate:
    case class_calculate32:
      return calculate(state, at);
    case class_constant:
      return load_constant(state, at);
    case class_store_constant:
    case class_store:
      return store(state, at);
    case class_load: {
      if (!is_memory_access(i.code) || i.immediate != 0 || !i.symbol.empty())
        refuse(state, at, "it has a form that is not known");
      Pointer from = pointer(state, i.source, at);
      from.offset += i.offset;
      Value loaded = load(state, from, access_size(i.code), at);
      if (auto* term = std::get_if<smt::Term>(&loaded)) *term = full(*term);
      state.registers.at(i.destination) = std::move(loaded);
      return;
    }
    default:
      break;
  }
  if (i.code == jump_call) return call(state, at);
  refuse(state, at, fmt::format("its code {:#04x} is not known", i.code));
}

// ---- branches

smt::Term Machine::condition(State& state, std::size_t at) {
  const Instruction& i = function_.instructions[at];
  const auto comparison = static_cast<Comparison>(i.code & code_operation);
  const bool narrow = (i.code & code_class) == class_jump32, by_register = (i.code & code_register) != 0;
  if ((by_register ? i.immediate != 0 : i.source != 0) || !i.symbol.empty())
    refuse(state, at, "it has a form that is not known");
  if (const auto* points = std::get_if<Pointer>(&value(state, i.destination, at))) {
    const bool whether_null = comparison == Comparison::equal || comparison == Comparison::unequal;
    if (!whether_null || narrow || session_.constant(second(state, at, register_bits)) != 0)
      refuse(state, at, "it compares a pointer");
    const smt::Term null = points->null.value_or(session_.truth(false));
    return session_.simplified(comparison == Comparison::equal ? null : session_.no(null));
  }
  const unsigned width = narrow ? register_bits / 2 : register_bits;
  const auto result =
      compared(session_, comparison, low(number(state, i.destination, at), width), second(state, at, width));
  if (!result) refuse(state, at, fmt::format("its comparison {:#04x} is not known", i.code));
  return session_.simplified(*result);
}

void Machine::take(State& state, std::size_t at, smt::Term condition, bool taken) {
  state.path.push_back({condition, taken});
  const Instruction& i = function_.instructions[at];
  const auto* asked = std::get_if<Pointer>(&state.registers.at(i.destination));
  if (!asked || !asked->null) return;
  const smt::Term null = *asked->null;
  const bool is_null = taken == (static_cast<Comparison>(i.code & code_operation) == Comparison::equal);
  const auto settle = [&](Pointer& pointer) {
    const bool same = pointer.null && session_.same(*pointer.null, null);
    if (same && !is_null) pointer.null.reset();
    return same;
  };
  for (Value& value : state.registers) {
    auto* pointer = std::get_if<Pointer>(&value);
    if (pointer && settle(*pointer) && is_null) value = session_.number(0, register_bits);
  }
  std::vector<std::pair<std::int64_t, Pointer>> in_memory;
  for (const auto& [place, byte] : state.stack) {
    const auto* part = std::get_if<PointerByte>(&byte);
    if (part && part->index == 0 && std::holds_alternative<Pointer>(read(session_, state.stack, place, 8)))
      in_memory.emplace_back(place, *part->pointer);
  }
  for (auto& [place, pointer] : in_memory) {
    if (!settle(pointer)) continue;
    if (is_null)
      write(state.stack, place, 8, session_.number(0, register_bits));
    else
      write(state.stack, place, pointer);
  }
}

}  // namespace portcullis::bytecode
