// discovery.k8s.io/v1 EndpointSlice, core/v1 Endpoints
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

constexpr Rule<SlicePort> port_fields[] = {
    {"name", text<&SlicePort::name>},
    {"protocol", text<&SlicePort::protocol>},
    {"port", int32<&SlicePort::port>},
    {"appProtocol", text<&SlicePort::app_protocol>},
};

// ---- EndpointSlice

constexpr Rule<SliceEndpoint> endpoint_condition_fields[] = {
    {"ready", flag<&SliceEndpoint::ready>},
    {"serving", flag<&SliceEndpoint::serving>},
    {"terminating", flag<&SliceEndpoint::terminating>},
};

// forZones, forNodes: lists of structs with one field each.
struct HintTarget {
  Field<std::string> name;
};
constexpr Rule<HintTarget> hint_target_fields[] = {{"name", text<&HintTarget::name>}};

template <auto Member>
void hint_names(Decoder& decoder, const Pair& pair, SliceEndpoint& out) {
  std::vector<HintTarget> targets;
  read_list(decoder, pair, hint_target_fields, targets, Unknown::error);
  for (HintTarget& target : targets) {
    (out.*Member).push_back(target.name ? std::move(*target.name) : Text{{}, decoder.place(pair)});
  }
}
constexpr Rule<SliceEndpoint> hint_fields[] = {
    {"forZones", hint_names<&SliceEndpoint::for_zones>},
    {"forNodes", hint_names<&SliceEndpoint::for_nodes>},
};

constexpr Rule<SliceEndpoint> endpoint_fields[] = {
    {"addresses", texts<&SliceEndpoint::addresses>},
    {"conditions", section<endpoint_condition_fields, Unknown::error>},
    {"nodeName", text<&SliceEndpoint::node_name>},
    {"zone", text<&SliceEndpoint::zone>},
    {"targetRef", section<object_reference_fields<SliceEndpoint>, Unknown::error>},
    {"hostname", text<&SliceEndpoint::hostname>},
    {"hints", section<hint_fields, Unknown::error>},
    {"deprecatedTopology", string_map<&SliceEndpoint::deprecated_topology>},
};

constexpr Rule<EndpointSlice> slice_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&EndpointSlice::metadata>},
    {"addressType", text<&EndpointSlice::address_type>},
    {"ports", placed_list<&EndpointSlice::ports, &EndpointSlice::ports_place, port_fields>},
    {"endpoints", placed_list<&EndpointSlice::endpoints, &EndpointSlice::endpoints_place, endpoint_fields>},
};

// ---- Endpoints

constexpr Rule<EndpointsAddress> address_fields[] = {
    {"ip", text<&EndpointsAddress::ip>},
    {"hostname", text<&EndpointsAddress::hostname>},
    {"nodeName", text<&EndpointsAddress::node_name>},
    {"targetRef", section<object_reference_fields<EndpointsAddress>, Unknown::error>},
};
constexpr Rule<EndpointsSubset> subset_fields[] = {
    {"addresses", list<&EndpointsSubset::addresses, address_fields>},
    {"notReadyAddresses", list<&EndpointsSubset::not_ready_addresses, address_fields>},
    {"ports", list<&EndpointsSubset::ports, port_fields>},
};
constexpr Rule<Endpoints> endpoints_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&Endpoints::metadata>},
    {"subsets", list<&Endpoints::subsets, subset_fields>},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, EndpointSlice& out) {
  read_fields(decoder, root, slice_fields, out);
}
void read_body(Decoder& decoder, const Pair& root, Endpoints& out) {
  read_fields(decoder, root, endpoints_fields, out);
}

}  // namespace portcullis::manifest
