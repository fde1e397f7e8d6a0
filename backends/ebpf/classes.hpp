// What a program does with a new flow to one destination, for each class of its source (bpf/types.h): the interpreter
// (compiler/ir/l4/interpret.hpp) with the source known by four bits alone.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "backends/ebpf/tables.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ebpf {

struct Destination {
  net::Address address;
  std::optional<net::Protocol> protocol;  // absent: one for which nothing asks for ports
  std::uint16_t port = 0;
  bool source_is_loopback = false;  // matters where the address is of 127.0.0.0/8
};

// What one class of sources meets.
struct Plan {
  Verdict verdict = Verdict::none;
  bool masquerade = false;
  const ir::Balance* balance = nullptr;  // of dnat
  bool operator==(const Plan&) const = default;
};

struct Plans {
  std::array<Plan, PCL_CLASSES> of{};
  std::optional<ir::RangesId> ranges;  // what the class bit `range` is about
  bool several_ranges = false;         // more than one bit can say
  [[nodiscard]] bool operator==(const Plans&) const = default;
};

class Planner {
 public:
  explicit Planner(const ir::Program& program);

  [[nodiscard]] Plans plans(const Destination& destination) const;

  // What refuses a packet that was translated to the endpoint.
  struct Refused {
    Refusals by;
    bool asks_ranges = false;  // the answer depends on a set of sources
  };
  [[nodiscard]] Refused refused(const ir::Pool& pool, const ir::PoolEntry& entry) const;

  [[nodiscard]] bool has_address_check(const net::Address& address) const { return address_checks_.contains(address); }

 private:
  // The packet as the check stage sees it.
  struct Seen {
    Destination to;
    bool out = false, translated = false, marked = false, in_ranges = false;
  };
  // What a question about a set of sources is noted in.
  struct Asked {
    std::optional<ir::RangesId> ranges;
    bool several = false;
    void ask(ir::RangesId id) {
      several = several || (ranges && *ranges != id);
      if (!ranges) ranges = id;
    }
  };

  [[nodiscard]] Plan plan(const Destination& to, unsigned bits, Asked& asked) const;
  [[nodiscard]] std::vector<const ir::Route*> candidates(const Destination& to) const;
  [[nodiscard]] const ir::Route* find(ir::Table table, const ir::RouteKey& key) const;
  [[nodiscard]] Verdict refusal(const Seen& seen, Asked& asked) const;
  [[nodiscard]] const ir::Check* first_match(const Seen& seen, bool ir::Hooks::* hook, Asked& asked) const;
  [[nodiscard]] bool matches(const ir::Check& check, const Seen& seen, Asked& asked) const;

  const ir::Program& program_;
  std::map<ir::RouteKey, ir::RangesId> pre_;
  using Indexes = std::vector<std::uint32_t>;  // into program.checks, ascending
  std::map<ir::RouteKey, Indexes> frontend_checks_;
  std::map<std::pair<net::Protocol, std::uint16_t>, Indexes> node_port_checks_;
  std::map<net::Address, Indexes> address_checks_;
  Indexes general_checks_;
};

}  // namespace portcullis::ebpf
