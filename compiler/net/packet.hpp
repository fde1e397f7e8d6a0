// One concrete packet as it meets a node, and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/net/address.hpp"

namespace portcullis::net {

// Where the packet starts. A packet of a host-network process visits OUTPUT, every other one PREROUTING
// (reference 3.1).
enum class PacketFrom : std::uint8_t { pod, remote_pod, external, node };
// `pod`, `remote-pod`, `external`, `node`.
[[nodiscard]] std::string_view to_string(PacketFrom from);
[[nodiscard]] std::optional<PacketFrom> parse_packet_from(std::string_view text);

enum class ConntrackState : std::uint8_t { fresh, established, related, invalid };
// `new`, `established`, `related`, `invalid`.
[[nodiscard]] std::string_view to_string(ConntrackState state);
[[nodiscard]] std::optional<ConntrackState> parse_conntrack_state(std::string_view text);

struct Packet {
  PacketFrom from = PacketFrom::external;
  Address src;
  Address dst;  // same family as src
  Protocol protocol = Protocol::tcp;
  std::uint16_t sport = 0;  // 0: unspecified, of no consequence
  std::uint16_t dport = 0;  // 0 for ICMP
  std::string iif;          // input interface; empty on the output path or where unknown
  ConntrackState ct_state = ConntrackState::fresh;

  [[nodiscard]] Family family() const { return dst.family(); }
  // `tcp from 192.0.2.7 to 10.3.241.152:80`.
  [[nodiscard]] std::string text() const;
  bool operator==(const Packet&) const = default;
};

}  // namespace portcullis::net
