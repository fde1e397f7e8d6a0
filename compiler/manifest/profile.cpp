// portcullis.dev/v1 ClusterProfile: what the manifests do not say about the cluster. A misspelt key here would change
// what is proved, so every unknown key is an error.
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

// A list that is given replaces the default, even when empty; null is absent.
template <auto Member>
void text_list(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  if (decoder.is_null(pair)) return;
  (out.*Member).emplace(TextList{decoder.place(pair), decoder.texts(pair)});
}

constexpr Rule<ClusterProfile> detect_local_fields[] = {
    {"mode", text<&ClusterProfile::detect_local_mode>},
    {"cidrs", text_list<&ClusterProfile::detect_local_cidrs>},
    {"interface", text<&ClusterProfile::detect_local_interface>},
    {"prefix", text<&ClusterProfile::detect_local_prefix>},
};

constexpr Rule<ProfileLoadBalancer> load_balancer_fields[] = {
    {"name", text<&ProfileLoadBalancer::name>}, {"class", text<&ProfileLoadBalancer::load_balancer_class>},
    {"pool", text<&ProfileLoadBalancer::pool>}, {"ipMode", text<&ProfileLoadBalancer::ip_mode>},
    {"via", text<&ProfileLoadBalancer::via>},
};
constexpr Rule<ProfileReservedPort> reserved_port_fields[] = {
    {"port", int32<&ProfileReservedPort::port>},
    {"endPort", int32<&ProfileReservedPort::end_port>},
    {"protocol", text<&ProfileReservedPort::protocol>},
    {"what", text<&ProfileReservedPort::what>},
};

// A map from the zone's name to its CIDRs.
void zones(Decoder& decoder, const Pair& pair, ClusterProfile& out) {
  if (decoder.is_null(pair) || !decoder.is_mapping(pair)) return;
  auto& list = out.zones.emplace();
  decoder.each_pair(pair, [&](const Pair& zone, std::string_view name) {
    Text named{std::string(name), decoder.span(zone.key)};
    list.push_back({std::move(named), decoder.texts(zone)});
  });
}

// Options belong to the controller: values of every scalar type, as written.
void controller_options(Decoder& decoder, const Pair& pair, ProfileIngressController& out) {
  out.options = decoder.string_map(pair, true);
}
constexpr Rule<ProfileIngressController> ingress_controller_fields[] = {
    {"class", text<&ProfileIngressController::ingress_class>},
    {"flavour", text<&ProfileIngressController::flavour>},
    {"entry", text<&ProfileIngressController::entry>},
    {"options", controller_options},
};

constexpr Rule<ProfileHostPort> host_port_fields[] = {
    {"podIP", text<&ProfileHostPort::pod_ip>},
    {"podNet", text<&ProfileHostPort::pod_net>},
    {"containerPort", int32<&ProfileHostPort::container_port>},
    {"hostPort", int32<&ProfileHostPort::host_port>},
    {"protocol", text<&ProfileHostPort::protocol>},
    {"hostIP", text<&ProfileHostPort::host_ip>},
};
// One address or a list of one for each family.
void node_primary(Decoder& decoder, const Pair& pair, ProfileNode& out) {
  if (decoder.tree().target(pair.value).shape == Shape::sequence) {
    out.primary = decoder.texts(pair);
  } else if (Field<std::string> one = decoder.text(pair)) {
    out.primary = {std::move(*one)};
  }
}
constexpr Rule<ProfileNode> node_fields[] = {
    {"name", text<&ProfileNode::name>},
    {"zone", text<&ProfileNode::zone>},
    {"addresses", texts<&ProfileNode::addresses>},
    {"primary", node_primary},
    {"podCIDRs", texts<&ProfileNode::pod_cidrs>},
    {"labels", string_map<&ProfileNode::labels>},
    {"hostPorts", list<&ProfileNode::host_ports, host_port_fields>},
};

// `1.36` is a number to YAML and a version to everybody else.
void kubernetes_version(Decoder& decoder, const Pair& pair, ClusterProfile& out) {
  out.kubernetes_version = decoder.any_text(pair);
}

constexpr Rule<ClusterProfile> spec_fields[] = {
    {"serviceCIDRs", text_list<&ClusterProfile::service_cidrs>},
    {"podCIDRs", text_list<&ClusterProfile::pod_cidrs>},
    {"nodePortRange", text<&ClusterProfile::node_port_range>},
    {"dialect", text<&ClusterProfile::dialect>},
    {"masqueradeAll", flag<&ClusterProfile::masquerade_all>},
    {"masqueradeBit", int32<&ClusterProfile::masquerade_bit>},
    {"localhostNodePorts", flag<&ClusterProfile::localhost_node_ports>},
    {"conntrackTCPBeLiberal", flag<&ClusterProfile::conntrack_tcp_be_liberal>},
    {"forwardPolicy", text<&ClusterProfile::forward_policy>},
    {"nodePortAddresses", text_list<&ClusterProfile::node_port_addresses>},
    {"detectLocal", section<detect_local_fields, Unknown::error>},
    {"loadBalancers", list<&ClusterProfile::load_balancers, load_balancer_fields>},
    {"reservedPorts", list<&ClusterProfile::reserved_ports, reserved_port_fields>},
    {"zones", zones},
    {"ingressControllers", list<&ClusterProfile::ingress_controllers, ingress_controller_fields>},
    {"hostPorts", text<&ClusterProfile::host_ports>},
    {"nodes", list<&ClusterProfile::nodes, node_fields>},
    {"kubernetesVersion", kubernetes_version},
};
constexpr Rule<ClusterProfile> root_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&ClusterProfile::metadata>},
    {"spec", section<spec_fields, Unknown::error>},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, ClusterProfile& out) {
  read_fields(decoder, root, root_fields, out);
}

}  // namespace portcullis::manifest
