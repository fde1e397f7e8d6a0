// net::Address with a port as the socket calls want it, and back.
#pragma once

#include <cstdint>
#include <utility>

#include <sys/socket.h>

#include "compiler/net/address.hpp"

namespace portcullis::kernel {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

[[nodiscard]] SocketAddress socket_address(const net::Address& address, std::uint16_t port);
[[nodiscard]] std::pair<net::Address, std::uint16_t> address_of(const SocketAddress& address);

}  // namespace portcullis::kernel
