// Kubernetes objects as written: what the API server's decoder would make of a document, each scalar with its place.
// Nothing is defaulted and nothing validated here beyond what decoding itself refuses (types, unknown and duplicate
// fields).
//
// Conventions
// - A `Field<T>` is absent when the key is missing or null.
// - `place` of a mapping is where a person looks for it: the key that introduces it, or, for a list element or a whole
// document, its first key.
// - Strings are the decoded values; the span is the scalar as it stands in the text (quotes included).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"

namespace portcullis::manifest {

using base::Located;
using base::SourceSpan;

template <class T>
using Field = std::optional<Located<T>>;
using Text = Located<std::string>;

// intstr.IntOrString: a YAML/JSON number or a string; `text` holds the string as written, `number` the number.
struct IntOrString {
  bool is_number = false;
  std::int64_t number = 0;
  std::string text;
  bool operator==(const IntOrString&) const = default;
};

struct KeyValue {
  Text key;
  Text value;
};
// In document order; keys are unique (a repeated key is a finding, the last value holds).
struct StringMap {
  SourceSpan place;
  std::vector<KeyValue> entries;
  [[nodiscard]] const KeyValue* find(std::string_view key) const {
    for (const KeyValue& e : entries) {
      if (e.key.value == key) return &e;
    }
    return nullptr;
  }
  // The value, or empty.
  [[nodiscard]] std::string_view get(std::string_view key) const {
    const KeyValue* e = find(key);
    return e == nullptr ? std::string_view{} : std::string_view{e->value.value};
  }
};

struct OwnerReference {
  std::string kind, name;
  bool controller = false;
};

struct Metadata {
  SourceSpan place;
  Field<std::string> name, generate_name, ns;
  StringMap labels, annotations;
  Field<std::string> creation_timestamp, deletion_timestamp, uid;
  std::vector<OwnerReference> owners;
};

// ---- selectors (metav1.LabelSelector)

struct SelectorRequirement {
  SourceSpan place;
  Field<std::string> key, op;
  std::vector<Text> values;
};
struct LabelSelector {
  SourceSpan place;
  StringMap match_labels;
  std::vector<SelectorRequirement> match_expressions;
};

// ---- core/v1 Service

struct ServicePort {
  SourceSpan place;
  Field<std::string> name, protocol, app_protocol;
  Field<std::int64_t> port, node_port;
  Field<IntOrString> target_port;
};
struct PortStatus {
  SourceSpan place;
  Field<std::int64_t> port;
  Field<std::string> protocol, error;
};
struct LoadBalancerIngress {  // Service and Ingress status; ip_mode exists for Services only
  SourceSpan place;
  Field<std::string> ip, hostname, ip_mode;
  std::vector<PortStatus> ports;
};
struct Service {
  SourceSpan place;
  Metadata metadata;
  SourceSpan spec_place;              // unknown when the document has no spec
  std::optional<StringMap> selector;  // absent differs from {}: both select nothing, but are written differently
  SourceSpan ports_place;
  std::vector<ServicePort> ports;
  Field<std::string> type, cluster_ip, session_affinity, external_name, external_traffic_policy,
      internal_traffic_policy, traffic_distribution, load_balancer_ip, load_balancer_class, ip_family_policy;
  SourceSpan cluster_ips_place, external_ips_place, ip_families_place, source_ranges_place;
  std::vector<Text> cluster_ips, external_ips, ip_families, load_balancer_source_ranges;
  Field<std::int64_t> health_check_node_port;
  Field<bool> allocate_load_balancer_node_ports, publish_not_ready_addresses;
  SourceSpan session_affinity_config_place;  // known when sessionAffinityConfig is given and not null
  SourceSpan client_ip_place;                // … and its clientIP
  Field<std::int64_t> client_ip_timeout_seconds;
  std::vector<LoadBalancerIngress> ingress;  // status.loadBalancer.ingress
};

// ---- discovery.k8s.io/v1 EndpointSlice

struct SlicePort {
  SourceSpan place;
  Field<std::string> name, protocol, app_protocol;
  Field<std::int64_t> port;
};
struct SliceEndpoint {
  SourceSpan place;
  std::vector<Text> addresses;
  Field<bool> ready, serving, terminating;
  Field<std::string> hostname, node_name, zone;
  std::vector<Text> for_zones, for_nodes;  // the names; empty: no hints
  Field<std::string> target_kind, target_name;
  StringMap deprecated_topology;
};
struct EndpointSlice {
  SourceSpan place;
  Metadata metadata;
  Field<std::string> address_type;
  SourceSpan ports_place, endpoints_place;
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;
};

// ---- core/v1 Endpoints

struct EndpointsAddress {
  SourceSpan place;
  Field<std::string> ip, hostname, node_name, target_kind, target_name;
};
struct EndpointsSubset {
  SourceSpan place;
  std::vector<EndpointsAddress> addresses, not_ready_addresses;
  std::vector<SlicePort> ports;
};
struct Endpoints {
  SourceSpan place;
  Metadata metadata;
  std::vector<EndpointsSubset> subsets;
};

// ---- pods and what makes them

struct ContainerPort {
  SourceSpan place;
  Field<std::string> name, protocol, host_ip;
  Field<std::int64_t> container_port, host_port;
};
struct Probe {
  SourceSpan place;
  std::string kind;         // `readinessProbe`, `livenessProbe`, `startupProbe`
  Field<IntOrString> port;  // of httpGet or tcpSocket
};
struct Container {
  SourceSpan place;
  bool init = false;
  Field<std::string> name, image, restart_policy;
  SourceSpan ports_place;
  std::vector<ContainerPort> ports;
  std::vector<Probe> probes;
};
struct NodeSelectorTerm {
  SourceSpan place;
  std::vector<SelectorRequirement> match_expressions, match_fields;
};
struct PodAntiAffinityTerm {
  SourceSpan place;
  std::optional<LabelSelector> selector;
  Field<std::string> topology_key;
};
struct Toleration {
  Field<std::string> key, op, value, effect;
};
struct PodSpec {
  SourceSpan place;
  std::vector<Container> containers;  // init containers first, each group in document order
  Field<std::string> node_name, dns_policy, hostname, subdomain, restart_policy;
  Field<bool> host_network;
  StringMap node_selector;
  std::vector<NodeSelectorTerm>
      required_node_affinity;  // requiredDuringSchedulingIgnoredDuringExecution; terms are ORed
  std::vector<PodAntiAffinityTerm> required_pod_anti_affinity;
  SourceSpan required_pod_affinity_place;  // known if requiredDuringSchedulingIgnoredDuringExecution has entries
  SourceSpan topology_spread_place;        // known if topologySpreadConstraints has entries
  std::vector<Toleration> tolerations;
};
struct PodTemplate {
  SourceSpan place;
  Metadata metadata;
  PodSpec spec;
};
struct Pod {
  SourceSpan place;
  Metadata metadata;
  PodSpec spec;
  Field<std::string> phase, pod_ip, host_ip;
  std::vector<Text> pod_ips;
  Field<std::string> ready_condition;  // status of the condition of type Ready: True, False, Unknown
};
// Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob (its jobTemplate's template).
struct Workload {
  SourceSpan place;
  std::string kind;
  Metadata metadata;
  Field<std::int64_t> replicas, parallelism, completions, ordinals_start;
  std::optional<LabelSelector> selector;  // ReplicationController: its map as match_labels
  Field<std::string> service_name;        // StatefulSet
  Field<std::string> completion_mode;     // Job
  Field<bool> suspend;
  PodTemplate pod;
};

// ---- core/v1 Node, Namespace, Secret

struct NodeAddress {
  SourceSpan place;
  Field<std::string> type, address;
};
struct Taint {
  SourceSpan place;
  Field<std::string> key, value, effect;
};
struct Node {
  SourceSpan place;
  Metadata metadata;
  Field<std::string> pod_cidr;
  std::vector<Text> pod_cidrs;
  std::vector<NodeAddress> addresses;  // status.addresses
  Field<bool> unschedulable;
  std::vector<Taint> taints;
};
struct Namespace {
  SourceSpan place;
  Metadata metadata;
};
// Type and certificate names only: no secret data is kept.
struct Secret {
  SourceSpan place;
  Metadata metadata;
  Field<std::string> type;
  std::vector<std::string> data_keys;
  std::string tls_certificate;       // data["tls.crt"], base64 as written; empty if absent
  std::string tls_certificate_text;  // stringData["tls.crt"], which replaces the other; empty if absent
};

// ---- networking.k8s.io/v1 Ingress, IngressClass, NetworkPolicy, ServiceCIDR, IPAddress

struct ServiceBackendPort {
  SourceSpan place;
  Field<std::string> name;
  Field<std::int64_t> number;
};
struct IngressBackend {
  SourceSpan place;
  bool has_service = false, has_resource = false;
  SourceSpan service_place, resource_place;
  Field<std::string> service_name;
  ServiceBackendPort port;
  Field<std::string> resource_api_group, resource_kind, resource_name;
};
struct IngressPath {
  SourceSpan place;
  Field<std::string> path, path_type;
  IngressBackend backend;
};
struct IngressRule {
  SourceSpan place;
  Field<std::string> host;
  bool has_http = false;
  SourceSpan http_place, paths_place;
  std::vector<IngressPath> paths;
};
struct IngressTls {
  SourceSpan place;
  std::vector<Text> hosts;
  Field<std::string> secret_name;
};
struct Ingress {
  SourceSpan place;
  Metadata metadata;
  SourceSpan spec_place;
  Field<std::string> ingress_class_name;
  std::optional<IngressBackend> default_backend;
  std::vector<IngressRule> rules;
  std::vector<IngressTls> tls;
  std::vector<LoadBalancerIngress> ingress;  // status.loadBalancer.ingress
};
struct IngressClass {
  SourceSpan place;
  Metadata metadata;
  SourceSpan spec_place;
  Field<std::string> controller;
  bool has_parameters = false;
  SourceSpan parameters_place;
  Field<std::string> parameters_api_group, parameters_kind, parameters_name, parameters_scope, parameters_namespace;
};

struct NetworkPolicyPort {
  SourceSpan place;
  Field<std::string> protocol;
  Field<IntOrString> port;
  Field<std::int64_t> end_port;
};
struct IPBlock {
  SourceSpan place;
  Field<std::string> cidr;
  SourceSpan except_place;
  std::vector<Text> except;
};
struct NetworkPolicyPeer {
  SourceSpan place;
  std::optional<LabelSelector> pod_selector, namespace_selector;
  std::optional<IPBlock> ip_block;
};
struct NetworkPolicyRule {  // ingress: peers are `from`; egress: `to`
  SourceSpan place;
  std::vector<NetworkPolicyPort> ports;
  std::vector<NetworkPolicyPeer> peers;
};
struct NetworkPolicy {
  SourceSpan place;
  Metadata metadata;
  SourceSpan spec_place;
  LabelSelector pod_selector;
  bool has_pod_selector = false;
  SourceSpan policy_types_place;
  std::vector<Text> policy_types;
  std::vector<NetworkPolicyRule> ingress, egress;
};
struct ServiceCIDR {
  SourceSpan place;
  Metadata metadata;
  std::vector<Text> cidrs;
};
struct IPAddress {
  SourceSpan place;
  Metadata metadata;  // the name is the address
  Field<std::string> parent_resource, parent_namespace, parent_name;
};

// ---- configuration: kubeproxy.config.k8s.io/v1alpha1, portcullis.dev/v1 ClusterProfile

struct KubeProxyConfiguration {
  SourceSpan place;
  Field<std::string> mode, cluster_cidr, detect_local_mode, bridge_interface, interface_name_prefix, hostname_override;
  SourceSpan node_port_addresses_place;
  std::vector<Text> node_port_addresses;
  Field<bool> iptables_masquerade_all, nftables_masquerade_all, localhost_node_ports, tcp_be_liberal;
  Field<std::int64_t> iptables_masquerade_bit, nftables_masquerade_bit;
};

struct ProfileLoadBalancer {
  SourceSpan place;
  Field<std::string> name, load_balancer_class, pool, ip_mode, via;
};
struct ProfileReservedPort {
  SourceSpan place;
  Field<std::int64_t> port, end_port;
  Field<std::string> protocol, what;
};
struct ProfileHostPort {
  SourceSpan place;
  Field<std::string> pod_ip, pod_net, protocol, host_ip;
  Field<std::int64_t> container_port, host_port;
};
struct ProfileNode {
  SourceSpan place;
  Field<std::string> name, zone;
  std::vector<Text> addresses, primary, pod_cidrs;
  StringMap labels;
  std::vector<ProfileHostPort> host_ports;
};
struct ProfileZone {
  Text name;
  std::vector<Text> cidrs;
};
struct ProfileIngressController {
  SourceSpan place;
  Field<std::string> ingress_class, flavour, entry;
  StringMap options;
};
// A list is an optional of a vector: given and empty differs from absent (`serviceCIDRs: []` means unknown).
struct TextList {
  SourceSpan place;
  std::vector<Text> items;
};
struct ClusterProfile {
  SourceSpan place;
  Metadata metadata;
  std::optional<TextList> service_cidrs, pod_cidrs, node_port_addresses, detect_local_cidrs;
  Field<std::string> node_port_range, dialect, forward_policy, detect_local_mode, detect_local_interface,
      detect_local_prefix, host_ports, kubernetes_version;
  Field<bool> masquerade_all, localhost_node_ports, conntrack_tcp_be_liberal;
  Field<std::int64_t> masquerade_bit;
  std::optional<std::vector<ProfileLoadBalancer>> load_balancers;
  std::optional<std::vector<ProfileReservedPort>> reserved_ports;
  std::optional<std::vector<ProfileZone>> zones;
  std::optional<std::vector<ProfileIngressController>> ingress_controllers;
  std::optional<std::vector<ProfileNode>> nodes;
};

using Body = std::variant<Service, EndpointSlice, Endpoints, Pod, Node, Namespace, Workload, Ingress, IngressClass,
                          NetworkPolicy, Secret, ServiceCIDR, IPAddress, KubeProxyConfiguration, ClusterProfile>;

struct Object {
  std::string api_version, kind;
  Body body;
  // The decoder refused something in it (a PC1xxx error or a type error was reported): the object is kept as far as it
  // was read.
  bool broken = false;
  SourceSpan place;
};

// `Service shop/web`; the namespace defaults to `default` for namespaced kinds.
[[nodiscard]] base::ObjectRef reference(const Object& object);
[[nodiscard]] const Metadata* metadata(const Object& object);  // nullptr for KubeProxyConfiguration

}  // namespace portcullis::manifest
