// Servers that say who they are and whom they see: for streams and examples with real sockets.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "compiler/net/packet.hpp"
#include "tests/kernel/fd.hpp"

namespace portcullis::kernel {

// Each server answers the first bytes of a connection, or a datagram, with one line `<name> <client address>:<port>`;
// whatever a TCP client sends then comes back. One thread serves all; it ends with the object.
class EchoServers {
 public:
  EchoServers();
  EchoServers(const EchoServers&) = delete;
  EchoServers& operator=(const EchoServers&) = delete;
  ~EchoServers();

  // Listens in the namespace that the calling thread is in; TCP or UDP. Ready when it returns. Throws Failure.
  void serve(const std::string& name, net::Protocol protocol, const net::Address& address, std::uint16_t port);

 private:
  struct Socket {
    Fd fd;
    std::string name;
    enum class Kind : std::uint8_t { listener, datagram, connection } kind;
    bool greeted = false;
  };
  void loop();
  void handle(Socket& socket);
  void wake() const;

  Fd wake_;
  std::mutex mutex_;  // guards sockets_, stop_
  std::vector<Socket> sockets_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace portcullis::kernel
