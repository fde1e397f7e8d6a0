// One function a kind: the whole document (or list item) into its struct. `root` has key 0. The struct's `place` is set
// by the caller.
#pragma once

#include "compiler/manifest/decoder.hpp"

namespace portcullis::manifest {

void read_body(Decoder& decoder, const Pair& root, Service& out);
void read_body(Decoder& decoder, const Pair& root, EndpointSlice& out);
void read_body(Decoder& decoder, const Pair& root, Endpoints& out);
void read_body(Decoder& decoder, const Pair& root, Pod& out);
void read_body(Decoder& decoder, const Pair& root, Node& out);
void read_body(Decoder& decoder, const Pair& root, Namespace& out);
// `out.kind` says which.
void read_body(Decoder& decoder, const Pair& root, Workload& out);
void read_body(Decoder& decoder, const Pair& root, Ingress& out);
void read_body(Decoder& decoder, const Pair& root, IngressClass& out);
void read_body(Decoder& decoder, const Pair& root, NetworkPolicy& out);
void read_body(Decoder& decoder, const Pair& root, Secret& out);
void read_body(Decoder& decoder, const Pair& root, ServiceCIDR& out);
void read_body(Decoder& decoder, const Pair& root, IPAddress& out);
void read_body(Decoder& decoder, const Pair& root, KubeProxyConfiguration& out);
void read_body(Decoder& decoder, const Pair& root, ClusterProfile& out);

// The pod template of a workload, and the parts that a pod has in common with it.
void read_pod_template(Decoder& decoder, const Pair& pair, PodTemplate& out);
void read_pod_spec(Decoder& decoder, const Pair& pair, PodSpec& out);

}  // namespace portcullis::manifest
