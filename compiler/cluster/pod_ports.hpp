// Ports of a pod: those a Service can name, and those a pod takes of its node.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

// Containers that run beside each other: all but ordinary init containers (a restartPolicy Always makes one a sidecar).
[[nodiscard]] bool runs_along(const manifest::Container& container);

// The number behind a targetPort for this pod (reference 1.6.4): a number as it is; a name by name and protocol,
// containers before sidecars. Nothing: the pod has no such port.
[[nodiscard]] std::optional<std::uint16_t> find_target_port(const manifest::PodSpec& spec,
                                                            const manifest::IntOrString& target,
                                                            net::Protocol protocol);

[[nodiscard]] std::vector<NodePortWant> node_port_wants(const manifest::PodSpec& spec);
// Same protocol and port, and host addresses that are equal or one of which is every address (the scheduler's rule,
// reference 1.5).
[[nodiscard]] bool overlap(const NodePortWant& a, const NodePortWant& b);
[[nodiscard]] bool host_addresses_overlap(const std::optional<net::Address>& a, const std::optional<net::Address>& b);

}  // namespace portcullis::cluster
