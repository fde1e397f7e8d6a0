// The narrator: the way of one packet through the cluster, in words and with the deciding lines. It asks the
// interpreter; it decides nothing.
//
// With a node: the fate of the packet there. Without: the packet starts where it would enter the cluster (its pod's
// node, a balancer, a static route, the node that owns the address) and is followed across machines until it is
// delivered or lost. Where chance chooses (a node behind a balancer, an endpoint of a pool) one way is told, the same
// one each time, and the others are named.
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
enum class After {
  delivered,  // somebody listens
  refused,    // nobody listens on this node: the kernel answers TCP RST or ICMP port unreachable
  forwarded,  // leaves the node (with a node) or the cluster (without)
  lost,       // nobody has the destination
};
[[nodiscard]] std::string_view to_string(After after);

struct Because {
  base::SourceSpan span;  // may be unknown: what planning or a default gave has no line
  std::string object;
  std::string field;
};

struct Hop {
  // One of (docs/trace.md): `client`, `network`, `balancer <name>`, `pod <ns>/<name>`, `pod <address>`, `<node>
  // socket`,
  // `<node> filter prerouting|input|forward|output`, `<node> nat prerouting|output|postrouting`.
  std::string at;
  std::string what;  // one sentence
  std::optional<Because> because;
  std::string packet;  // as it leaves this place: `192.0.2.7 → 10.0.2.2:8080`
};

struct Trace {
  net::Packet packet;
  std::string node;            // where the fate below was decided; empty if the packet reached none
  ir::Fate fate;               // of the first node that did not leave the packet alone, else of the last
  std::optional<After> after;  // of none and accept
  std::vector<Hop> hops;       // not empty
  net::Packet arrived;         // as it is where its way ends
};

// Builds programs (one per node and family) on demand and keeps them. The cluster must outlive it.
class Tracer {
 public:
  explicit Tracer(const cluster::Cluster& cluster);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  // `node` empty: where the packet enters the cluster; otherwise a node of the cluster.
  [[nodiscard]] Trace trace(const net::Packet& packet, const std::string& node);
  // Where a packet with this source starts, as seen from `node` (from anywhere, if empty), by the rules of the packets
  // file: in this node's pod CIDR → pod, in another's → remote-pod, an address of this node or loopback → node, else
  // external.
  [[nodiscard]] net::PacketFrom infer_from(const net::Address& source, const std::string& node) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portcullis::trace
