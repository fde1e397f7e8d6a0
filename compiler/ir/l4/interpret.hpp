// fate : Program × Packet × Memory → Fate. The one definition of what a program means.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir {

// What decided, for the narrator: the route, checks by hook, the guard's position.
struct Trail {
  const RangeCheck* range_check = nullptr;  // it dropped the packet
  std::vector<const Route*> fell_through;   // routes that matched and fell
  const Route* route = nullptr;             // the route that decided
  const GuardedOutcome* outcome = nullptr;
  const Check* check = nullptr;             // the refusing or accepting check, if one decided (of the first target)
};

// Lookup indexes over a program, built once; the program must outlive it.
class Interpreter {
 public:
  explicit Interpreter(const Program& program);
  [[nodiscard]] Fate fate(const net::Packet& packet, const Memory& memory = {}, Trail* trail = nullptr) const;
  [[nodiscard]] const Program& program() const { return *program_; }

 private:
  struct Translated;
  struct CheckResult;
  [[nodiscard]] const RangeCheck* refused_before_translation(const net::Packet& packet) const;
  [[nodiscard]] const Route* find(Table table, const RouteKey& key) const;
  [[nodiscard]] CheckResult check(const Translated& packet) const;
  [[nodiscard]] const Check* check_at(const Translated& packet, bool Hooks::*hook) const;
  [[nodiscard]] bool matches(const Check& check, const Translated& packet) const;
  [[nodiscard]] Fate balance(const Balance& balance, const net::Packet& packet, const Memory& memory, Trail* trail) const;
  [[nodiscard]] Fate untranslated(const net::Packet& packet, Trail* trail) const;

  const Program* program_;
  std::map<RouteKey, const RangeCheck*> pre_;
  std::map<RouteKey, std::vector<std::uint32_t>> frontend_checks_;  // indexes into program.checks, ascending
  std::map<std::pair<net::Protocol, std::uint16_t>, std::vector<std::uint32_t>> node_port_checks_;
  std::map<net::Address, std::vector<std::uint32_t>> address_checks_;
  std::vector<std::uint32_t> general_checks_;  // every other alternative
};

}  // namespace portcullis::ir
