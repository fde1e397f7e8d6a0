// kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

// kube-proxy reads its configuration strictly first and leniently if that fails: what it does not know is a warning.
constexpr auto lenient = Unknown::warning;

constexpr Rule<KubeProxyConfiguration> iptables_fields[] = {
    {"masqueradeBit", int32<&KubeProxyConfiguration::iptables_masquerade_bit>},
    {"masqueradeAll", flag<&KubeProxyConfiguration::iptables_masquerade_all>},
    {"localhostNodePorts", flag<&KubeProxyConfiguration::localhost_node_ports>},
    {"syncPeriod", is_text},
    {"minSyncPeriod", is_text},
};
constexpr Rule<KubeProxyConfiguration> nftables_fields[] = {
    {"masqueradeBit", int32<&KubeProxyConfiguration::nftables_masquerade_bit>},
    {"masqueradeAll", flag<&KubeProxyConfiguration::nftables_masquerade_all>},
    {"syncPeriod", is_text},
    {"minSyncPeriod", is_text},
};
constexpr Rule<KubeProxyConfiguration> detect_local_fields[] = {
    {"bridgeInterface", text<&KubeProxyConfiguration::bridge_interface>},
    {"interfaceNamePrefix", text<&KubeProxyConfiguration::interface_name_prefix>},
};
constexpr Rule<KubeProxyConfiguration> conntrack_fields[] = {
    {"maxPerCore", is_int32},
    {"min", is_int32},
    {"tcpEstablishedTimeout", is_text},
    {"tcpCloseWaitTimeout", is_text},
    {"tcpBeLiberal", flag<&KubeProxyConfiguration::tcp_be_liberal>},
    {"udpTimeout", is_text},
    {"udpStreamTimeout", is_text},
};
constexpr Rule<KubeProxyConfiguration> root_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"mode", text<&KubeProxyConfiguration::mode>},
    {"clusterCIDR", text<&KubeProxyConfiguration::cluster_cidr>},
    {"detectLocalMode", text<&KubeProxyConfiguration::detect_local_mode>},
    {"detectLocal", section<detect_local_fields, lenient>},
    {"nodePortAddresses",
     placed_texts<&KubeProxyConfiguration::node_port_addresses, &KubeProxyConfiguration::node_port_addresses_place>},
    {"hostnameOverride", text<&KubeProxyConfiguration::hostname_override>},
    {"iptables", section<iptables_fields, lenient>},
    {"nftables", section<nftables_fields, lenient>},
    {"conntrack", section<conntrack_fields, lenient>},
    {"ipvs", is_map},
    {"winkernel", is_map},
    {"featureGates", is_map},
    {"clientConnection", is_map},
    {"logging", is_map},
    {"bindAddress", is_text},
    {"healthzBindAddress", is_text},
    {"metricsBindAddress", is_text},
    {"bindAddressHardFail", is_flag},
    {"enableProfiling", is_flag},
    {"showHiddenMetricsForVersion", is_text},
    {"oomScoreAdj", is_int32},
    {"configSyncPeriod", is_text},
    {"portRange", is_text},
    {"windowsRunAsService", is_flag},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, KubeProxyConfiguration& out) {
  read_fields(decoder, root, root_fields, out, lenient);
}

}  // namespace portcullis::manifest
