// The eBPF backend on the node of a Namespace: applied with the loader that `portcullis apply` uses. Pins and the tree
// of control groups are this process' own: they end with it, also when it crashes.
#pragma once

#include <string>
#include <vector>

#include "backends/ebpf/loader/loader.hpp"
#include "compiler/ir/l4/program.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

// Why the backend's declared differences (docs/ebpf.md) leave the packet out; empty if they do not.
[[nodiscard]] std::string beyond_programs(const net::Packet& packet);
// D1: a process that is bound to an address keeps it, so that its flows are never seen to be masqueraded.
[[nodiscard]] bool keeps_its_source(const net::Packet& packet);

// A BPF file system and a hierarchy of control groups that nobody else sees; the process is in a group of its own
// there. Made once a process. Throws Failure.
class OwnMounts {
 public:
  static const OwnMounts& get();
  OwnMounts(const OwnMounts&) = delete;
  OwnMounts& operator=(const OwnMounts&) = delete;
  ~OwnMounts();
  [[nodiscard]] const std::string& bpf() const { return bpf_; }
  [[nodiscard]] const std::string& cgroup() const { return cgroup_; }

 private:
  OwnMounts();
  std::string root_, bpf_, cgroup_, all_cgroups_;
};

class TablesOnNode {
 public:
  // The namespace must be one that sends by sockets (NodeSetup::by_sockets), and outlive this.
  explicit TablesOnNode(Namespace& node);
  TablesOnNode(const TablesOnNode&) = delete;
  TablesOnNode& operator=(const TablesOnNode&) = delete;
  ~TablesOnNode();

  // Both families' programs, as `compile --to ebpf` writes them.
  ebpf::loader::Applied apply(const std::vector<ir::Program>& programs);
  ebpf::loader::Applied apply(const ebpf::Tables& tables);
  void forget_affinity() const;
  [[nodiscard]] const ebpf::loader::Options& options() const { return options_; }

 private:
  Namespace& node_;
  ebpf::loader::Options options_;
};

}  // namespace portcullis::kernel
