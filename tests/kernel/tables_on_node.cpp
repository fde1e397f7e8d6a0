#include "tests/kernel/tables_on_node.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "backends/ebpf/companion.hpp"
#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/loader/object.hpp"
#include "backends/ebpf/program.hpp"
#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {

namespace {

namespace fs = std::filesystem;

void mount_at(const std::string& path, const char* type) {
  fs::create_directory(path);
  if (::mount("none", path.c_str(), type, 0, nullptr) != 0) fail_with_errno(fmt::format("mount {} at {}", type, path));
}

void enter_group(const std::string& group) {
  std::ofstream procs(group + "/cgroup.procs");
  procs << ::getpid() << std::flush;
  if (!procs) fail_with_errno("enter the control group " + group);
}

}  // namespace

std::string beyond_programs(const net::Packet& packet) {
  if (packet.protocol == net::Protocol::sctp) return "D5: SCTP is refused";
  if (packet.protocol == net::Protocol::icmp && packet.from == net::PacketFrom::node)
    return "D1: raw sockets of the node's processes";
  return {};
}

bool keeps_its_source(const net::Packet& packet) {
  return packet.from == net::PacketFrom::node;
}

const OwnMounts& OwnMounts::get() {
  static const OwnMounts mounts;
  return mounts;
}

OwnMounts::OwnMounts() {
  root_ = (fs::temp_directory_path() / "portcullis-XXXXXX").string();
  if (::mkdtemp(root_.data()) == nullptr) fail_with_errno("make a folder");
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    fail_with_errno("leave the mounts of others alone");
  mount_at(bpf_ = root_ + "/bpf", "bpf");
  mount_at(all_cgroups_ = root_ + "/cgroup", "cgroup2");
  cgroup_ = fmt::format("{}/portcullis-test-{}", all_cgroups_, ::getpid());
  fs::create_directory(cgroup_);
  enter_group(cgroup_);
}

OwnMounts::~OwnMounts() {
  try {
    enter_group(all_cgroups_);
  } catch (const Failure& failure) {
    std::fputs(failure.what(), stderr);  // the group stays: nothing else could be done about it
  }
  std::error_code ignored;
  fs::remove(cgroup_, ignored);
  ::umount2(bpf_.c_str(), MNT_DETACH);
  ::umount2(all_cgroups_.c_str(), MNT_DETACH);
  fs::remove_all(root_, ignored);
}

TablesOnNode::TablesOnNode(Namespace& node) : node_(node) {
  // One load of the program serves one node after the other: each takes it over with its own tables.
  const OwnMounts& mounts = OwnMounts::get();
  options_.pins = mounts.bpf() + "/portcullis";
  options_.cgroup = mounts.cgroup();
  node_.on_interface([this](const std::string& name) { ebpf::loader::attach({name}, options_); });
  node_.on_forget([this] { forget_affinity(); });
}

TablesOnNode::~TablesOnNode() {
  node_.on_interface({});
  node_.on_forget({});
}

ebpf::loader::Applied TablesOnNode::apply(const std::vector<ir::Program>& programs) {
  base::Diagnostics diagnostics;  // limits are met as fates
  return apply(ebpf::lower(programs, ebpf::program_digest(), diagnostics));
}

ebpf::loader::Applied TablesOnNode::apply(const ebpf::Tables& tables) {
  ebpf::loader::Artefact artefact;
  artefact.tables = tables;
  artefact.digest = ebpf::sha256(ebpf::print(artefact.tables));
  artefact.companion = options_.pins.substr(0, options_.pins.find("/bpf/")) + "/companion.nft";
  std::ofstream(artefact.companion) << ebpf::companion(artefact.tables);
  ebpf::loader::Applied applied;
  node_.inside([&] { applied = ebpf::loader::apply(artefact, options_); });
  return applied;
}

void TablesOnNode::forget_affinity() const {
  const auto object = ebpf::loader::Object::open(ebpf::loader::Pins(options_.pins));
  const int memory = object.map("aff");
  pcl_memory_key key{};
  while (bpf_map_get_next_key(memory, nullptr, &key) == 0) bpf_map_delete_elem(memory, &key);
}

}  // namespace portcullis::kernel
