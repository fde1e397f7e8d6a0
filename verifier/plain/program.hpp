// What a program does with a packet (compiler/ir/l4/program.hpp says what its parts mean), written down as leaves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/l4/program.hpp"
#include "verifier/plain/leaf.hpp"
#include "verifier/plain/packet.hpp"

namespace portcullis::plain {

// Tables of a program by address, built once; the program must outlive it.
class ProgramIndex {
 public:
  explicit ProgramIndex(const ir::Program& program);
  [[nodiscard]] const ir::Program& program() const { return program_; }

  // What could be about one of these destinations, in the program's order.
  [[nodiscard]] std::vector<const ir::RangeCheck*> range_checks(const Word& destination) const;
  [[nodiscard]] std::vector<const ir::Route*> routes(ir::Table table, const Word& destination) const;
  [[nodiscard]] std::vector<const ir::Check*> checks(const Word& destination) const;

 private:
  using Indexes = std::vector<std::uint32_t>;
  // Of one list: by address, and those without one.
  struct ByAddress {
    std::map<Value, Indexes> of;
    Indexes rest;
    std::size_t size = 0;
    void add(const std::optional<net::Address>& address);
    [[nodiscard]] Indexes candidates(const Word& destination) const;
  };

  const ir::Program& program_;
  ByAddress pre_, routes_, checks_;
};

[[nodiscard]] std::vector<Leaf> program_leaves(const ProgramIndex& index, Terms& terms, Packet& packet,
                                               Remembered& remembered);

}  // namespace portcullis::plain
