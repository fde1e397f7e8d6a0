// A policy bound to a cluster: what is left to decide, with everything needed to decide it. Nothing here is proved.
// Points into the cluster that was bound against, which must outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/net/address.hpp"
#include "compiler/policy/ports.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

// ---- who sends

// Where a packet starts: it arrives at a node from outside of the cluster, or comes out of a pod on a node, or is sent
// by a process of a node (a pod on the host network included: nobody can tell the two apart).
enum class Origin : std::uint8_t { outside, pods, nodes };
[[nodiscard]] std::string_view to_string(Origin origin);  // `outside`, `pods`, `nodes`

// Source addresses that start in one place. Both families.
// Whether the network carries its packets to a destination (a cluster IP needs a static route) is not said here.
struct SourceGroup {
  Origin origin{};
  std::string node;          // empty: from outside, or of pods whose node nobody knows
  net::PrefixSet addresses;  // not empty
  // Pods that are known to have one of the addresses; there may be addresses that no known pod has.
  std::vector<const cluster::Pod*> pods;
};

// A zone is a set of addresses. Who has an address decides where its packets start; addresses that cannot be a source
// there are left out: Service addresses, and from outside also loopback, multicast, broadcast, 0.0.0.0/8 and `::`,
// which the kernel drops before any rule of ours (martians).
struct Sources {
  std::string text;                 // as written
  std::vector<SourceGroup> groups;  // outside, then pods, then nodes, each by node
};

// ---- who is reached

// One way to a Service port.
struct Frontend {
  FrontendKind kind{};
  std::optional<net::Address> address;  // absent: the addresses of the nodes that accept node ports
  net::Protocol protocol{};
  std::uint16_t port = 0;  // of the address: the Service's port, or its node port
  const cluster::Service* service = nullptr;
  const cluster::ServicePort* service_port = nullptr;
  SourceSpan span;  // of the address or node port, where text gave it

  bool operator==(const Frontend&) const = default;
};

// One port of a Service, by the frontends that the target means: all of them for a `service`, its node port for a `node
// port`. A headless Service has none: who asks its name sends to the endpoints themselves.
struct ServiceDestination {
  const cluster::Service* service = nullptr;
  const cluster::ServicePort* port = nullptr;
  std::vector<Frontend> frontends;
};

// Pods of one workload, by their own addresses. A pod without an address is not among them.
struct PodDestination {
  base::ObjectRef workload;
  std::vector<const cluster::Pod*> pods;
  PortSet ports;
};

struct AddressDestination {
  net::Address address;
  PortSet ports;
  std::vector<Frontend> frontends;  // that have this very address and one of the ports
  std::string owner;                // `Service shop/web`, `Pod shop/web-0`, `Node n1`; empty: nobody known
};

// Addresses with TCP ports of which a sender may take any: what clients of a proxy connect to. No sentence has it for a
// target; questions about Ingresses do.
struct DoorsDestination {
  std::string owner;
  std::vector<std::pair<net::Address, std::uint16_t>> doors;
};

using Destination = std::variant<ServiceDestination, PodDestination, AddressDestination, DoorsDestination>;
// `shop/web:http`, `Deployment shop/web`, `203.0.113.5`.
[[nodiscard]] std::string name_of(const Destination& destination);

// Requests for a host of Ingresses, with a path that is this one or below it, element by element.
struct RequestDestination {
  std::string host;                 // lower case; `*.` in front stands for one label
  std::string path;                 // without a slash at its end, but `/`; empty: every path
  std::vector<std::string> except;  // paths; they and what is below them are left out
  SourceSpan span;                  // of the host in the sentence
};
[[nodiscard]] std::string name_of(const RequestDestination& destination);  // `ingress shop.example.com/cart`

// ---- questions
//
// A packet and its destination are of one family: where sources or frontends have both, each family is asked by itself,
// and a family that one side lacks is not asked.

using SharedSources = std::shared_ptr<const Sources>;  // many questions of a policy have the same

// Every packet from a source to at least one frontend (address, pod) of the destination is delivered to an endpoint,
// and the answer does not depend on which nodes are lost, as long as they are at most `surviving`.
struct ReachableQuestion {
  SharedSources from;
  Destination to;
  std::uint32_t surviving = 0;  // smaller than the number of nodes
};
// No packet from a source to any frontend of the destination is delivered.
struct UnreachableQuestion {
  SharedSources from;
  Destination to;
};
// No packet from `others` is delivered; `others` is every source that is not in `allowed`, pods and nodes included.
// Whether the allowed ones are delivered is not asked.
struct OnlyQuestion {
  SharedSources allowed, others;
  Destination to;
};
// Whatever is delivered reaches its endpoint with the source that it was sent with.
struct PreservesSourceQuestion {
  SharedSources from;
  Destination to;
};
// Design 1.2: packets to any of the first and to any of the second frontends, of one family, have the same fate; with
// `with_source` also the same masquerade. Both lists are of one Service port and not empty.
struct SameFateQuestion {
  std::vector<Frontend> first, second;
  bool with_source = false;
};
// From every source, a plain request (GET, of this very path, over http or https, with whatever credentials it takes)
// is forwarded to Services that have an endpoint, whatever chance chooses and whichever `surviving` nodes are lost.
struct RequestReachableQuestion {
  SharedSources from;
  RequestDestination to;
  std::uint32_t surviving = 0;
};
// No request from a source is forwarded to a Service with an endpoint.
struct RequestUnreachableQuestion {
  SharedSources from;
  RequestDestination to;
  SharedSources allowed;  // of `only`, which asks about everybody else; else null
};
// Nobody outside of the excepted namespaces has this. The answer is at hand: refuted by each of the offenders.
struct ForbiddenQuestion {
  struct Offender {
    base::ObjectRef object;
    SourceSpan span;   // of the field that does it
    std::string what;  // `hostPort 9100/TCP`
  };
  Exposure exposure{};
  std::vector<Offender> offenders;
};
// No two owners of one key. The answer is at hand: refuted by each of the claims.
struct NoConflictsQuestion {
  std::vector<const cluster::Claim*> conflicts;
};
// True by what was looked up: of what the sentence keeps out nothing is there.
struct SettledQuestion {
  std::string reason;  // `no Service has a node port`
};
// A sentence that this version reads and cannot decide. Never to be taken for proved.
struct UnsupportedQuestion {
  std::string reason;
};

using Question = std::variant<ReachableQuestion, UnreachableQuestion, OnlyQuestion, PreservesSourceQuestion,
                              SameFateQuestion, RequestReachableQuestion, RequestUnreachableQuestion, ForbiddenQuestion,
                              NoConflictsQuestion, SettledQuestion, UnsupportedQuestion>;

// What the obligations of one sentence share.
struct Statement {
  std::string place;  // `shop.policy:12`
  std::string text;   // on one line
  SourceSpan span;
  bool several = false;  // it gives more than one obligation
};

struct Obligation {
  std::shared_ptr<const Statement> sentence;  // never null
  std::string about;                          // what of it: `ops/grafana:http`; empty where it speaks of no object
  Question question;

  // `shop.policy:12: only office reaches service ops/*`, and ` [ops/grafana:http]` if the sentence gives several.
  [[nodiscard]] std::string name() const;
};

// ---- waivers

struct Waiver {
  std::string code;  // `PC3107`
  std::string kind;  // as findings have it: `Service`
  ObjectPattern object;
  std::chrono::year_month_day until;  // the last day
  std::string reason;
  bool expired = false;  // reported as PC4005; waives nothing
  SourceSpan span;       // the sentence
};

struct Bound {
  std::vector<Obligation> obligations;  // in the order of the sentences
  std::vector<Waiver> waivers;
};

}  // namespace portcullis::policy
