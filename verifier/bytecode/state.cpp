#include "verifier/bytecode/state.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "compiler/base/error.hpp"

namespace portcullis::bytecode {

namespace {

constexpr std::size_t pointer_size = 8;

// Joins values of two states: the first's where `first` holds.
class Join {
 public:
  Join(smt::Session& session, smt::Term first) : session_(session), first_(first) {}

  // Nothing in the optional: they cannot be joined.
  [[nodiscard]] std::optional<Value> values(const Value& a, const Value& b) {
    if (std::holds_alternative<Nothing>(a) || std::holds_alternative<Nothing>(b)) return Nothing{};
    const auto* pointer_a = std::get_if<Pointer>(&a);
    const auto* pointer_b = std::get_if<Pointer>(&b);
    if (pointer_a && pointer_b) return pointers(*pointer_a, *pointer_b);
    if (pointer_a) return is_zero(b) ? std::optional<Value>(with_null(*pointer_a, true)) : std::nullopt;
    if (pointer_b) return is_zero(a) ? std::optional<Value>(with_null(*pointer_b, false)) : std::nullopt;
    return terms(std::get<smt::Term>(a), std::get<smt::Term>(b));
  }

  [[nodiscard]] Memory memories(const Memory& a, const Memory& b) {
    Memory out;
    for (auto at = a.begin(); at != a.end();) at = join_from(at, a, b, out);
    return out;
  }

 private:
  [[nodiscard]] smt::Term terms(smt::Term a, smt::Term b) {
    return session_.same(a, b) ? a : session_.choose(first_, a, b);
  }

  [[nodiscard]] bool is_zero(const Value& value) const {
    const auto* term = std::get_if<smt::Term>(&value);
    return term && session_.constant(*term) == 0;
  }

  // The pointer, and null in the other state.
  [[nodiscard]] Pointer with_null(Pointer pointer, bool is_first) {
    const smt::Term null = pointer.null.value_or(session_.truth(false)), yes = session_.truth(true);
    pointer.null =
        session_.simplified(is_first ? session_.choose(first_, null, yes) : session_.choose(first_, yes, null));
    return pointer;
  }

  [[nodiscard]] smt::Term place(const Pointer& pointer) {
    const smt::Term offset = session_.number(static_cast<std::uint64_t>(pointer.offset), 64);
    return pointer.moved ? session_.sum({offset, *pointer.moved}) : offset;
  }

  [[nodiscard]] bool same_null(const Pointer& a, const Pointer& b) const {
    return a.null.has_value() == b.null.has_value() && (!a.null || session_.same(*a.null, *b.null));
  }

  [[nodiscard]] std::optional<Value> pointers(const Pointer& a, const Pointer& b) {
    const bool of_table = a.region == Region::tables || a.region == Region::table || a.region == Region::entry;
    if (a.region != b.region || (of_table && a.table != b.table)) return {};
    Pointer out = a;
    if (a.offset != b.offset || a.moved || b.moved) {
      if (a.region != Region::entry) return {};
      out.offset = 0;
      out.moved = terms(place(a), place(b));
    }
    if (a.region == Region::entry) out.contents = terms(a.contents, b.contents);
    if (!same_null(a, b)) {
      const smt::Term no = session_.truth(false);
      out.null = session_.simplified(session_.choose(first_, a.null.value_or(no), b.null.value_or(no)));
    }
    return out;
  }

  // Joins what is at `at`, with what lies behind it and goes with it; returns the next place.
  Memory::const_iterator join_from(Memory::const_iterator at, const Memory& a, const Memory& b, Memory& out) {
    const auto [place, byte] = *at;
    const auto there = b.find(place);
    if (there == b.end()) return std::next(at);
    if (std::holds_alternative<PointerByte>(byte) || std::holds_alternative<PointerByte>(there->second)) {
      const Value here = read(session_, a, place, pointer_size), other = read(session_, b, place, pointer_size);
      const std::optional<Value> both = values(here, other);
      if (const Pointer* pointer = both ? std::get_if<Pointer>(&*both) : nullptr) {
        write(out, place, *pointer);
        return a.lower_bound(place + static_cast<std::int64_t>(pointer_size));
      }
      return std::next(at);
    }
    const std::size_t size = run_length(a, b, place);
    const smt::Term x = std::get<smt::Term>(read(session_, a, place, size));
    const smt::Term y = std::get<smt::Term>(read(session_, b, place, size));
    if (session_.same(x, y)) {
      for (std::size_t i = 0; i < size; ++i)
        out[place + static_cast<std::int64_t>(i)] = a.at(place + static_cast<std::int64_t>(i));
    } else {
      write(out, place, size, session_.choose(first_, x, y));
    }
    return a.lower_bound(place + static_cast<std::int64_t>(size));
  }

  // How many bytes from `place` on are of one term here, and of one term there.
  [[nodiscard]] static std::size_t run_length(const Memory& a, const Memory& b, std::int64_t place) {
    std::size_t size = 1;
    while (goes_on(a, place, size) && goes_on(b, place, size)) ++size;
    return size;
  }
  [[nodiscard]] static bool goes_on(const Memory& memory, std::int64_t place, std::size_t size) {
    const auto next = memory.find(place + static_cast<std::int64_t>(size));
    if (next == memory.end() || !std::holds_alternative<TermByte>(next->second)) return false;
    const auto& first = std::get<TermByte>(memory.at(place));
    const auto& byte = std::get<TermByte>(next->second);
    return byte.term == first.term && byte.index == first.index + size;
  }

  smt::Session& session_;
  smt::Term first_;
};

bool same(const smt::Session& session, const Branch& a, const Branch& b) {
  return a.held == b.held && session.same(a.condition, b.condition);
}

smt::Term formula_from(smt::Session& session, const std::vector<Branch>& path, std::size_t begin) {
  std::vector<smt::Term> all;
  for (std::size_t i = begin; i < path.size(); ++i)
    all.push_back(path[i].held ? path[i].condition : session.no(path[i].condition));
  return session.all(all);
}

Value read_pointer(const Memory& memory, std::int64_t place, const PointerByte& first, std::size_t size) {
  if (size != pointer_size) return Nothing{};
  for (std::size_t i = 0; i < size; ++i) {
    const auto at = memory.find(place + static_cast<std::int64_t>(i));
    if (at == memory.end()) return Nothing{};
    const auto* byte = std::get_if<PointerByte>(&at->second);
    if (!byte || byte->pointer != first.pointer || byte->index != i) return Nothing{};
  }
  return *first.pointer;
}

}  // namespace

std::string to_string(Region region) {
  switch (region) {
    case Region::stack:
      return "the stack";
    case Region::flow:
      return "the flow";
    case Region::remembered:
      return "what is remembered";
    case Region::choice:
      return "the choice";
    case Region::tables:
      return "a table of tables";
    case Region::table:
      return "a table";
    case Region::entry:
      return "an entry";
  }
  return {};
}

void write(Memory& memory, std::int64_t place, std::size_t size, smt::Term value) {
  for (std::size_t i = 0; i < size; ++i) memory[place + static_cast<std::int64_t>(i)] = TermByte{value, i};
}

void write(Memory& memory, std::int64_t place, const Pointer& pointer) {
  const auto shared = std::make_shared<const Pointer>(pointer);
  for (std::size_t i = 0; i < pointer_size; ++i) memory[place + static_cast<std::int64_t>(i)] = PointerByte{shared, i};
}

Value read(smt::Session& session, const Memory& memory, std::int64_t place, std::size_t size) {
  std::optional<smt::Term> all;
  for (std::size_t i = 0; i < size;) {
    const auto at = memory.find(place + static_cast<std::int64_t>(i));
    if (at == memory.end()) return Nothing{};
    if (const auto* pointer = std::get_if<PointerByte>(&at->second))
      return i == 0 ? read_pointer(memory, place, *pointer, size) : Nothing{};
    // As many bytes of one term as there are.
    const auto first = std::get<TermByte>(at->second);
    std::size_t count = 1;
    for (; i + count < size; ++count) {
      const auto next = memory.find(place + static_cast<std::int64_t>(i + count));
      if (next == memory.end()) return Nothing{};
      const auto* byte = std::get_if<TermByte>(&next->second);
      if (!byte || byte->term != first.term || byte->index != first.index + count) break;
    }
    const smt::Term part =
        session.width(first.term) == 8 * count ? first.term : bytes_of(session, first.term, first.index, count);
    all = all ? session.concat(part, *all) : part;
    i += count;
  }
  if (!all) throw base::InternalError("bytecode: a read of no bytes");
  return session.simplified(*all);
}

smt::Term formula(smt::Session& session, const std::vector<Branch>& path) {
  return formula_from(session, path, 0);
}

Fork fork_of(const smt::Session& session, const State& a, const State& b) {
  Fork fork;
  const std::size_t least = std::min(a.path.size(), b.path.size());
  while (fork.common < least && same(session, a.path[fork.common], b.path[fork.common])) ++fork.common;
  fork.siblings = a.path.size() == fork.common + 1 && b.path.size() == fork.common + 1 &&
                  session.same(a.path.back().condition, b.path.back().condition);
  return fork;
}

std::optional<State> joined(smt::Session& session, const State& a, const State& b) {
  const Fork fork = fork_of(session, a, b);
  const smt::Term first = formula_from(session, a.path, fork.common);
  Join join(session, first);
  State out;
  for (std::size_t i = 0; i < register_count; ++i) {
    std::optional<Value> value = join.values(a.registers.at(i), b.registers.at(i));
    if (!value) return {};
    out.registers.at(i) = std::move(*value);
  }
  out.path.assign(a.path.begin(), a.path.begin() + static_cast<std::ptrdiff_t>(fork.common));
  if (!fork.siblings) out.path.push_back({session.any({first, formula_from(session, b.path, fork.common)}), true});
  out.stack = join.memories(a.stack, b.stack);
  out.choice = join.memories(a.choice, b.choice);
  return out;
}

}  // namespace portcullis::bytecode
