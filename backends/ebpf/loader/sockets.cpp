#include "backends/ebpf/loader/sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/filter.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/loader/stale.hpp"

namespace portcullis::ebpf::loader {

namespace {

// Empty where there is none.
std::string mounted_hierarchy() {
  std::ifstream mounts("/proc/self/mounts");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string device, folder, type;
    if (words >> device >> folder >> type && type == "cgroup2") return folder;
  }
  return {};
}

struct Attachment {
  std::uint32_t program = 0;
  std::uint64_t cgroup = 0;
};

std::optional<Attachment> attachment_of(int link) {
  bpf_link_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(link, &info, &length) != 0) return std::nullopt;
  return Attachment{info.prog_id, info.cgroup.cgroup_id};
}

std::string path_of(const Hook& hook, const Pins& pins) {
  return pins.path("link/" + hook.name);
}

// A control group's number is that of its folder.
std::uint64_t number_of(int cgroup) {
  struct stat about{};
  if (::fstat(cgroup, &about) != 0) cannot("look at a control group", errno);
  return about.st_ino;
}

void make_link(const Hook& hook, int program, int cgroup, const Pins& pins) {
  pins.remove("link/" + hook.name);
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  const Fd link(bpf_link_create(program, cgroup, static_cast<bpf_attach_type>(hook.attach_type), &options));
  if (!link.open()) cannot(fmt::format("attach {} to the control groups", hook.name), errno);
  if (bpf_obj_pin(link.get(), path_of(hook, pins).c_str()) != 0) cannot("pin " + path_of(hook, pins), errno);
}

// apply.sh attaches programs without links, and a program with both would be asked twice.
void detach_unlinked(const Hook& hook, int cgroup, const Pins& pins) {
  for (const std::string& version : pins.list("prog")) {
    const Fd program = pinned(pins.path(fmt::format("prog/{}/{}", version, hook.name)));
    if (!program.open()) continue;
    if (bpf_prog_detach2(program.get(), cgroup, static_cast<bpf_attach_type>(hook.attach_type)) != 0 && errno != ENOENT)
      cannot(fmt::format("detach {} from the control groups", hook.name), errno);
  }
}

void attach_hook(const Hook& hook, int program, int cgroup, const Pins& pins) {
  const Fd link = pinned(path_of(hook, pins));
  const auto there = link.open() ? attachment_of(link.get()) : std::nullopt;
  // A link to a control group that is gone has no number any more.
  if (!there || there->cgroup != number_of(cgroup)) return make_link(hook, program, cgroup, pins);
  if (there->program == program_id(program)) return;
  bpf_link_update_opts options{};
  options.sz = sizeof options;
  if (bpf_link_update(link.get(), program, &options) != 0) cannot("replace the program of " + hook.name, errno);
}

}  // namespace

std::string cgroup_root() {
  if (std::string folder = mounted_hierarchy(); !folder.empty()) return folder;
  throw CannotDo(
      "no cgroup2 file system is mounted: mount one (mount -t cgroup2 none /sys/fs/cgroup), or name the folder with "
      "--cgroup");
}

void attach_hooks(const Object& object, const std::string& cgroup, const Pins& pins) {
  const Fd folder(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) cannot("open control group " + cgroup, errno);
  pins.make_folder("link");
  const std::vector<Hook> all = hooks();
  for (const Hook& hook : all) {
    attach_hook(hook, object.program(hook.name), folder.get(), pins);
    detach_unlinked(hook, folder.get(), pins);
  }
  // Of a version that had more.
  for (const std::string& name : pins.list("link"))
    if (std::ranges::find(all, name, &Hook::name) == all.end()) pins.remove("link/" + name);
}

void detach_unlinked_hooks(const std::string& cgroup, const Pins& pins) {
  const std::string group = cgroup.empty() ? mounted_hierarchy() : cgroup;
  // A group that is gone has nothing attached.
  const Fd folder(::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return;
  for (const Hook& hook : hooks()) detach_unlinked(hook, folder.get(), pins);
}

std::vector<std::string> missing_hooks(const Object& object, const Pins& pins) {
  std::vector<std::string> out;
  for (const Hook& hook : hooks()) {
    const Fd link = pinned(path_of(hook, pins));
    const auto there = link.open() ? attachment_of(link.get()) : std::nullopt;
    if (!there || there->cgroup == 0 || there->program != program_id(object.program(hook.name)))
      out.push_back(hook.name);
  }
  return out;
}

std::size_t forget_stale_sockets(const Object& object, const std::vector<ir::UdpCleanup>& cleanup) {
  const Kept kept(cleanup);
  if (kept.empty()) return 0;
  const int map = object.map("socks");
  std::vector<pcl_socket_key> stale;
  pcl_socket_key key{}, next{};
  for (bool first = true; bpf_map_get_next_key(map, first ? nullptr : &key, &next) == 0; first = false) {
    key = next;
    pcl_socket flow{};
    if (key.kind != PCL_SOCKET_SENT || bpf_map_lookup_elem(map, &key, &flow) != 0) continue;
    if (kept.is_stale({to_address(key.address), ntohs(key.port)}, {to_address(flow.address), ntohs(flow.port)}))
      stale.push_back(key);
  }
  std::size_t deleted = 0;
  for (const pcl_socket_key& one : stale) deleted += bpf_map_delete_elem(map, &one) == 0 ? 1 : 0;
  return deleted;
}

}  // namespace portcullis::ebpf::loader
