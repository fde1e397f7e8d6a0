// A process with a client, a node and a server in network namespaces of their own, joined by veth, that opens TCP
// connections from client to server through one ruleset of the node when it is told to.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "compiler/net/address.hpp"

namespace portcullis::bench {

struct ConnectionPlan {
  std::string name;
  net::Address to;  // what the client asks for, and the port
  std::uint16_t port = 80;
  std::vector<net::Address> endpoints;  // the server's addresses, all with port 8080
  std::function<void()> load;           // called in the node; returns when the ruleset is there
  // Called with something to do that lasts as long as the subject: what `load` needs may live around it.
  std::function<void(const std::function<void()>&)> around = [](const std::function<void()>& inner) { inner(); };
};

struct ConnectionRound {
  double rate = 0;           // connections a second
  double cpu = 0;            // microseconds of CPU time that client and server took for one
  std::uint32_t stalls = 0;  // connections that took so long that a packet must have been lost
};

class ConnectionSubject {
 public:
  // Returns when the ruleset is loaded and a round to warm up is done. Throws InternalError.
  explicit ConnectionSubject(const ConnectionPlan& plan);
  ConnectionSubject(const ConnectionSubject&) = delete;
  ConnectionSubject& operator=(const ConnectionSubject&) = delete;
  ~ConnectionSubject();

  // One client thread opens one connection after the other; each is taken by the server, and reset by the client so
  // that its port is free again.
  void round();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<ConnectionRound>& rounds() const { return rounds_; }

 private:
  [[nodiscard]] ConnectionRound answer() const;

  std::string name_;
  int socket_ = -1;
  pid_t child_ = -1;
  std::vector<ConnectionRound> rounds_;
};

}  // namespace portcullis::bench
