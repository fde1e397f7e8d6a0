// core/v1 Service
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

constexpr Rule<ServicePort> port_fields[] = {
    {"name", text<&ServicePort::name>},
    {"protocol", text<&ServicePort::protocol>},
    {"appProtocol", text<&ServicePort::app_protocol>},
    {"port", int32<&ServicePort::port>},
    {"targetPort", int_or_string<&ServicePort::target_port>},
    {"nodePort", int32<&ServicePort::node_port>},
};

constexpr Rule<Service> client_ip_fields[] = {{"timeoutSeconds", int32<&Service::client_ip_timeout_seconds>}};
constexpr Rule<Service> session_affinity_fields[] = {
    {"clientIP", placed_section<client_ip_fields, &Service::client_ip_place>}};

constexpr Rule<Service> spec_fields[] = {
    {"ports", placed_list<&Service::ports, &Service::ports_place, port_fields>},
    {"selector", optional_string_map<&Service::selector>},
    {"clusterIP", text<&Service::cluster_ip>},
    {"clusterIPs", placed_texts<&Service::cluster_ips, &Service::cluster_ips_place>},
    {"type", text<&Service::type>},
    {"externalIPs", placed_texts<&Service::external_ips, &Service::external_ips_place>},
    {"sessionAffinity", text<&Service::session_affinity>},
    {"loadBalancerIP", text<&Service::load_balancer_ip>},
    {"loadBalancerSourceRanges", placed_texts<&Service::load_balancer_source_ranges, &Service::source_ranges_place>},
    {"externalName", text<&Service::external_name>},
    {"externalTrafficPolicy", text<&Service::external_traffic_policy>},
    {"healthCheckNodePort", int32<&Service::health_check_node_port>},
    {"publishNotReadyAddresses", flag<&Service::publish_not_ready_addresses>},
    {"sessionAffinityConfig", placed_section<session_affinity_fields, &Service::session_affinity_config_place>},
    {"ipFamilies", placed_texts<&Service::ip_families, &Service::ip_families_place>},
    {"ipFamilyPolicy", text<&Service::ip_family_policy>},
    {"allocateLoadBalancerNodePorts", flag<&Service::allocate_load_balancer_node_ports>},
    {"loadBalancerClass", text<&Service::load_balancer_class>},
    {"internalTrafficPolicy", text<&Service::internal_traffic_policy>},
    {"trafficDistribution", text<&Service::traffic_distribution>},
};

constexpr Rule<LoadBalancerIngress> ingress_fields[] = {
    {"ip", text<&LoadBalancerIngress::ip>},
    {"hostname", text<&LoadBalancerIngress::hostname>},
    {"ipMode", text<&LoadBalancerIngress::ip_mode>},
    {"ports", list<&LoadBalancerIngress::ports, port_status_fields>},
};
constexpr Rule<Service> load_balancer_fields[] = {{"ingress", list<&Service::ingress, ingress_fields>}};
constexpr Rule<Service> status_fields[] = {
    {"loadBalancer", section<load_balancer_fields, Unknown::error>},
    {"conditions", checked_list<condition_fields>},
};

constexpr Rule<Service> root_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&Service::metadata>},
    {"spec", placed_section<spec_fields, &Service::spec_place>},
    {"status", section<status_fields, Unknown::error>},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, Service& out) {
  read_fields(decoder, root, root_fields, out);
}

}  // namespace portcullis::manifest
