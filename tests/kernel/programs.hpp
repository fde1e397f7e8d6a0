// A node's programs from manifests, and the node that they are for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

class NodePrograms {
 public:
  // Of one node of the cluster, both families. The node must be there.
  NodePrograms(cluster::Cluster cluster, const std::string& node);
  NodePrograms(const NodePrograms&) = delete;
  NodePrograms& operator=(const NodePrograms&) = delete;

  [[nodiscard]] const cluster::Cluster& cluster() const { return cluster_; }
  [[nodiscard]] const ir::Program& program(net::Family family) const { return programs_.at(family); }
  [[nodiscard]] std::vector<ir::Program> both() const;
  [[nodiscard]] ir::Fate fate(const net::Packet& packet, const ir::Memory& memory = {},
                              ir::Trail* trail = nullptr) const;
  // The node in the kernel: its addresses, the interface that the detector takes for pods', sysctls that the programs
  // require.
  [[nodiscard]] NodeSetup setup() const;

 private:
  cluster::Cluster cluster_;
  const cluster::Node* node_;
  std::map<net::Family, ir::Program> programs_;
  std::map<net::Family, ir::Interpreter> interpreters_;
};

// Reads manifests as a user's input. Throws Failure when something cannot be read, or the node is not there.
[[nodiscard]] std::unique_ptr<NodePrograms> compile(const std::string& name, const std::string& manifests,
                                                    const std::string& node);

}  // namespace portcullis::kernel
