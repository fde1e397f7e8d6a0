// One program → one table. Split by the stages of the program; the README has the picture.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/nftables/check_layers.hpp"
#include "backends/nftables/groups.hpp"
#include "backends/nftables/maker.hpp"
#include "backends/nftables/shapes.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

class FamilyLowering {
 public:
  FamilyLowering(const ir::Program& program, Ruleset& ruleset, base::Diagnostics& diagnostics);
  void lower();

 private:
  // Sets that exist in every load, used or not: an update in place then never leaves one behind with old elements.
  struct Sets {
    SetId node_addresses{}, classes{}, balance{}, hairpin{}, hairpin_same{}, label_of{}, group_of{}, endpoint_of{},
        memory{};
    std::array<SetId, 4> routes{};     // by KeySpace
    std::array<SetId, 3> endpoints{};  // by protocol
  };
  struct RangePair {
    SetId ranged{}, allowed{};
  };

  void declare_sets();

  // ---- nat (lower_nat.cpp)
  void lower_routes();
  void add_route(const ir::Route& route);
  std::uint32_t class_of(const ir::Route& route);
  ChainId class_chain(const Shape& shape);
  void class_step(ChainId chain, const Shape& shape, const Step& step);
  std::optional<Statements> guard(const Shape& shape, const Step& step);
  [[nodiscard]] std::optional<Statement> from_pod(bool negated) const;
  SetId guard_set(KeySpace space, std::uint8_t ordinal);
  void add_guard_elements(const ir::Route& route);
  void lower_dispatch();

  // ---- balancing (lower_balance.cpp)
  void lower_groups();
  void add_endpoints(std::uint32_t number);
  void add_sticky(std::uint32_t number);
  void add_balance_intervals(bool local_set);
  ChainId balance_chain(const Group& group, bool local_set);
  ChainId spread_chain(net::Protocol protocol, std::uint32_t slots);
  ChainId sticky_chain(std::uint32_t slots, std::uint32_t seconds, bool local_set);
  ChainId remember_chain(std::uint32_t seconds);
  void lower_hairpin();
  void lower_hairpin_same();

  // ---- pre, check (lower_checks.cpp)
  void lower_ranges();
  void add_range_check(const RangePair& pair, const ir::RouteKey& key, ir::RangesId ranges, const std::string& owner);
  RangePair range_pair();
  [[nodiscard]] Statements outside_ranges(const RangePair& pair) const;
  void lower_checks();
  void check_part(const CheckLayer& layer, const CheckPart& part);
  void check_by_map(CheckKind kind, const Statements& states, const CheckPart& part);
  void check_ranges(const Statements& states, const CheckPart& part);
  void check_addresses(const Statements& states, const CheckPart& part);
  void check_martian(ir::States states, const ir::Check& check);
  void check_rule(const ir::Hooks& hooks, const Statements& first, Statements rest);
  SetId check_set(const char* what, const ir::Hooks& hooks, std::vector<Declared> key, Maker::SetOptions options);
  [[nodiscard]] Statement verdict_of(ir::Verdict verdict) const;
  static Statement translated(bool negated = false);
  [[nodiscard]] std::vector<Term> hairpin_key() const;
  // What tells hairpins from other packets after translation, an alternative each.
  [[nodiscard]] std::vector<Statements> hairpins();

  // ---- the rest (lower.cpp)
  void lower_post();
  void lower_scratch_end();
  // Guards of `a node port is accepted at this address`.
  [[nodiscard]] Statements at_accepted_address() const;

  SetId declare(std::string name, std::vector<Declared> key, Maker::SetOptions options);
  [[nodiscard]] std::vector<Declared> frontend_types() const;
  [[nodiscard]] std::vector<Declared> with_source(std::vector<Declared> key) const;

  const ir::Program& program_;
  Ruleset& ruleset_;
  base::Diagnostics& diagnostics_;
  Maker make_;
  Groups groups_;
  Labels labels_;
  Sets sets_;
  std::map<std::string, SetId> declared_;  // what names are taken
  std::array<ChainId, 3> filter_{};        // input, forward, output
  ChainId refuse_{}, services_{}, ranges_prerouting_{}, ranges_output_{}, nat_postrouting_{}, end_prerouting_{},
      end_output_{};
  std::map<Shape, std::uint32_t> classes_;
  std::map<std::string, ChainId> chains_;            // of balancing, by name
  std::map<std::string, std::uint32_t> check_sets_;  // how often a name was asked for
  std::uint32_t range_pairs_ = 0;
};

}  // namespace portcullis::nftables
