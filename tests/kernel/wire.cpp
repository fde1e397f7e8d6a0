#include "tests/kernel/wire.hpp"

#include <algorithm>
#include <array>

#include "compiler/base/error.hpp"

namespace portcullis::kernel {
namespace {

using net::Address;
using net::ConntrackState;
using net::Family;
using net::Packet;
using net::Protocol;
using View = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 4> payload_magic{'p', 'c', 'l', 'k'};
constexpr std::uint8_t tcp_syn = 0x02, tcp_rst = 0x04, tcp_ack = 0x10;
constexpr std::uint8_t sctp_data = 0, sctp_init = 1;
// 200 is for private experiments in ICMPv6 (RFC 4443) and unassigned in ICMP: conntrack knows neither.
constexpr std::uint8_t icmp_echo = 8, icmpv6_echo = 128, icmp_unreachable = 3, icmpv6_unreachable = 1,
                       icmp_unknown = 200;

void put16(Bytes& to, std::uint32_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& to, std::uint32_t value) {
  put16(to, value >> 16);
  put16(to, value & 0xffff);
}
void set16(Bytes& in, std::size_t at, std::uint16_t value) {
  in[at] = static_cast<std::uint8_t>(value >> 8);
  in[at + 1] = static_cast<std::uint8_t>(value);
}
std::uint16_t get16(View from, std::size_t at) {
  return static_cast<std::uint16_t>(from[at] << 8 | from[at + 1]);
}
std::uint32_t get32(View from, std::size_t at) {
  return std::uint32_t{get16(from, at)} << 16 | get16(from, at + 2);
}

// RFC 1071, not yet complemented.
std::uint32_t sum16(View bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += get16(bytes, i);
  if (bytes.size() % 2 != 0) sum += std::uint32_t{bytes.back()} << 8;
  return sum;
}
std::uint16_t fold(std::uint32_t sum) {
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// RFC 9260 appendix A: CRC32c, sent in the order of its own bytes.
std::uint32_t crc32c(View bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

View address_bytes(const Address& address) {
  const View all(address.bytes());
  return address.family() == Family::ipv4 ? all.subspan(12) : all;
}

Bytes tcp(const Packet& packet, std::uint32_t tag, bool valid) {
  Bytes l4;
  put16(l4, packet.sport);
  put16(l4, packet.dport);
  put32(l4, tag);
  put32(l4, 0);
  l4.push_back(0x50);
  l4.push_back(valid ? tcp_syn : 0);
  put16(l4, 64240);
  put32(l4, 0);
  return l4;
}

void put_payload(Bytes& to, std::uint32_t tag) {
  to.insert(to.end(), payload_magic.begin(), payload_magic.end());
  put32(to, tag);
}

Bytes udp(const Packet& packet, std::uint32_t tag, bool valid) {
  Bytes l4;
  put16(l4, packet.sport);
  put16(l4, packet.dport);
  put16(l4, valid ? 16 : 4);
  put16(l4, 0);
  put_payload(l4, tag);
  return l4;
}

// An INIT has verification tag 0 (RFC 9260 8.5.1). DATA without an association is what conntrack does not take for a
// beginning.
Bytes sctp(const Packet& packet, std::uint32_t tag, bool valid) {
  Bytes l4;
  put16(l4, packet.sport);
  put16(l4, packet.dport);
  put32(l4, 0);
  put32(l4, 0);
  l4.push_back(valid ? sctp_init : sctp_data);
  l4.push_back(valid ? 0 : 3);
  put16(l4, 20);
  put32(l4, tag);
  put32(l4, valid ? 65536 : 0);
  put32(l4, valid ? 0x00010001 : 0);
  put32(l4, valid ? tag : 0);
  const auto crc = crc32c(l4);
  for (std::size_t i = 0; i < 4; ++i) l4[8 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  return l4;
}

Bytes icmp(const Packet& packet, std::uint32_t tag, bool valid) {
  const bool v4 = packet.family() == Family::ipv4;
  Bytes l4;
  l4.push_back(valid ? (v4 ? icmp_echo : icmpv6_echo) : icmp_unknown);
  l4.push_back(0);
  put16(l4, 0);
  put16(l4, packet.sport);
  put16(l4, 1);
  put_payload(l4, tag);
  return l4;
}

std::size_t checksum_offset(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return 16;
    case Protocol::udp:
      return 6;
    case Protocol::icmp:
      return 2;
    case Protocol::sctp:
      break;
  }
  throw base::InternalError("SCTP has no Internet checksum");
}

void put_checksum(const Packet& packet, Bytes& l4) {
  if (packet.protocol == Protocol::sctp) return;
  std::uint32_t sum = 0;
  if (packet.protocol != Protocol::icmp || packet.family() == Family::ipv6) {
    sum = sum16(address_bytes(packet.src)) + sum16(address_bytes(packet.dst)) + static_cast<std::uint32_t>(l4.size()) +
          net::number(packet.protocol, packet.family());
  }
  const auto checksum = fold(sum16(l4, sum));
  // RFC 768: a checksum that comes out as zero is sent as all ones.
  set16(l4, checksum_offset(packet.protocol), packet.protocol == Protocol::udp && checksum == 0 ? 0xffff : checksum);
}

Bytes layer4(const Packet& packet, std::uint32_t tag, bool valid) {
  switch (packet.protocol) {
    case Protocol::tcp:
      return tcp(packet, tag, valid);
    case Protocol::udp:
      return udp(packet, tag, valid);
    case Protocol::sctp:
      return sctp(packet, tag, valid);
    case Protocol::icmp:
      return icmp(packet, tag, valid);
  }
  throw base::InternalError("unknown protocol");
}

void put_ipv4(const Packet& packet, std::size_t l4_size, Bytes& to) {
  put16(to, 0x4500);
  put16(to, static_cast<std::uint32_t>(20 + l4_size));
  put32(to, 0x00014000);  // identification 1 (a raw socket fills in zero itself), don't fragment
  to.push_back(64);
  to.push_back(net::number(packet.protocol, Family::ipv4));
  put16(to, 0);
  for (const auto& address : {packet.src, packet.dst}) {
    const auto bytes = address_bytes(address);
    to.insert(to.end(), bytes.begin(), bytes.end());
  }
  set16(to, 10, fold(sum16(to)));
}

void put_ipv6(const Packet& packet, std::size_t l4_size, Bytes& to) {
  put32(to, 0x60000000);
  put16(to, static_cast<std::uint32_t>(l4_size));
  to.push_back(net::number(packet.protocol, Family::ipv6));
  to.push_back(64);
  for (const auto& address : {packet.src, packet.dst}) {
    const auto bytes = address_bytes(address);
    to.insert(to.end(), bytes.begin(), bytes.end());
  }
}

std::optional<std::uint32_t> payload_tag(View payload) {
  if (payload.size() < 8 || !std::equal(payload_magic.begin(), payload_magic.end(), payload.begin()))
    return std::nullopt;
  return get32(payload, 4);
}

struct Layers {
  Address src, dst;
  std::uint8_t protocol = 0;
  View l4;
};

std::optional<Layers> split_layers(View bytes) {
  if (bytes.empty()) return std::nullopt;
  Layers layers;
  if (bytes[0] >> 4 == 4) {
    const std::size_t header = std::size_t{bytes[0] & 0xfU} * 4;
    if (header < 20 || bytes.size() < header) return std::nullopt;
    layers.src = Address::v4(get32(bytes, 12));
    layers.dst = Address::v4(get32(bytes, 16));
    layers.protocol = bytes[9];
    layers.l4 = bytes.subspan(header);
    return layers;
  }
  if (bytes.size() < 40) return std::nullopt;
  std::array<std::uint8_t, 16> address{};
  std::copy_n(bytes.begin() + 8, 16, address.begin());
  layers.src = Address::v6(address);
  std::copy_n(bytes.begin() + 24, 16, address.begin());
  layers.dst = Address::v6(address);
  layers.protocol = bytes[6];
  layers.l4 = bytes.subspan(40);
  return layers;
}

std::optional<Seen> about(std::optional<std::uint32_t> tag, const Layers& layers, std::uint16_t sport,
                          std::uint16_t dport) {
  if (!tag) return std::nullopt;
  return Seen{.tag = *tag, .refusal = false, .src = layers.src, .dst = layers.dst, .sport = sport, .dport = dport};
}

std::optional<Seen> refusal(std::optional<std::uint32_t> tag) {
  if (!tag) return std::nullopt;
  return Seen{.tag = *tag, .refusal = true, .src = {}, .dst = {}, .sport = 0, .dport = 0};
}

// A RST answers a SYN with ack = seq + 1; to a segment without ACK but also without SYN with ack = seq (RFC
// 9293 3.10.7.1). Tags are even, so one tag is read from both.
std::optional<Seen> recognise_tcp(const Layers& layers) {
  const auto l4 = layers.l4;
  if (l4.size() < 20) return std::nullopt;
  const auto flags = l4[13];
  if ((flags & tcp_rst) != 0) return refusal(get32(l4, 8) & ~1U);
  if ((flags & tcp_ack) != 0) return std::nullopt;
  return about(get32(l4, 4), layers, get16(l4, 0), get16(l4, 2));
}

std::optional<Seen> recognise_icmp(const Layers& layers, bool v4) {
  const auto l4 = layers.l4;
  if (l4.size() < 8) return std::nullopt;
  if (l4[0] == (v4 ? icmp_unreachable : icmpv6_unreachable)) {
    const auto quoted = recognise(l4.subspan(8));
    return quoted && !quoted->refusal ? refusal(quoted->tag) : std::nullopt;
  }
  const bool ours = l4[0] == (v4 ? icmp_echo : icmpv6_echo) || l4[0] == icmp_unknown;
  return ours ? about(payload_tag(l4.subspan(8)), layers, get16(l4, 4), 0) : std::nullopt;
}

}  // namespace

Bytes first_packet(const Packet& packet, std::uint32_t tag) {
  if (packet.ct_state != ConntrackState::fresh && packet.ct_state != ConntrackState::invalid)
    throw base::InternalError("no first packet is " + std::string(net::to_string(packet.ct_state)));
  auto l4 = layer4(packet, tag, packet.ct_state == ConntrackState::fresh);
  put_checksum(packet, l4);
  Bytes bytes;
  bytes.reserve(40 + l4.size());
  if (packet.family() == Family::ipv4) {
    put_ipv4(packet, l4.size(), bytes);
  } else {
    put_ipv6(packet, l4.size(), bytes);
  }
  bytes.insert(bytes.end(), l4.begin(), l4.end());
  return bytes;
}

Bytes tagged_payload(std::uint32_t tag) {
  Bytes payload;
  put_payload(payload, tag);
  return payload;
}

std::optional<Seen> flow_of(std::span<const std::uint8_t> bytes) {
  const auto layers = split_layers(bytes);
  if (!layers) return std::nullopt;
  const auto l4 = layers->l4;
  const bool tcp = layers->protocol == 6;
  if (l4.size() < (tcp ? 20U : 8U) || (!tcp && layers->protocol != 17)) return std::nullopt;
  if (tcp && (l4[13] & (tcp_syn | tcp_ack)) != tcp_syn) return std::nullopt;
  return about(0, *layers, get16(l4, 0), get16(l4, 2));
}

std::optional<Seen> recognise(std::span<const std::uint8_t> bytes) {
  const auto layers = split_layers(bytes);
  if (!layers) return std::nullopt;
  const auto l4 = layers->l4;
  switch (layers->protocol) {
    case 6:
      return recognise_tcp(*layers);
    case 17:
      if (l4.size() < 8) return std::nullopt;
      return about(payload_tag(l4.subspan(8)), *layers, get16(l4, 0), get16(l4, 2));
    case 132:
      if (l4.size() < 20 || (l4[12] != sctp_init && l4[12] != sctp_data)) return std::nullopt;
      return about(get32(l4, 16), *layers, get16(l4, 0), get16(l4, 2));
    case 1:
    case 58:
      return recognise_icmp(*layers, layers->protocol == 1);
    default:
      return std::nullopt;
  }
}

}  // namespace portcullis::kernel
