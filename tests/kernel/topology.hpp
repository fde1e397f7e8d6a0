// Several hosts joined by cables, with real sockets: for streams and for the worked example. Sockets wait for answers,
// so this is not the way to test many fates (harness.hpp is).
//
//   Topology net;
//   net.add("client"); net.add("node-a");
//   net.segment({{"client", "eth0", {"10.100.0.9/24"}}, {"node-a", "eth0", {"10.100.0.2/24"}}});
//   net.serve("node-a", "hello", net::Protocol::tcp, *net::Address::parse("10.100.0.2"), 80);
//   net.ask("client", net::Protocol::tcp, *net::Address::parse("10.100.0.2"), 80).server == "hello"
//
// Hosts are network namespaces without names; they end with the object, also when the test dies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/net/packet.hpp"
#include "tests/kernel/echo.hpp"
#include "tests/kernel/fd.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

// One end of a cable: the host gets an interface of that name with these addresses (`10.100.0.2/24`, either family).
struct End {
  std::string host, interface;
  std::vector<std::string> addresses;
};

struct Answer {
  enum class Outcome : std::uint8_t { answered, refused, unreachable, silent };
  Outcome outcome = Outcome::silent;
  std::string server;  // of an answer: the server's name …
  net::Address seen;   // … and the source address that it saw
  std::uint16_t seen_port = 0;
};

// What an echo server's greeting says. Throws Failure where it is none.
[[nodiscard]] Answer parse_greeting(std::string_view line);
// What a socket's error means.
[[nodiscard]] Answer::Outcome outcome_of(int error);

// An open TCP connection to an echo server.
class Stream {
 public:
  Stream(Fd socket, Answer answer) : socket_(std::move(socket)), answer_(std::move(answer)) {}
  [[nodiscard]] const Answer& answer() const { return answer_; }
  // Sends `text` and expects it back; false when the connection broke or nothing came for `seconds`.
  [[nodiscard]] bool echo(std::string_view text, int seconds = 5) const;

 private:
  Fd socket_;
  Answer answer_;
};

class Topology {
 public:
  // Hosts are known by their names. A host that forwards what is not for it. Throws Failure.
  void add(const std::string& name);
  // A cable between two hosts.
  void cable(const End& a, const End& b);
  // A switch with a cable to each end.
  void segment(const std::vector<End>& ends);
  // `ip route add <what>` on the host: `10.0.2.0/24 via 10.100.0.3`, `default via 10.100.0.1`.
  void route(const std::string& name, const std::string& what);
  // Takes the host's interface up or down.
  void link(const std::string& name, const std::string& interface, bool up);

  void load(const std::string& name, const Rulesets& rulesets);
  std::string run(const std::string& name, const std::vector<std::string>& words, std::string_view input = {});
  // Calls `what` inside of the host.
  void within(const std::string& name, const std::function<void()>& what);

  void serve(const std::string& name, const std::string& server, net::Protocol protocol, const net::Address& address,
             std::uint16_t port);
  // One TCP connection or UDP datagram from the host, and who answered. `silent` after `milliseconds` without a word.
  [[nodiscard]] Answer ask(const std::string& name, net::Protocol protocol, const net::Address& to, std::uint16_t port,
                           int milliseconds = 5000);
  // The same over TCP, kept open.
  [[nodiscard]] Stream open(const std::string& name, const net::Address& to, std::uint16_t port,
                            int milliseconds = 5000);
  // Until the kernel has noticed, in a work queue of its own, that every new interface is up. Nothing else tells when a
  // packet would be lost. Asking and opening call it themselves.
  void settle();

 private:
  const Fd& host(const std::string& name) const;

  std::map<std::string, Fd> hosts_;
  std::vector<std::pair<std::string, std::string>> fresh_;  // host and interface of ends that have not been seen up
  unsigned switches_ = 0;
  EchoServers servers_;
};

}  // namespace portcullis::kernel
