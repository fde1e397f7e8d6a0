// The IR, run with a known destination: compiler/ir/l4/interpret.hpp with the rest of the packet left open. Tested
// against the interpreter: tests/proof.
#pragma once

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/ir/l4/program.hpp"
#include "verifier/specialise/side.hpp"

namespace portcullis::specialise {

class ProgramSide : public Side {
 public:
  // What `the source is a local address` becomes: one question for both sides of a comparison, or this program's own
  // addresses, where two programs have different ones.
  enum class Local : std::uint8_t { shared, own };

  // Whether an outcome says that a check has accepted the packet, or only that it passes: for a side that has no
  // accept.
  enum class Accepts : std::uint8_t { told, untold };

  // Both must outlive this. Memories are named by ir::label.
  ProgramSide(Arena& arena, const ir::Program& program, Local local = Local::shared, Accepts accepts = Accepts::told);

  [[nodiscard]] NodeId residual(const Key& key, const Path& path) override;
  [[nodiscard]] const Consulted& consulted() const override { return consulted_; }
  // One a conntrack state: whatever a packet of that state is asked.
  [[nodiscard]] std::size_t tests() const override { return 4; }
  void address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const override;
  void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                 std::vector<PortCut>& cuts) override;
  // The route that decides packets to `key`, the first that matches; absent if none does.
  [[nodiscard]] const ir::Route* route(const Key& key) const;
  // Likewise on a node that accepts node ports at the key's address.
  [[nodiscard]] const ir::Route* route_elsewhere(const Key& key) const;

 private:
  // The packet as the check stage sees it.
  struct Seen {
    net::Address destination;
    std::uint16_t port = 0;
    bool translated = false, marked = false;
  };
  // What decides at a hook, in order: a check that matches, perhaps only for some sources.
  // A destination, or its address alone, as numbers.
  struct AddressHash {
    std::size_t operator()(const net::Address& address) const;
    std::size_t operator()(const ir::RouteKey& key) const;
  };
  using Ports = std::unordered_map<ir::RouteKey, std::vector<std::uint16_t>, AddressHash>;  // by key with port 0

  [[nodiscard]] const ir::Route* find(ir::Table table, const ir::RouteKey& key) const;
  [[nodiscard]] std::vector<const ir::Route*> candidates(const Key& key) const;
  NodeId routes(const std::vector<const ir::Route*>& candidates, std::size_t at);
  NodeId outcome(const ir::GuardedOutcome& outcome, const std::vector<const ir::Route*>& candidates, std::size_t at);
  NodeId guarded(const ir::GuardedOutcome& outcome, NodeId then, NodeId otherwise);
  NodeId balance(const ir::Balance& balance);
  NodeId balanced(const ir::Balance& balance, bool marked);
  NodeId behind(const ir::PoolEntry& entry, bool marked);
  NodeId leave_alone();
  NodeId checked(const Seen& seen);
  NodeId hook(const Seen& seen, std::size_t which, bool accepted, bool masquerade);
  NodeId check_from(const Seen& seen, std::size_t which, std::size_t at, const std::vector<std::uint32_t>& matching,
                    bool accepted, bool masquerade);
  [[nodiscard]] std::vector<std::uint32_t> matching(const Seen& seen, bool ir::Hooks::* hook) const;
  [[nodiscard]] bool may_match(const ir::Check& check, const Seen& seen) const;
  NodeId source_in(const net::PrefixSet& sources, NodeId inside, NodeId outside);
  NodeId from_pod(NodeId pod, NodeId other);

  [[nodiscard]] Atom source_is_local() const;
  [[nodiscard]] std::uint32_t kind_of_check(std::uint32_t index);

  Arena& arena_;
  const ir::Program& program_;
  Local local_;
  Accepts accepts_;
  Consulted consulted_{4};
  Key key_;
  Path path_;

  std::unordered_map<ir::RouteKey, const ir::RangeCheck*, AddressHash> pre_;
  std::vector<std::pair<ir::RouteKey, std::uint32_t>> frontend_checks_;  // sorted
  std::map<std::pair<net::Protocol, std::uint16_t>, std::vector<std::uint32_t>> node_port_checks_;
  std::vector<std::pair<net::Address, std::uint32_t>> address_checks_;  // sorted
  std::vector<std::uint32_t> general_checks_;
  std::map<std::tuple<bool, bool, bool, ir::States, ir::Verdict, std::ptrdiff_t>, std::uint32_t> check_kinds_;
  // What packets of one conntrack state are asked.
  struct Asked {
    Ports exact;                                                // ports of keys with an address
    std::map<net::Protocol, std::vector<std::uint16_t>> local;  // of keys without
    std::array<std::vector<AddressCut>, 4> addresses;           // by protocol
    void everybody(const AddressCut& cut);                      // packets of all protocols are asked
  };
  std::array<Asked, 4> asked_;
  std::map<std::tuple<ir::PoolId, bool, bool, std::uint32_t, std::uint32_t>, NodeId> balances_;
};

}  // namespace portcullis::specialise
