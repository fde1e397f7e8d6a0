// The pods of the cluster, observed and planned, with node and addresses: what endpoints and host ports are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/pod_groups.hpp"
#include "compiler/cluster/resolve.hpp"

namespace portcullis::cluster {

struct PodFacts {
  std::string name;
  std::string node;       // empty: none yet
  std::size_t group = 0;  // of which it is one: template, workload
  Labels labels;
  std::vector<net::Address> addresses;  // as in status.podIPs; empty: none yet
  bool planned = false;
  bool serving = true, terminating = false;
  std::string_view created;  // RFC 3339, observed pods only

  [[nodiscard]] const net::Address* address(net::Family family) const {
    for (const net::Address& a : addresses) {
      if (a.family() == family) return &a;
    }
    return nullptr;
  }
};

struct Pods {
  std::vector<PodGroup> groups;
  std::vector<PodFacts> pods;        // sorted by namespace, name
  std::vector<std::size_t> pending;  // by group, see Placement; likewise below
  std::vector<std::vector<std::uint32_t>> eligible;
  std::vector<bool> undecided;
};

// Plans what is missing, says so once a workload (PC2101), keeps to the lock (PC2102), and says what finds no address
// (PC2104).
[[nodiscard]] Pods resolve_pods(const Inventory& inventory, const Profile& profile, const std::vector<Node>& nodes,
                                const Lock& lock, Lock& planned, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
