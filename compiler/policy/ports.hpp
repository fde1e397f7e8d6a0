// Sets of ports, by protocol: what a target reaches, and what an exception takes away.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/net/address.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

// The protocols a Service port can have, in the order of PortSet's parts.
inline constexpr std::array service_protocols{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp};

class PortSet {
 public:
  // Ports 1–65535 of every protocol.
  [[nodiscard]] static PortSet all();
  // Every protocol, or only this one.
  void add(const PortNumbers& numbers, std::optional<net::Protocol> protocol);
  void add(const PortSet& other);
  void subtract(const PortSet& other);

  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool contains(net::Protocol protocol, std::uint16_t port) const;
  // Sorted, disjoint, never adjacent.
  [[nodiscard]] const std::vector<PortNumbers>& of(net::Protocol protocol) const;
  // `any port`, `5432`, `5432/tcp 53/udp 8000-8100/tcp`: without a protocol for ports of all three.
  [[nodiscard]] std::string text() const;
  bool operator==(const PortSet& other) const;

 private:
  std::array<std::vector<PortNumbers>, service_protocols.size()> ranges_;
};

}  // namespace portcullis::policy
