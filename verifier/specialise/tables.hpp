// The tables of the eBPF backend, looked up for a known destination: backends/ebpf/meaning.hpp with the rest of the
// packet left open. Tested against the evaluator: tests/proof.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "backends/ebpf/evaluate.hpp"
#include "backends/ebpf/tables.hpp"
#include "verifier/specialise/side.hpp"

namespace portcullis::specialise {

class TablesSide : public Side {
 public:
  // The tables must outlive this. Memories are named as by ir::label. Where the tables know the same addresses of the
  // node as `local` (of the family, sorted, without loopback), `the source is local` is the question that the program's
  // side asks.
  TablesSide(Arena& arena, const ebpf::Tables& tables, net::Family family, const std::vector<net::Address>& local,
             ebpf::Beside beside);

  [[nodiscard]] NodeId residual(const Key& key, const Path& path) override;
  [[nodiscard]] const Consulted& consulted() const override { return consulted_; }
  // One for the first packet of a flow, one for others.
  [[nodiscard]] std::size_t tests() const override { return 2; }
  void address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const override;
  void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                 std::vector<PortCut>& cuts) override;

 private:
  class Domain;
  using ExactPorts = std::map<std::tuple<net::Address, net::Protocol>, std::vector<std::uint16_t>>;
  using ScopedPorts = std::map<std::tuple<std::uint8_t, net::Protocol>, std::vector<std::uint16_t>>;

  void note_cuts();
  [[nodiscard]] std::uint32_t kind_of_rest(const ebpf::Frontend& frontend);
  [[nodiscard]] bool is_here(const net::Address& address) const;
  [[nodiscard]] bool has_guard(ebpf::Guard::Kind kind) const;
  NodeId left_alone();
  NodeId passed(const net::Address& destination, bool masquerade);
  NodeId translated(std::uint32_t pool, bool masquerade);
  NodeId balanced(const ebpf::Pool& pool, bool masquerade);

  Arena& arena_;
  const ebpf::Tables& tables_;
  net::Family family_;
  ebpf::Beside beside_;
  bool shared_local_ = false;
  Consulted consulted_{2};
  Key key_;
  Path path_;

  ExactPorts exact_;
  ScopedPorts scoped_;
  std::vector<AddressCut> everybody_;                 // packets of all protocols and states are asked
  std::array<std::vector<AddressCut>, 4> addresses_;  // first packets, by protocol
  std::map<std::tuple<std::vector<std::uint32_t>, std::uint32_t>, std::uint32_t> kinds_;
  std::map<std::tuple<std::uint32_t, bool, bool, net::Protocol>, NodeId> balances_;
};

}  // namespace portcullis::specialise
