// The routing rules of one node, one family, one dialect: what portcullis means by 'the ruleset'. `fate`
// (interpret.hpp) is the definition of their meaning; backends emit it, the tests and the prover hold every ruleset
// against it.
//
// A packet meets the stages in this order:
//
//   pre    prerouting, output   source ranges of load-balancer addresses before translation (dialect nftables)
//   nat    prerouting, output   which frontend, which endpoint, masquerade or not: three tables of routes, tried in
//   order check  input, forward, output   refusals of what nat left alone, and of what it produced: on the translated
//   packet post   postrouting          masquerade of marked packets and of hairpins
//
// nat is evaluated for the first packet of a flow only (conntrack NEW); pre likewise; each check says which conntrack
// states it looks at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/cluster/profile.hpp"
#include "compiler/net/address.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::ir {

using cluster::Dialect;

// Which object, and where in it, a route comes from.
struct Origin {
  std::string object;  // `Service default/web`, `Pod default/db`, `profile`
  std::string field;   // `spec.ports[0].nodePort`
  base::SourceSpan span;
};

// ---- pools

// One endpoint of a Service port as this node uses it.
struct PoolEntry {
  net::Address address;
  std::uint16_t port = 0;
  std::uint32_t weight = 1;
  bool local = false;  // on this node
  // Only in the local set: an endpoint that policy Local falls back to (terminating) or that topology hints keep out of
  // the cluster set. INVARIANT: local_only implies local.
  bool local_only = false;

  [[nodiscard]] std::string text() const { return net::endpoint_text(address, port); }
  bool operator==(const PoolEntry&) const = default;
};

// Endpoints of one Service port, sorted by their text (`address:port`), which is also the order in which affinity
// memory is asked (reference 3.6). The cluster set is every entry that is not local_only; the local set is every local
// entry.
struct Pool {
  std::string name;  // as cluster::service_port_name
  net::Protocol protocol = net::Protocol::tcp;
  std::vector<PoolEntry> entries;
  bool operator==(const Pool&) const = default;
};
using PoolId = std::uint32_t;  // index into Program::pools

// The name of an endpoint's affinity memory: one per (Service port, endpoint), the same in every compilation.
[[nodiscard]] std::string label(const Pool& pool, const PoolEntry& entry);

// A named set of source prefixes.
struct Ranges {
  std::string name;
  net::PrefixSet sources;
  bool operator==(const Ranges&) const = default;
};
using RangesId = std::uint32_t;  // index into Program::ranges

// ---- nat: routes

enum class Table : std::uint8_t { service, node_port, host_port };
enum class FrontendKind : std::uint8_t { cluster_ip, external_ip, load_balancer, node_port, host_port };
[[nodiscard]] std::string_view to_string(Table table);
[[nodiscard]] std::string_view to_string(
    FrontendKind kind);  // `cluster-ip`, `external-ip`, `load-balancer`, `node-port`, `host-port`

// service: `address` is set. node-port: absent (the program's accepted addresses). host-port: the hostIP, or absent for
// every local address.
struct RouteKey {
  std::optional<net::Address> address;
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t port = 0;
  auto operator<=>(const RouteKey&) const = default;
};

// Who sends. Tested against the packet before translation.
enum class SourceIs : std::uint8_t {
  any,
  pod,      // the detector says so; never true without a detector
  node,     // a local address of this node (`fib saddr type local`), whatever the hook
  inside,   // in `ranges`
  outside,  // not in `ranges`
};

enum class Masquerade : std::uint8_t {
  never,
  always,
  off_cluster,  // unless the detector says the source is a pod. INVARIANT: only in programs with a detector
};

// Choose an entry by weight, translate to it.
struct Balance {
  PoolId pool = 0;
  bool local_set = false;  // the pool's local set instead of its cluster set. INVARIANT: the set is not empty
  Masquerade masquerade = Masquerade::never;
  std::optional<std::uint32_t> affinity_seconds;
  bool operator==(const Balance&) const = default;
};
// The route has matched but does not translate, and no later table is tried (a verdict map's goto that ends: dialect
// nftables).
struct Stop {
  bool operator==(const Stop&) const = default;
};
// The route does not translate and the next tables are tried (a frontend chain that returns: dialect iptables).
struct Fall {
  bool operator==(const Fall&) const = default;
};
using Outcome = std::variant<Balance, Stop, Fall>;

struct GuardedOutcome {
  SourceIs source = SourceIs::any;
  RangesId ranges = 0;  // for inside, outside
  Outcome outcome;
  bool operator==(const GuardedOutcome&) const = default;
};

struct Route {
  Table table{};
  FrontendKind kind{};
  RouteKey key;
  std::string owner;  // as cluster::service_port_name, or `pod ns/name:port`
  // Tried in order; the last one is unguarded.
  std::vector<GuardedOutcome> outcomes;
  Origin origin;
  std::vector<std::string> rivals;  // other owners of the same key: the fate of the key's packets is `conflict`
};

// ---- pre and check

struct RangeCheck {  // pre: packets to `key` whose source is outside `ranges` are dropped
  RouteKey key;
  RangesId ranges = 0;
  std::string owner;
  Origin origin;
};

enum class Verdict : std::uint8_t { accept, reject, drop };
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct Hooks {
  bool input = false, forward = false, output = false;
  bool operator==(const Hooks&) const = default;
};
// Which packets, by conntrack state.
enum class States : std::uint8_t { fresh, any, invalid, established_or_related };

// What a check looks at besides hook and state; every alternative is about the packet after translation.
struct AnyPacket {
  bool operator==(const AnyPacket&) const = default;
};
struct ToFrontend {  // address, protocol, port
  RouteKey key;
  std::optional<RangesId> unless_from;  // only sources outside these ranges
  bool operator==(const ToFrontend&) const = default;
};
struct ToNodePort {  // protocol and port on an accepted address, or on any local one
  net::Protocol protocol{};
  std::uint16_t port = 0;
  bool any_local = false;
  bool operator==(const ToNodePort&) const = default;
};
struct ToAddress {  // every protocol and port of it
  net::Address address;
  bool operator==(const ToAddress&) const = default;
};
struct ToPrefix {
  net::Prefix prefix;
  bool operator==(const ToPrefix&) const = default;
};
struct Marked {  // carries the masquerade mark
  bool operator==(const Marked&) const = default;
};
struct Martian {  // to loopback from elsewhere, untranslated, not of a known flow
  bool operator==(const Martian&) const = default;
};
using CheckMatch = std::variant<AnyPacket, ToFrontend, ToNodePort, ToAddress, ToPrefix, Marked, Martian>;

// The first check that matches at a hook decides there; accept ends the checks of that hook. A packet between two local
// addresses of the node meets output and then input.
struct Check {
  std::string owner;  // a Service port, or what it is: `hygiene`, `invalid`, `masquerade mark`, `established`, `foreign
                      // policy`, `martian`, `health …`
  Hooks hooks;
  States states = States::fresh;
  CheckMatch match;
  Verdict verdict{};
  Origin origin;
  // Not ours to emit: a foreign FORWARD policy that the profile states (design 1.3).
  bool foreign = false;
};

// ---- the rest of the node

// Decides `source is a pod` (reference 3.4), for this family.
struct NoDetector {
  bool operator==(const NoDetector&) const = default;
};
struct CidrDetector {
  net::Prefix cidr;
  bool operator==(const CidrDetector&) const = default;
};
struct InterfaceDetector {
  std::string name;
  bool is_prefix = false;  // the interface's name starts with `name`
  bool operator==(const InterfaceDetector&) const = default;
};
using Detector = std::variant<NoDetector, CidrDetector, InterfaceDetector>;

// Where node ports are accepted (reference 3.5.4).
struct AcceptedAddresses {
  bool every_local = false;  // any local address; loopback only if `loopback`
  bool loopback = false;
  std::vector<net::Address> addresses;  // if not every_local; sorted
  bool operator==(const AcceptedAddresses&) const = default;
};

// Post-apply: delete UDP conntrack entries to this original destination unless they reply from one of `keep`
// (reference 3.10).
struct UdpCleanup {
  std::optional<net::Address> dst;  // absent: any address (node ports)
  std::uint16_t port = 0;
  std::vector<std::pair<net::Address, std::uint16_t>> keep;
  std::string owner;
  bool operator==(const UdpCleanup&) const = default;
};

struct Program {
  std::string node;
  net::Family family{};
  Dialect dialect{};
  std::uint32_t mark = 0x4000;                // the masquerade bit
  std::vector<net::Address> local_addresses;  // of this family, without loopback; sorted
  Detector detector;
  AcceptedAddresses accepted;
  bool route_localnet = false;  // the node must set net.ipv4.conf.all.route_localnet
  bool tcp_be_liberal = false;  // … nf_conntrack_tcp_be_liberal

  std::vector<Pool> pools;      // sorted by name
  std::vector<Ranges> ranges;   // sorted by name
  std::vector<RangeCheck> pre;  // sorted by key
  std::vector<Route> routes;    // sorted by table, key; keys are unique within a table
  std::vector<Check> checks;    // in order of evaluation
  std::vector<UdpCleanup> udp_cleanup;

  [[nodiscard]] bool is_local(const net::Address& address) const;
  [[nodiscard]] bool accepts_node_port(const net::Address& address) const;
  // Whether the detector takes the packet for a pod's.
  [[nodiscard]] bool from_pod(const net::Packet& packet) const;
};

}  // namespace portcullis::ir
