#include "compiler/net/packet.hpp"

namespace portcullis::net {

std::string_view to_string(PacketFrom from) {
  switch (from) {
    case PacketFrom::pod:
      return "pod";
    case PacketFrom::remote_pod:
      return "remote-pod";
    case PacketFrom::external:
      return "external";
    case PacketFrom::node:
      return "node";
  }
  return {};
}

std::optional<PacketFrom> parse_packet_from(std::string_view text) {
  for (const PacketFrom from : {PacketFrom::pod, PacketFrom::remote_pod, PacketFrom::external, PacketFrom::node}) {
    if (text == to_string(from)) return from;
  }
  return {};
}

std::string_view to_string(ConntrackState state) {
  switch (state) {
    case ConntrackState::fresh:
      return "new";
    case ConntrackState::established:
      return "established";
    case ConntrackState::related:
      return "related";
    case ConntrackState::invalid:
      return "invalid";
  }
  return {};
}

std::optional<ConntrackState> parse_conntrack_state(std::string_view text) {
  using enum ConntrackState;
  for (const ConntrackState state : {fresh, established, related, invalid}) {
    if (text == to_string(state)) return state;
  }
  return {};
}

std::string Packet::text() const {
  std::string out(lower_name(protocol));
  out += " from " + src.text() + " to ";
  out += protocol == Protocol::icmp ? dst.text() : endpoint_text(dst, dport);
  if (ct_state != ConntrackState::fresh) out += " (" + std::string(to_string(ct_state)) + ")";
  return out;
}

}  // namespace portcullis::net
