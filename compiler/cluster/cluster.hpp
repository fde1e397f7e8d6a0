// The resolved cluster: what the control plane would have made of the manifests. Nothing optional that a default fills;
// addresses, node ports and placements are there, given or planned. Built once by `resolve`, then const. Every later
// stage reads this and no manifest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/profile.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

struct NodeTaint {
  std::string key, value, effect;
};

struct Node {
  std::string name;
  std::string zone;                     // empty: no zone
  std::vector<net::Address> addresses;  // on its interfaces, without loopback
  std::optional<net::Address> primary_v4, primary_v6;
  std::vector<net::Prefix> pod_cidrs;
  std::map<std::string, std::string> labels;
  std::vector<HostPort> host_ports;  // of pods placed here and of the profile; newest first where it matters
  std::vector<NodeTaint> taints;     // spec.unschedulable included, as node.kubernetes.io/unschedulable:NoSchedule
  bool planned = false;              // made up by planning: no Node object and no profile node gave it
  bool addresses_planned = false;    // given without any address: planning made them up
  bool pod_cidrs_planned = false;    // given without podCIDRs
  SourceSpan span;

  [[nodiscard]] const std::optional<net::Address>& primary(net::Family family) const {
    return family == net::Family::ipv4 ? primary_v4 : primary_v6;
  }
  // Any address on an interface, 127.0.0.0/8, ::1 (reference 0.1).
  [[nodiscard]] bool is_local(const net::Address& address) const;
};

struct Endpoint {
  net::Address address;
  std::uint16_t port = 0;
  bool ready = true, serving = true, terminating = false;
  std::string node;  // empty: unknown, never local
  std::string zone;
  std::vector<std::string> for_zones, for_nodes;
  std::string pod;       // name of the pod, if one is known
  bool planned = false;  // its address was planned (the pod does not exist yet)
  SourceSpan span;
  // Other entries for the same address and port that contradict this one (another nodeName, say), in a fixed order;
  // almost always empty. Which of them a proxy keeps is random since 1.36, and the local one up to 1.35
  // (reference 1.2). PC2100 has been reported; a Program of one node takes `on_node(name)`.
  std::vector<Endpoint> alternatives;

  // This entry, or the first alternative that is local to `node_name` if this one is not.
  [[nodiscard]] const Endpoint& on_node(std::string_view node_name) const {
    if (alternatives.empty() || node == node_name) return *this;
    for (const Endpoint& other : alternatives) {
      if (other.node == node_name) return other;
    }
    return *this;
  }
};

enum class ServiceType { cluster_ip, node_port, load_balancer, external_name };
[[nodiscard]] std::string_view to_string(ServiceType type);
enum class TrafficPolicy { cluster, local };

struct ServicePort {
  std::string name;  // may be empty
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;  // 0: none
  bool node_port_planned = false;
  manifest::IntOrString target_port;
  std::string app_protocol;
  // Of both families, each family sorted by its key (`address:port`) as a string; keys are unique.
  std::vector<Endpoint> endpoints;
  SourceSpan span;            // the port's entry
  SourceSpan port_span;       // the `port` scalar
  SourceSpan node_port_span;  // the `nodePort` scalar, or the entry
  std::size_t index = 0;      // in spec.ports
};

struct LoadBalancerAddress {
  net::Address address;
  bool vip = true;  // ipMode
  bool planned = false;
  SourceSpan span;
};
struct LocatedAddress {
  net::Address address;
  bool planned = false;
  SourceSpan span;
};

struct Service {
  std::string ns, name;
  ServiceType type = ServiceType::cluster_ip;
  std::vector<net::Family> families;  // spec.ipFamilies after defaulting, the primary first; empty for ExternalName
  bool headless = false;
  bool skipped = false;                     // label service.kubernetes.io/service-proxy-name: another proxy's
  std::vector<LocatedAddress> cluster_ips;  // empty for headless and ExternalName; at most one of a family
  std::vector<LocatedAddress> external_ips;
  std::vector<LoadBalancerAddress> load_balancer_ips;
  std::vector<std::string> load_balancer_hostnames;
  std::vector<Located<net::Prefix>> source_ranges;
  bool has_source_ranges = false;  // given at all (a range of the other family leaves this family open)
  TrafficPolicy external_policy = TrafficPolicy::cluster;
  TrafficPolicy internal_policy = TrafficPolicy::cluster;
  std::optional<std::uint32_t> affinity_seconds;  // ClientIP
  std::uint16_t health_check_node_port = 0;       // 0: none. Set only for LoadBalancer with external policy Local
  bool health_check_node_port_planned = false;
  std::vector<ServicePort> ports;
  SourceSpan span;  // metadata.name, else the document
  std::string external_name;
  SourceSpan health_check_span;

  // Programmed by the proxy: has a cluster IP, is no ExternalName, not skipped (reference 1.1).
  [[nodiscard]] bool programmed() const {
    return !headless && !skipped && type != ServiceType::external_name && !cluster_ips.empty();
  }
  [[nodiscard]] const LocatedAddress* cluster_ip(net::Family family) const {
    for (const LocatedAddress& a : cluster_ips) {
      if (a.address.family() == family) return &a;
    }
    return nullptr;
  }
  [[nodiscard]] std::string id() const { return ns + "/" + name; }
};

// `ns/name:port-name`, or `ns/name:number` if the port has no name; `/udp`, `/sctp` when not TCP.
[[nodiscard]] std::string service_port_name(const Service& service, const ServicePort& port);

enum class ClaimKind { service_ip, node_port, host_port, host_network, health, reserved };
[[nodiscard]] std::string_view to_string(ClaimKind kind);
struct ClaimOwner {
  std::string name;  // as service_port_name, `pod ns/name:port`, the profile's word
  SourceSpan span;
};
// One key and everybody who wants it. service-ip: `10.96.0.20/TCP/80`; node-port, health: `TCP/30080`; host-port,
// host-network:
// `<node>/<host address or *>/TCP/5001`; reserved: `*/TCP/22` (every address of every node).
// Keys may conflict without being equal: node ports are unique by number whatever the protocol, and share their numbers
// with health ports; a host port on all addresses meets one on a single address. `owners` then holds everybody who
// takes part.
struct Claim {
  ClaimKind kind{};
  std::string key;
  std::vector<ClaimOwner> owners;  // sorted by name
  bool conflict = false;
};

struct HealthAnswer {
  int status = 200;
  std::size_t local_endpoints = 0;
};
struct Health {
  std::uint16_t port = 0;
  std::map<std::string, HealthAnswer> nodes;  // by node name (reference 3.7)
};

// A UDP conntrack entry to this original destination is stale unless its reply source is one of `keep`
// (reference 3.10).
struct ConntrackRule {
  std::optional<net::Address> dst;  // absent: any (a node port)
  net::Family family{};
  std::uint16_t dport = 0;
  std::vector<std::pair<net::Address, std::uint16_t>> keep;  // serving endpoints
  std::string owner;
};

// A pod as placed: given with an address, or planned from a workload.
struct Pod {
  std::string ns, name;
  std::string node;
  std::vector<net::Address> addresses;
  bool host_network = false;
  bool planned = false;
  base::ObjectRef workload;  // what makes it: a Deployment …, or the Pod itself
  SourceSpan span;
};

// A port of the node that a pod takes: a hostPort, or, with hostNetwork, any declared port.
struct NodePortWant {
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t host_port = 0, container_port = 0;
  std::optional<net::Address> host_ip;  // absent: every address (0.0.0.0 and :: are every address of their family)
  std::string label;                    // the port's name, else its number
  bool host_network = false;
  SourceSpan span;
};

// What makes pods that take ports of their nodes, and where the scheduler may put them: what placement chose from.
struct HostPortWorkload {
  base::ObjectRef workload;
  std::size_t pods = 0;   // that are to run; of a DaemonSet one on each of `nodes`
  bool daemon = false;    // one on every node that takes it
  bool observed = false;  // a pod that runs already; `nodes` is its node
  // By nodeName, nodeSelector, required node affinity and taints: indexes into Cluster::nodes, ascending.
  std::vector<std::uint32_t> nodes;
  // The nodes are made up, nobody knows their labels, and the workload asks for some; `nodes` is empty then.
  bool nodes_unknown = false;
  std::vector<NodePortWant> ports;
  // Rules of the scheduler that narrow the choice down further, by what they are called: `required pod anti-affinity`.
  std::vector<std::string> further_rules;
  SourceSpan span;
};

// An IngressClass, as far as routing looks at it.
struct IngressClass {
  std::string name;
  std::string controller;  // `k8s.io/ingress-nginx`
  bool is_default = false;
  std::string created;  // RFC 3339; empty: the manifest does not say
  SourceSpan span;
};

// An Ingress after admission. What the API server would refuse is not here.
struct Ingress {
  std::string ns, name;
  // spec.ingressClassName, filled in by admission where neither field nor annotation is given; absent: none.
  std::optional<std::string> class_name;
  bool class_defaulted = false;                 // … by admission
  std::optional<std::string> class_annotation;  // kubernetes.io/ingress.class
  std::string created;                          // RFC 3339 in UTC, as Go prints it; empty: the manifest does not say
  std::size_t order = 0;  // among the Ingresses of the input: stands for age where nothing is said
  manifest::Ingress body;
  SourceSpan span;  // metadata.name, else the document

  [[nodiscard]] std::string id() const { return ns + "/" + name; }
  [[nodiscard]] base::ObjectRef reference() const { return {"Ingress", ns, name}; }
};

// A Secret as TLS looks at it.
struct Secret {
  std::string ns, name;
  std::string type;
  // DNS names of the certificate in `tls.crt`, lower case; empty where there is none that can be read.
  std::vector<std::string> names;
  bool has_certificate = false;  // `tls.crt` holds an X.509 certificate and `tls.key` is there
  SourceSpan span;

  [[nodiscard]] std::string id() const { return ns + "/" + name; }
};

struct Cluster {
  Profile profile;
  std::vector<Node> nodes;                            // sorted by name
  std::vector<Service> services;                      // sorted by namespace, name
  std::vector<Pod> pods;                              // sorted by namespace, name
  std::vector<Claim> claims;                          // sorted by kind, key
  std::vector<HostPortWorkload> host_port_workloads;  // observed pods, then DaemonSets, then the rest; each by name
  std::vector<IngressClass> ingress_classes;          // sorted by name
  std::vector<Ingress> ingresses;                     // sorted by namespace, name
  std::vector<Secret> secrets;                        // sorted by namespace, name

  [[nodiscard]] const Node* node(std::string_view name) const;
  [[nodiscard]] const Service* service(std::string_view ns, std::string_view name) const;
  [[nodiscard]] const Secret* secret(std::string_view ns, std::string_view name) const;
  [[nodiscard]] const IngressClass* ingress_class(std::string_view name) const;
};

[[nodiscard]] std::optional<Health> health(const Cluster& cluster, const Service& service);
[[nodiscard]] std::vector<ConntrackRule> conntrack_rules(const Cluster& cluster);

}  // namespace portcullis::cluster
