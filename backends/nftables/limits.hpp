// What nftables cannot express of a program, or only within bounds. Each row is one code of the catalogue.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

enum class Support : std::uint8_t {
  bounded,  // as the program says, up to a capacity
  refused,  // nothing is emitted for it; the finding is an error
  noted,    // emitted; the finding says where foreign rules can still decide otherwise
};
struct Limit {
  std::string_view feature;
  Support support{};
  std::string_view code;
  std::string_view why;
};
[[nodiscard]] std::span<const Limit> limits();

inline constexpr std::uint32_t memory_capacity = 1'048'576;  // sources × endpoints a node and family
inline constexpr std::uint64_t max_slots =
    65'536;  // weights of one pool together, after dividing by their common factor

// Appends what of `program` meets a limit.
void check_limits(const ir::Program& program, base::Diagnostics& diagnostics);

}  // namespace portcullis::nftables
