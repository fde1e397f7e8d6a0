#include "backends/ebpf/loader/filter.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/netlink.hpp"

namespace portcullis::ebpf::loader {

namespace {

// Before the priorities that the kernel hands out by itself (49152 and more), behind those that people like to give.
constexpr std::uint32_t our_priority = 20547, our_handle = 1;
constexpr std::string_view our_name = "pcl_in";

bpf_tc_hook hook_of(const Interface& interface) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(interface.index);
  hook.attach_point = BPF_TC_INGRESS;
  return hook;
}

bpf_tc_opts options_of() {
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = our_handle;
  options.priority = our_priority;
  return options;
}

std::string name_of(std::uint32_t id) {
  const Fd program(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (!program.open() || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return {};
  return std::string(static_cast<const char*>(info.name));
}

std::string marker_of(const Interface& interface) {
  return fmt::format("clsact/{}", interface.index);
}

template <class T>
Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// Filters of anybody below clsact, at ingress or egress.
bool has_filters(const Interface& interface) {
  Netlink route(NETLINK_ROUTE);
  bool any = false;
  for (const std::uint32_t parent :
       {TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)}) {
    tcmsg request{};
    request.tcm_ifindex = static_cast<int>(interface.index);
    request.tcm_parent = parent;
    route.dump("filters", RTM_GETTFILTER, bytes_of(request), [&](Bytes) { any = true; });
  }
  return any;
}

bool has_clsact(const Interface& interface) {
  Netlink route(NETLINK_ROUTE);
  bool found = false;
  route.dump("queueing disciplines", RTM_GETQDISC, bytes_of(tcmsg{}), [&](Bytes message) {
    tcmsg head{};
    if (message.size() < sizeof head) return;
    std::memcpy(&head, message.data(), sizeof head);
    found = found || (head.tcm_ifindex == static_cast<int>(interface.index) && head.tcm_parent == TC_H_CLSACT);
  });
  return found;
}

// The marker is made first: a clsact of ours without it would stay for ever. False where the interface is gone.
bool make_clsact(const Interface& interface, const Pins& pins) {
  if (has_clsact(interface)) return true;
  pins.make_folder("clsact");
  pins.make_folder(marker_of(interface));
  bpf_tc_hook hook = hook_of(interface);
  const int error = bpf_tc_hook_create(&hook);
  if (error != 0) pins.remove(marker_of(interface));
  if (error != 0 && error != -EEXIST && error != -ENODEV)
    cannot(fmt::format("add clsact to {} (does this kernel have sch_ingress?)", interface.name), -error);
  return error != -ENODEV;
}

}  // namespace

std::uint32_t program_id(int program) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &length) != 0) cannot("look at a program", errno);
  return info.id;
}

std::optional<std::uint32_t> filter_program(const Interface& interface) {
  const bpf_tc_hook hook = hook_of(interface);
  bpf_tc_opts options = options_of();
  if (bpf_tc_query(&hook, &options) != 0) return std::nullopt;
  if (name_of(options.prog_id) != our_name) return std::nullopt;
  return options.prog_id;
}

bool attach_filter(const Interface& interface, int program, const Pins& pins) {
  if (filter_program(interface) == program_id(program)) return true;
  if (!make_clsact(interface, pins)) return false;
  const bpf_tc_hook hook = hook_of(interface);
  bpf_tc_opts there = options_of();
  if (bpf_tc_query(&hook, &there) == 0 && name_of(there.prog_id) != our_name)
    throw CannotDo(fmt::format("{} has somebody else's filter at ingress priority {} handle {}: remove that first",
                               interface.name, our_priority, our_handle));
  bpf_tc_opts options = options_of();
  options.prog_fd = program;
  options.flags = BPF_TC_F_REPLACE;
  const int error = bpf_tc_attach(&hook, &options);
  if (error != 0 && error != -ENODEV)
    cannot(fmt::format("attach the program to {} (does this kernel have cls_bpf?)", interface.name), -error);
  return error == 0;
}

void forget_markers(const Node& node, const Pins& pins) {
  for (const std::string& one : pins.list("clsact")) {
    const bool there = std::ranges::any_of(
        node.interfaces, [&](const Interface& interface) { return std::to_string(interface.index) == one; });
    if (!there) pins.remove("clsact/" + one);
  }
}

void detach_filter(const Interface& interface, const Pins& pins) {
  bpf_tc_hook hook = hook_of(interface);
  if (filter_program(interface)) {
    const bpf_tc_opts options = options_of();
    if (const int error = bpf_tc_detach(&hook, &options); error != 0 && error != -ENOENT && error != -ENODEV)
      cannot(fmt::format("detach the program from {}", interface.name), -error);
  }
  const std::vector<std::string> made = pins.list("clsact");
  if (std::ranges::find(made, std::to_string(interface.index)) == made.end()) return;
  if (has_clsact(interface) && !has_filters(interface)) {
    // Without both directions libbpf takes away filters only, and leaves the clsact.
    hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
    if (const int error = bpf_tc_hook_destroy(&hook); error != 0 && error != -ENOENT && error != -ENODEV)
      cannot(fmt::format("remove clsact from {}", interface.name), -error);
  }
  pins.remove(marker_of(interface));
}

}  // namespace portcullis::ebpf::loader
