// networking.k8s.io/v1 NetworkPolicy
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

constexpr Rule<NetworkPolicyPort> port_fields[] = {
    {"protocol", text<&NetworkPolicyPort::protocol>},
    {"port", int_or_string<&NetworkPolicyPort::port>},
    {"endPort", int32<&NetworkPolicyPort::end_port>},
};
constexpr Rule<IPBlock> ip_block_fields[] = {
    {"cidr", text<&IPBlock::cidr>},
    {"except", placed_texts<&IPBlock::except, &IPBlock::except_place>},
};
constexpr Rule<NetworkPolicyPeer> peer_fields[] = {
    {"podSelector", object<&NetworkPolicyPeer::pod_selector, label_selector_fields>},
    {"namespaceSelector", object<&NetworkPolicyPeer::namespace_selector, label_selector_fields>},
    {"ipBlock", object<&NetworkPolicyPeer::ip_block, ip_block_fields>},
};
constexpr Rule<NetworkPolicyRule> ingress_fields[] = {
    {"ports", list<&NetworkPolicyRule::ports, port_fields>},
    {"from", list<&NetworkPolicyRule::peers, peer_fields>},
};
constexpr Rule<NetworkPolicyRule> egress_fields[] = {
    {"ports", list<&NetworkPolicyRule::ports, port_fields>},
    {"to", list<&NetworkPolicyRule::peers, peer_fields>},
};
void pod_selector(Decoder& decoder, const Pair& pair, NetworkPolicy& out) {
  out.has_pod_selector = true;
  object<&NetworkPolicy::pod_selector, label_selector_fields>(decoder, pair, out);
}
constexpr Rule<NetworkPolicy> spec_fields[] = {
    {"podSelector", pod_selector},
    {"ingress", list<&NetworkPolicy::ingress, ingress_fields>},
    {"egress", list<&NetworkPolicy::egress, egress_fields>},
    {"policyTypes", placed_texts<&NetworkPolicy::policy_types, &NetworkPolicy::policy_types_place>},
};
constexpr Rule<NetworkPolicy> root_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&NetworkPolicy::metadata>},
    {"spec", placed_section<spec_fields, &NetworkPolicy::spec_place>},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, NetworkPolicy& out) {
  read_fields(decoder, root, root_fields, out);
}

}  // namespace portcullis::manifest
