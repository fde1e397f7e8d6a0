// First packets as bytes, and bytes as what the probe needs to know of them.
//
// Every packet that we send carries a tag that no translation touches: TCP the sequence number, SCTP the initiate tag
// of INIT, UDP and ICMP echo eight bytes of payload. Refusals carry it back: an ICMP error quotes the packet, a RST
// acknowledges its sequence number. So each observed packet can be told whose it is, whatever the rules made of
// addresses and ports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/net/packet.hpp"

namespace portcullis::kernel {

using Bytes = std::vector<std::uint8_t>;

// The packet from its IP header on, checksums right, time to live 64. `new`: TCP SYN, UDP, SCTP INIT, ICMP echo
// request. `invalid`: what conntrack calls so at every hook (nf_conntrack_proto_*.c): TCP without flags, UDP whose
// length field is too small, SCTP DATA out of the blue, ICMP of an unknown type. `tag` is even. For ICMP `sport` is the
// echo identifier. `established` and `related` are no first packets: InternalError.
[[nodiscard]] Bytes first_packet(const net::Packet& packet, std::uint32_t tag);

struct Seen {
  std::uint32_t tag = 0;
  bool refusal =
      false;  // an ICMP 'destination unreachable' or RST about the packet; addresses and ports are then unset
  net::Address src, dst;
  std::uint16_t sport = 0, dport = 0;
};
// Addresses and ports of a TCP SYN or a datagram of UDP, whoever sent it; the tag is unset.
[[nodiscard]] std::optional<Seen> flow_of(std::span<const std::uint8_t> bytes);
// Of UDP: the payload that carries the tag.
[[nodiscard]] Bytes tagged_payload(std::uint32_t tag);
// Nothing for packets that are not ours.
[[nodiscard]] std::optional<Seen> recognise(std::span<const std::uint8_t> bytes);

}  // namespace portcullis::kernel
