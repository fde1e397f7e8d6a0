// The settings of all ClusterProfiles, and of all KubeProxyConfigurations, as the documents give them; merge_profile
// joins the two.
#pragma once

#include "compiler/cluster/profile_values.hpp"

namespace portcullis::cluster {

struct ProfileSettings {
  Setting<Dialect> dialect;
  Setting<ForwardPolicy> forward_policy;
  Setting<bool> masquerade_all, localhost_node_ports, conntrack_tcp_be_liberal, emit_host_ports;
  Setting<int> masquerade_bit;
  Setting<unsigned> kubernetes_minor;
  Setting<PortRange> node_ports;
  Setting<DetectMode> detect_mode;
  Setting<std::string> detect_interface, detect_prefix;
  ListSetting<net::Prefix> service_cidrs, pod_cidrs, detect_cidrs, node_port_cidrs;
  bool node_port_primary = false;
  bool reserved_ports_given = false;
  bool ingress_controllers_given = false;
  std::vector<LoadBalancerPool> load_balancers;
  std::vector<ReservedPort> reserved_ports;
  std::vector<IngressController> ingress_controllers;
  std::map<std::string, std::vector<net::Prefix>> zones;
};
void read_profile(const manifest::ClusterProfile& document, ProfileSettings& settings, base::Diagnostics& diagnostics);

// kubeproxy.config.k8s.io/v1alpha1. `present` is false when the input holds none: then its defaults count for nothing.
struct KubeProxySettings {
  bool present = false;
  Setting<Dialect> dialect;
  Setting<bool> iptables_masquerade_all, nftables_masquerade_all, localhost_node_ports, conntrack_tcp_be_liberal;
  Setting<int> iptables_masquerade_bit, nftables_masquerade_bit;
  Setting<DetectMode> detect_mode;
  Setting<std::string> bridge_interface, interface_name_prefix;
  ListSetting<net::Prefix> cluster_cidrs, node_port_cidrs;
  bool node_port_primary = false;
};
void read_kube_proxy(const manifest::KubeProxyConfiguration& document, KubeProxySettings& settings,
                     base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
