// core/v1 Node, Namespace, Secret; networking.k8s.io ServiceCIDR, IPAddress
#include <algorithm>

#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

// ---- Node

constexpr Rule<Taint> taint_fields[] = {
    {"key", text<&Taint::key>},
    {"value", text<&Taint::value>},
    {"effect", text<&Taint::effect>},
    {"timeAdded", is_time},
};
constexpr Rule<Node> node_spec_fields[] = {
    {"podCIDR", text<&Node::pod_cidr>},
    {"podCIDRs", texts<&Node::pod_cidrs>},
    {"providerID", is_text},
    {"unschedulable", flag<&Node::unschedulable>},
    {"taints", list<&Node::taints, taint_fields>},
    {"configSource", is_map},
    {"externalID", is_text},
};
constexpr Rule<NodeAddress> node_address_fields[] = {
    {"type", text<&NodeAddress::type>},
    {"address", text<&NodeAddress::address>},
};
constexpr Rule<Node> node_status_fields[] = {
    {"addresses", list<&Node::addresses, node_address_fields>},
    {"capacity", is_map},
    {"allocatable", is_map},
    {"phase", is_text},
    {"conditions", is_list},
    {"daemonEndpoints", is_map},
    {"nodeInfo", is_map},
    {"images", is_list},
    {"volumesInUse", is_texts},
    {"volumesAttached", is_list},
    {"config", is_map},
    {"runtimeHandlers", is_list},
    {"features", is_map},
    {"declaredFeatures", is_texts},
};
constexpr Rule<Node> node_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&Node::metadata>},
    {"spec", section<node_spec_fields, Unknown::error>},
    {"status", section<node_status_fields, Unknown::error>},
};

// ---- Namespace

constexpr Rule<Nothing> namespace_spec_fields[] = {{"finalizers", is_texts}};
constexpr Rule<Nothing> namespace_status_fields[] = {{"phase", is_text},
                                                     {"conditions", checked_list<condition_fields>}};
constexpr Rule<Namespace> namespace_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&Namespace::metadata>},
    {"spec", checked_object<namespace_spec_fields>},
    {"status", checked_object<namespace_status_fields>},
};

// ---- Secret

// Values never leave this function, but for the certificate, which is public.
void secret_data(Decoder& decoder, const Pair& pair, Secret& out) {
  for (const KeyValue& entry : decoder.string_map(pair).entries) {
    out.data_keys.push_back(entry.key.value);
    if (entry.key.value == "tls.crt") out.tls_certificate = entry.value.value;
  }
}
void secret_string_data(Decoder& decoder, const Pair& pair, Secret& out) {
  for (const KeyValue& entry : decoder.string_map(pair).entries) {
    out.data_keys.push_back(entry.key.value);
    if (entry.key.value == "tls.crt") out.tls_certificate_text = entry.value.value;
  }
}
constexpr Rule<Secret> secret_fields[] = {
    {"apiVersion", already_read},  {"kind", already_read}, {"metadata", metadata<&Secret::metadata>},
    {"type", text<&Secret::type>}, {"data", secret_data},  {"stringData", secret_string_data},
    {"immutable", is_flag},
};

// ---- ServiceCIDR, IPAddress

constexpr Rule<ServiceCIDR> service_cidr_spec_fields[] = {{"cidrs", texts<&ServiceCIDR::cidrs>}};
constexpr Rule<Nothing> service_cidr_status_fields[] = {{"conditions", checked_list<condition_fields>}};
constexpr Rule<ServiceCIDR> service_cidr_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&ServiceCIDR::metadata>},
    {"spec", section<service_cidr_spec_fields, Unknown::error>},
    {"status", checked_object<service_cidr_status_fields>},
};

constexpr Rule<IPAddress> parent_fields[] = {
    {"group", is_text},
    {"resource", text<&IPAddress::parent_resource>},
    {"namespace", text<&IPAddress::parent_namespace>},
    {"name", text<&IPAddress::parent_name>},
};
constexpr Rule<IPAddress> ip_address_spec_fields[] = {{"parentRef", section<parent_fields, Unknown::error>}};
constexpr Rule<IPAddress> ip_address_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&IPAddress::metadata>},
    {"spec", section<ip_address_spec_fields, Unknown::error>},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, Node& out) {
  read_fields(decoder, root, node_fields, out);
}
void read_body(Decoder& decoder, const Pair& root, Namespace& out) {
  read_fields(decoder, root, namespace_fields, out);
}
void read_body(Decoder& decoder, const Pair& root, Secret& out) {
  read_fields(decoder, root, secret_fields, out);
  std::ranges::sort(out.data_keys);
  out.data_keys.erase(std::unique(out.data_keys.begin(), out.data_keys.end()), out.data_keys.end());
}
void read_body(Decoder& decoder, const Pair& root, ServiceCIDR& out) {
  read_fields(decoder, root, service_cidr_fields, out);
}
void read_body(Decoder& decoder, const Pair& root, IPAddress& out) {
  read_fields(decoder, root, ip_address_fields, out);
}

}  // namespace portcullis::manifest
