// fate : Program × Packet × Memory → Fate. The one definition of what a program means.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir {

// What decided, for the narrator. Pointers into the program.
struct Trail {
  const RangeCheck* range_check = nullptr;  // it dropped the packet before translation
  std::vector<const Route*> fell_through;   // routes that matched and fell
  const Route* route = nullptr;             // the route that decided
  const GuardedOutcome* outcome = nullptr;  // … and the outcome of it
  const Check* check = nullptr;             // the check that refused or accepted (for dnat: of the first target)
};

// Holds lookup indexes over a program; the program must outlive it and not move.
class Interpreter {
 public:
  explicit Interpreter(const Program& program);
  // A packet of the other family is untouched (`none`).
  [[nodiscard]] Fate fate(const net::Packet& packet, const Memory& memory = {}, Trail* trail = nullptr) const;
  [[nodiscard]] const Program& program() const { return *program_; }

 private:
  // The packet as the check stage sees it.
  struct Seen {
    net::Packet packet;       // dst and dport after translation
    bool translated = false;  // conntrack status DNAT
    bool marked = false;
  };
  struct Checked {
    const Check* check = nullptr;
    Then then = Then::forward;
  };
  using Indexes = std::vector<std::uint32_t>;

  [[nodiscard]] const Route* find(Table table, const RouteKey& key) const;
  // The routes to try for this packet, in order.
  [[nodiscard]] std::vector<const Route*> candidates(const net::Packet& packet) const;
  [[nodiscard]] const GuardedOutcome& choose(const Route& route, const net::Packet& packet) const;
  [[nodiscard]] bool masquerades(const Balance& balance, const PoolEntry& entry, const net::Packet& packet) const;
  [[nodiscard]] Fate translate(const Balance& balance, const net::Packet& packet, const Memory& memory,
                               Trail* trail) const;
  [[nodiscard]] Fate leave_alone(const net::Packet& packet, Trail* trail) const;
  [[nodiscard]] Checked check(const Seen& seen) const;
  [[nodiscard]] const Check* first_match(const Seen& seen, bool Hooks::* hook) const;
  [[nodiscard]] bool matches(const Check& check, const Seen& seen) const;

  const Program* program_;
  std::map<RouteKey, const RangeCheck*> pre_;
  std::map<RouteKey, Indexes> frontend_checks_;  // indexes into program.checks, ascending; likewise below
  std::map<std::pair<net::Protocol, std::uint16_t>, Indexes> node_port_checks_;
  std::map<net::Address, Indexes> address_checks_;
  Indexes general_checks_;
};

}  // namespace portcullis::ir
