// One packet through all hooks, with every random choice made by a script: one branch of an evaluation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/netfilter/chance.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "backends/netfilter/set_index.hpp"

namespace portcullis::netfilter {

// The model with what is worked out once.
struct Indexed {
  const Model* model = nullptr;
  std::vector<SetIndex> sets;                       // by SetId; of memories too, empty
  std::array<std::vector<ChainId>, 5> base_chains;  // by Hook, in order of evaluation
};
[[nodiscard]] Indexed index(const Model& model);

// What became of the packet in one branch.
struct Branch {
  enum class End : std::uint8_t { passed, dropped, rejected };
  End end = End::passed;
  bool translated = false;
  net::Address address;  // after translation
  std::uint16_t port = 0;
  bool local = false;     // the destination in the end
  bool accepted = false;  // an explicit accept at input, forward or output
  bool masquerade = false;
  std::string label;         // memory that was refreshed
  std::string stray_memory;  // what is remembered that no program would remember; empty if nothing is
  std::optional<std::uint32_t> seconds;
  std::optional<Because> because;
  Cost cost;
};

// Thrown inside a walk, caught by the evaluator: a rule that was reached has no model.
struct NotModelled {
  std::string why;
};

// `answers` may be null: then a match that is not known is not modelled.
[[nodiscard]] Branch walk(const Indexed& indexed, const NodeFacts& node, const net::Packet& packet,
                          const ir::Memory& memory, const Answers* answers, Script& script);

}  // namespace portcullis::netfilter
