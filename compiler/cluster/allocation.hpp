// What the API server's allocators, and a load-balancer controller, would hand out: cluster IPs, node ports, balancer
// addresses. Whatever the input states comes first, then the lock file, then the slot of the name's hash (slots.hpp).
#pragma once

#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/cluster/resolve.hpp"

namespace portcullis::cluster {

// `services` are those of the inventory, in its order. Each writes what it planned into `planned` and reports PC2102
// (lock contradicted), PC2103 (a slot was taken), PC2040/PC2104 (nothing left).
struct Allocation {
  const Inventory& inventory;
  const Profile& profile;
  const std::vector<Node>& nodes;
  const Lock& lock;
  std::vector<Service>& services;
  Lock& planned;
  base::Diagnostics& diagnostics;
};

void allocate_cluster_ips(Allocation& allocation);
// Node ports and health check node ports: one space of numbers. `avoid`: host ports of pods, which a node port would
// take away.
void allocate_node_ports(Allocation& allocation, const std::vector<std::uint16_t>& avoid);
// For Services of type LoadBalancer without status, from the profile's balancer of their class, if there is one.
void allocate_load_balancers(Allocation& allocation);

// ---- shared by the three

// The address of the lock for `key`; nothing when the lock has none. A text that is no address is PC2102.
[[nodiscard]] std::optional<net::Address> locked_address(const std::map<std::string, std::string>& section,
                                                         const std::string& key, const Service& service,
                                                         base::Diagnostics& diagnostics);
// `ns/name`, and `ns/name#IPv6` for the second map entry that a dual-stack Service needs.
[[nodiscard]] std::string lock_key(const Service& service, net::Family family);
[[nodiscard]] base::ObjectRef object_of(const Service& service);
// PC2102.
void report_lock_ignored(const Service& service, std::string what, SourceSpan span, base::Diagnostics& diagnostics);
// PC2103: `what` of `service` is not what its name alone would give, because `holder` (nullptr: something that is no
// Service) has that.
void report_moved(const Service& service, const Service* holder, const std::string& what, const std::string& wanted,
                  const std::string& got, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
