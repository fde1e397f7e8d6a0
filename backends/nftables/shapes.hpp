// The shape of a route is what becomes of its packets apart from the pool: routes of one shape share one chain.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

// Which map a route's key stands in.
enum class KeySpace : std::uint8_t { service, node_port, host_port_at, host_port };
[[nodiscard]] KeySpace key_space(const ir::Route& route);
[[nodiscard]] bool has_address(KeySpace space);
// `frontends`, `node_ports`, `host_ports_at`, `host_ports`.
[[nodiscard]] std::string_view map_name(KeySpace space);

struct Step {
  enum class Does : std::uint8_t { cluster_set, local_set, stop, fall };
  ir::SourceIs source{};
  std::uint8_t ranges = 0;  // for inside, outside: the how many-th such guard of its route
  Does does{};
  ir::Masquerade masquerade{};
  auto operator<=>(const Step&) const = default;
};
struct Shape {
  std::optional<KeySpace> space;  // if a guard asks for ranges: they are looked up by the route's key
  std::vector<Step> steps;
  auto operator<=>(const Shape&) const = default;

  [[nodiscard]] bool falls() const;
  // `route_pod_cluster__node_cluster_masquerade__local`.
  [[nodiscard]] std::string chain_name() const;
};

// Without what can't happen: steps behind an unguarded one, and `from pod` in a program without a detector.
[[nodiscard]] Shape shape(const ir::Program& program, const ir::Route& route);

}  // namespace portcullis::nftables
