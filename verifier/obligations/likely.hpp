// Packets as somebody would send them. A solver's witness has the plainest numbers that do: 0.0.0.0, port 0. What it
// shows is as true of a client that people know: an address of documentation, a pod, a node.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/program.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::obligations {

// Of a client: above the ports of servers and within Linux' own range.
inline constexpr std::uint16_t client_port = 40000;

// An address of documentation: 203.0.113.7, 2001:db8::7.
[[nodiscard]] net::Address somebody_outside(net::Family family);

// Sources worth trying, of one family, in a fixed order: addresses of documentation (RFC 5737, RFC 3849), pods (those
// of `node` first; null: any), nodes.
[[nodiscard]] std::vector<net::Address> likely_sources(const cluster::Cluster& cluster, net::Family family,
                                                       const cluster::Node* node);
// The same, as far as a program knows: its endpoints take the place of pods.
[[nodiscard]] std::vector<net::Address> likely_sources(const ir::Program& program);
// Those of `sources` that are in the set, then some that begin its prefixes.
[[nodiscard]] std::vector<net::Address> likely_within(const net::PrefixSet& set, net::Family family,
                                                      std::span<const net::Address> sources);

// `packet` with the first of the sources for which `shows` says that it shows the same, and a client's port; else as it
// is. `from` says where a source's packet starts; nothing: it cannot start where the packet does.
[[nodiscard]] net::Packet likely(const net::Packet& packet, std::span<const net::Address> sources,
                                 const std::function<std::optional<net::PacketFrom>(const net::Address&)>& from,
                                 const std::function<bool(const net::Packet&)>& shows);

}  // namespace portcullis::obligations
