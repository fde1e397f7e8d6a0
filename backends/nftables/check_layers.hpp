// The check stage is an ordered list; neighbours of one kind with different keys commute and become elements of one
// map. A layer is such a run, a part of it what shares hooks (and so one map and its rules).
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

enum class CheckKind : std::uint8_t {
  any_packet,
  frontend,
  frontend_ranges,
  node_port,
  local_port,
  address,
  prefix,
  marked,
  martian
};
[[nodiscard]] CheckKind kind(const ir::Check& check);

struct CheckPart {
  ir::Hooks hooks;
  ir::Verdict verdict{};  // of its first check; of all of them for addresses and ranges
  std::vector<const ir::Check*> checks;
};
struct CheckLayer {
  CheckKind kind{};
  ir::States states{};
  std::vector<CheckPart> parts;
};

// Foreign checks and checks behind another one for the same packets are left out.
[[nodiscard]] std::vector<CheckLayer> check_layers(const ir::Program& program);

}  // namespace portcullis::nftables
