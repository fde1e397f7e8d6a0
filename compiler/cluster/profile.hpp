// What portcullis knows about a cluster beyond its manifests: the merged ClusterProfile and KubeProxyConfiguration,
// with every default filled in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/manifest/objects.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/net/address.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::cluster {

using base::Located;
using base::SourceSpan;

// Which of kube-proxy's two modes is meant (reference 4.5).
enum class Dialect { nftables, iptables };
[[nodiscard]] std::string_view to_string(Dialect dialect);

// How 'comes from a pod' is decided (reference 3.4).
enum class DetectMode { cluster_cidr, node_cidr, bridge_interface, interface_name_prefix, none };
struct LocalDetector {
  DetectMode mode = DetectMode::cluster_cidr;
  std::vector<net::Prefix>
      cidrs;  // cluster_cidr: the first of each family counts; node_cidr: given here, or the node's podCIDRs if empty
  std::string interface;  // bridge_interface: the name; interface_name_prefix: the prefix
};

// `nodePortAddresses`: unset (the dialect's default), the word `primary`, or CIDRs (reference 3.5.4).
struct NodePortAddresses {
  bool set = false;
  bool primary = false;
  std::vector<net::Prefix> cidrs;
};

struct PortRange {
  std::uint16_t first = 30000, last = 32767;
  [[nodiscard]] bool contains(std::int64_t port) const { return port >= first && port <= last; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(last) - first + 1; }
  bool operator==(const PortRange&) const = default;
};

// A balancer of the profile: where load-balancer addresses of Services come from when status gives none.
struct LoadBalancerPool {
  std::string name;
  std::string load_balancer_class;  // empty: Services without a class
  std::vector<net::Prefix> pool;
  bool vip = true;            // ipMode VIP (else Proxy)
  bool via_node_port = true;  // packets reach the node on the node port; false: with the VIP as destination
  SourceSpan span;
};

struct ReservedPort {
  std::uint16_t first = 0, last = 0;
  std::optional<net::Protocol> protocol;  // absent: TCP and UDP
  std::string what;
  SourceSpan span;
};

// A CNI portmap entry (reference 3.8).
struct HostPort {
  net::Address pod_ip;
  std::optional<net::Prefix> pod_net;
  std::uint16_t container_port = 0, host_port = 0;
  net::Protocol protocol = net::Protocol::tcp;
  std::optional<net::Address> host_ip;  // absent or unspecified: every local address of the pod's family
  std::string owner;                    // `pod ns/name:port` or `profile`
  SourceSpan span;
};

enum class ForwardPolicy { accept, drop };

// An ingress controller of the cluster: which Ingresses it takes and how it reads them (reference 0.2 of the Ingress
// semantics).
struct IngressController {
  std::string ingress_class;  // name of the IngressClass; empty: Ingresses without a class
  std::string flavour;        // `api`, `nginx`, …; empty: by the class's `spec.controller`
  std::string entry;          // how requests reach it (docs/ingress.md); empty: by the controller's own Service
  std::map<std::string, std::string> options;
  SourceSpan span;
};

struct Profile {
  std::optional<unsigned> kubernetes_minor;  // 36 for Kubernetes 1.36; absent: the newest that portcullis knows
  Dialect dialect = Dialect::nftables;
  // Known Service ranges; `service_cidrs_given` false: the defaults, which only warn about an address outside.
  std::vector<net::Prefix> service_cidrs;
  bool service_cidrs_known = true;  // false: `serviceCIDRs: []` (no clean-up of unallocated addresses)
  bool service_cidrs_given = false;
  std::vector<net::Prefix> pod_cidrs;
  bool pod_cidrs_given = false;     // false: the default, or what the detector or kube-proxy's clusterCIDR says
  bool detect_cidrs_given = false;  // the detector has ranges of its own and does not follow pod_cidrs
  PortRange node_ports;
  bool masquerade_all = false;
  int masquerade_bit = 14;  // 0–31
  bool localhost_node_ports = true;
  bool conntrack_tcp_be_liberal = false;
  ForwardPolicy forward_policy = ForwardPolicy::accept;  // of a foreign FORWARD chain
  NodePortAddresses node_port_addresses;
  LocalDetector detector;
  std::vector<LoadBalancerPool> load_balancers;
  std::vector<ReservedPort> reserved_ports;
  std::map<std::string, std::vector<net::Prefix>> zones;
  bool emit_host_ports = true;  // hostPorts: emit (false: cni)
  std::vector<IngressController> ingress_controllers;
  bool ingress_controllers_given = false;  // false: those that the IngressClasses name
  bool nodes_given = false;                // by the profile or by Node objects; false: the three default nodes
};

// Merges every ClusterProfile and KubeProxyConfiguration (and ServiceCIDR object) of the input. Contradictions and
// values out of range are findings (PC211x); the profile that is returned is usable in every case.
[[nodiscard]] Profile merge_profile(const manifest::Input& input, base::Diagnostics& diagnostics);

// Gives a profile that states no pod ranges the default range of each family that is in use and has none: a cluster
// whose Services are dual-stack has dual-stack pods.
void widen_pod_cidrs(Profile& profile, const std::vector<net::Family>& families);

}  // namespace portcullis::cluster
