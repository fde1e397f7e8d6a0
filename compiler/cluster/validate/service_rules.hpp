// The stages of a Service's validation, in the server's order. Each says everything it has to say: the server stops
// after a stage with an error, but a person wants to hear of all faults at once, and no stage reports what only follows
// from another's fault.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/cluster/profile.hpp"
#include "compiler/cluster/validate/defaults.hpp"
#include "compiler/cluster/validate/sink.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

struct ServiceCase {
  const manifest::Service& service;
  const Profile& profile;
  ServiceDefaults filled;
  ClusterFamilies families;
  Sink& sink;

  // `clusterIPs` is exactly ["None"]: the validation's narrower sense of headless.
  [[nodiscard]] bool headless() const { return filled.cluster_ips.size() == 1 && filled.cluster_ips.front() == "None"; }
  [[nodiscard]] bool is(std::string_view type) const { return filled.type == type; }
  [[nodiscard]] bool selects() const { return service.selector && !service.selector->entries.empty(); }
  // Type LoadBalancer with externalTrafficPolicy Local: gets a healthCheckNodePort.
  [[nodiscard]] bool needs_health_check() const {
    return is("LoadBalancer") && filled.external_traffic_policy == "Local";
  }
  // The place of a field that the user may have left out.
  [[nodiscard]] base::SourceSpan spec_place() const {
    return first_known({service.spec_place, service.metadata.place, service.place});
  }
};

// Cluster IPs against families and policy (core ValidateServiceClusterIPsRelatedFields, registry initIPFamilyFields),
// then whether the addresses can be given. Nothing for ExternalName.
void check_cluster_ips(ServiceCase& c);

// The node ports as the allocator leaves them: one entry a port. Reports what it cannot give; entries that share a port
// number share a node port.
struct AllocatedNodePort {
  std::optional<std::int64_t> number;  // as asked for by the user
  std::size_t group = 0;  // left to the allocator: the same for entries that would get the same one; 0: none
  bool taken = false;     // reported: the Service names the number for something else already
  [[nodiscard]] bool given() const { return (number.has_value() || group != 0) && !taken; }
};
[[nodiscard]] std::vector<AllocatedNodePort> allocate_node_ports(ServiceCase& c);

void check_ports(ServiceCase& c, const std::vector<AllocatedNodePort>& node_ports);
// ExternalName's own fields, selector, affinity, external IPs, type.
void check_service_spec(ServiceCase& c);
// Source ranges, class, traffic policies, health check, distribution.
void check_traffic(ServiceCase& c);
// status.loadBalancer.
void check_balancer_status(ServiceCase& c);

}  // namespace portcullis::cluster
