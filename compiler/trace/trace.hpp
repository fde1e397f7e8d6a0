// The narrator: the way of one packet through the cluster, in words and with the deciding lines. It asks the interpreter; it decides nothing.
//
// With a node: the fate of the packet there. Without: the packet starts where it would enter the cluster (its pod's node, a balancer, a static
// route, the node that owns the address) and is followed across machines until it is delivered or lost.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::trace {

// What follows a packet that the rules neither translate nor refuse.
enum class After { delivered, refused, forwarded, lost };
[[nodiscard]] std::string_view to_string(After after);

struct Because {
  base::SourceSpan span;
  std::string object;
  std::string field;
};

struct Hop {
  std::string at;    // `<node> <table> <hook>`, or `client`, `balancer <name>`, `pod <name>`
  std::string what;  // one sentence
  std::optional<Because> because;
};

struct Trace {
  net::Packet packet;
  std::string node;  // where the fate below was decided
  ir::Fate fate;
  std::optional<After> after;  // of none and accept
  std::vector<Hop> hops;
};

// Builds programs (one per node and family) on demand and keeps them.
class Tracer {
 public:
  explicit Tracer(const cluster::Cluster& cluster);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  // `node` empty: where the packet enters the cluster.
  [[nodiscard]] Trace trace(const net::Packet& packet, const std::string& node);
  // The packet with `from` and `iif` filled in where the user left them out, by the rules of design section 3 (packets file).
  [[nodiscard]] net::PacketFrom infer_from(const net::Address& source, const std::string& node) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portcullis::trace
