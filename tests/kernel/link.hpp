// The ways into a namespace: TUN devices for what arrives, raw sockets for what the node itself sends.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "compiler/net/address.hpp"
#include "tests/kernel/fd.hpp"

namespace portcullis::kernel {

// A layer-3 interface whose cable is in our hands. Packets written arrive on it and have gone the whole way through the
// kernel when send() returns: tun_get_user() receives them in the caller's context. Packets that leave through it are
// discarded when its short queue is full.
class Tun {
 public:
  // Inside the namespace. The device is up, without addresses. Throws Failure.
  explicit Tun(const std::string& name);
  void send(std::span<const std::uint8_t> packet) const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  Fd device_;
};

// Sends whole packets as a process of the node would: they pass OUTPUT, and loopback when they stay here.
class NodeSender {
 public:
  NodeSender();  // inside the namespace; throws Failure
  // Throws Failure when the kernel can't send it for another reason than a rule.
  void send(std::span<const std::uint8_t> packet, const net::Address& to) const;

 private:
  Fd v4_, v6_;
};

// Puts a packet of IP protocol 253 into the receive queue of lo, behind whatever is waiting there; it passes no OUTPUT
// chain.
class LoopbackMarker {
 public:
  LoopbackMarker();  // inside the namespace; throws Failure
  void send(std::uint32_t number) const;
  // The number, if `packet` is a marker.
  [[nodiscard]] static bool is_marker(std::span<const std::uint8_t> packet, std::uint32_t& number);

 private:
  Fd socket_;
  int loopback_ = 0;
};

}  // namespace portcullis::kernel
