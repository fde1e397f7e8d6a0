// What both of kube-proxy's shapes are made of: Service ports with their frontends, and names of the right length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::bench {

struct ServicePort {
  const ir::Pool* pool = nullptr;  // its name is the Service port's
  net::Address cluster_ip;
  std::uint16_t port = 0;
  std::optional<std::uint16_t> node_port;
};

// Sorted by ClusterIP. Throws InternalError if the program has what the benchmarks' clusters never have: affinity,
// sources that are told apart, external addresses, host ports, refusals of Services, other protocols than TCP.
[[nodiscard]] std::vector<ServicePort> service_ports(const ir::Program& program);
[[nodiscard]] const net::Prefix& pod_prefix(const ir::Program& program);

// `length` characters of A–Z and 2–7 that depend on `text`.
[[nodiscard]] std::string hashed(std::string_view text, std::size_t length);

}  // namespace portcullis::bench
