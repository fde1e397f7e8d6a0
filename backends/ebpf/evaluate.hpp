// What tables do with a packet: meaning.hpp over an artefact's tables, with the companion's rules beside.
#pragma once

#include <vector>

#include "backends/ebpf/tables.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::ebpf {

// What of the node decides beside the tables.
struct Beside {
  bool forward_dropped = false;  // somebody's FORWARD chain has the policy DROP (of every family)
};
[[nodiscard]] Beside beside(const ir::Program& program);

class Evaluator {
 public:
  // The tables must outlive this.
  explicit Evaluator(const Tables& tables, Beside beside = {});

  // Memories are named as by ir::label. A packet of a known flow follows its conntrack entry.
  [[nodiscard]] ir::Fate fate(const net::Packet& packet, const ir::Memory& memory = {}) const;

 private:
  class Domain;
  [[nodiscard]] ir::Fate left_alone(const net::Packet& packet) const;
  [[nodiscard]] ir::Fate translated(const net::Packet& packet, const Pool& pool, bool masquerade,
                                    const ir::Memory& memory) const;
  [[nodiscard]] bool is_here(const net::Address& address) const;
  [[nodiscard]] bool has_guard(Guard::Kind kind, net::Family family) const;

  const Tables& tables_;
  Beside beside_;
  std::vector<net::PrefixSet> sets_;  // by number
};

}  // namespace portcullis::ebpf
