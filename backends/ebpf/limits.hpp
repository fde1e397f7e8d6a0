// What eBPF cannot express of a program, and where it differs from the netfilter backends (D1–D7, docs/ebpf.md).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ebpf {

enum class Support : std::uint8_t {
  bounded,  // as the program says, up to a capacity
  refused,  // nothing is emitted; the finding is an error
  differs,  // emitted; the finding says in what it differs
};
struct Limit {
  std::string_view name;  // `D4`, or empty
  std::string_view feature;
  Support support{};
  std::string_view code;
  std::string_view why;
};
[[nodiscard]] std::span<const Limit> limits();

inline constexpr std::uint64_t max_slots = 4096;          // weights of one pool together, after their common factor
inline constexpr std::uint32_t memory_capacity = 65'536;  // sources that session affinity remembers on a node

// Appends what of `program` meets a limit.
void check_limits(const ir::Program& program, base::Diagnostics& diagnostics);

}  // namespace portcullis::ebpf
