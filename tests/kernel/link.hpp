// The ways into a namespace: TUN devices for what arrives, raw sockets for what the node itself sends.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compiler/net/packet.hpp"
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
  // Calls `see` for every packet that has left by it and was not discarded.
  void receive(const std::function<void(std::span<const std::uint8_t>)>& see) const;
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

// Sends TCP and UDP as processes do. Hooks of sockets see what it asks for.
class SocketSender {
 public:
  enum class Outcome : std::uint8_t { sent, refused, failed };
  // Inside the namespace: from the packet's source and port, which need not be the node's. TCP begins a connection.
  // `payload` is the datagram. Refused is what the call itself says, before any packet.
  Outcome send(const net::Packet& packet, std::span<const std::uint8_t> payload);
  // Ends the connections that were begun.
  void close() { open_.clear(); }

 private:
  std::vector<Fd> open_;
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
