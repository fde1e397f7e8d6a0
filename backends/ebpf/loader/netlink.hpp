// Asking the kernel over netlink: links, addresses, conntrack entries. Debian's libmnl and libnetfilter_conntrack are
// shared libraries only, and the node's command is static; what is needed of them fits here. Throws CannotDo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <linux/netlink.h>

#include "backends/ebpf/loader/fd.hpp"

namespace portcullis::ebpf::loader {

using Bytes = std::span<const std::byte>;

// The first attribute of each number. `bytes`: attributes one behind the other.
[[nodiscard]] std::map<std::uint16_t, Bytes> attributes(Bytes bytes);

// A message as it is built: a fixed header, then attributes.
class Message {
 public:
  explicit Message(Bytes head);
  void add(std::uint16_t attribute, Bytes value);
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

class Netlink {
 public:
  // NETLINK_ROUTE or NETLINK_NETFILTER, of the namespace that the thread is in.
  explicit Netlink(int protocol);
  // Everything of a kind: `each` gets what stands behind the header of every message. `what` is being listed.
  void dump(std::string_view what, std::uint16_t type, Bytes request, const std::function<void(Bytes)>& each);
  // A change. Returns 0 or the kernel's error.
  [[nodiscard]] int change(std::uint16_t type, std::uint16_t flags, Bytes request);

 private:
  void send(std::uint16_t type, std::uint16_t flags, Bytes request);
  // Until the answer ends. Returns the kernel's error.
  int receive(const std::function<void(Bytes)>& each);

  Fd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace portcullis::ebpf::loader
