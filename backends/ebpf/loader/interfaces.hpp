// The node as it is now: interfaces, addresses, which of them packets enter by, and what its packets are masqueraded
// with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/tables.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::ebpf::loader {

struct InterfaceAddress {
  net::Address address;
  std::uint8_t scope = 0;  // RT_SCOPE_UNIVERSE: a global one
  bool secondary = false;  // another address of the same network came first (IPv4), or a temporary one (IPv6)
  bool usable = true;      // not tentative, not deprecated
};

enum class LinkHeader : std::uint8_t { ethernet, none, other };

struct Interface {
  std::uint32_t index = 0;
  std::string name;
  bool loopback = false;
  LinkHeader header = LinkHeader::ethernet;
  std::uint32_t master = 0;  // index of the bridge, bond or VRF that it belongs to
  std::string kind;          // `veth`, `bridge`, `vrf`; empty for hardware
  std::vector<InterfaceAddress> addresses;
};

struct Node {
  std::vector<Interface> interfaces;  // in the kernel's order
  std::uint64_t cookie = 0;           // of the network namespace
  // Sources of what the node sends towards the world.
  std::optional<net::Address> primary4, primary6;

  [[nodiscard]] const Interface* find(const std::string& name) const;
  [[nodiscard]] const Interface* find(std::uint32_t index) const;
};

// The network namespace that the calling thread is in. Throws CannotDo.
[[nodiscard]] Node look_at_node();

// Packets enter by it and are seen there: not lo, and not a port of a bridge or bond, whose packets are seen at the
// bridge or bond. A VRF sees them at its ports.
[[nodiscard]] bool is_entrance(const Node& node, const Interface& interface);

// The source of packets that leave by the interface and are masqueraded: its first global address, or else the node's.
[[nodiscard]] std::optional<net::Address> masquerade_address(const Node& node, const Interface& interface,
                                                             net::Family family);
[[nodiscard]] pcl_interface interface_row(const Node& node, const Interface& interface,
                                          const std::optional<PodInterface>& pods);

// The tables with the node's own addresses among `locals` that the artefact does not name.
[[nodiscard]] Tables with_addresses(Tables tables, const Node& node);
// Addresses that the artefact takes for this node's, and that it has not.
[[nodiscard]] std::vector<net::Address> absent_addresses(const Tables& tables, const Node& node);

}  // namespace portcullis::ebpf::loader
