#include "backends/ebpf/loader/loader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "backends/ebpf/loader/companion.hpp"
#include "backends/ebpf/loader/conntrack.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/filter.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/loader/sockets.hpp"

namespace portcullis::ebpf::loader {

namespace {

Origin origin_of_active(const Object& object) {
  return read_value<Origin>(object.map("origins"), active_generation(object));
}

void write_config(const Object& object, const Node& node) {
  pcl_config config{};
  config.netns = node.cookie;
  if (node.primary4) config.address4 = to_bytes(*node.primary4);
  if (node.primary6) config.address6 = to_bytes(*node.primary6);
  config.layout = PCL_LAYOUT;
  write_value(object.map("cfg"), 0, config);
}

// The companion is there again: status is not to complain for ever of what happened without it.
void forget_untranslated(const Object& object) {
  const int processors = libbpf_num_possible_cpus();
  if (processors <= 0) cannot("count the processors", -processors);
  const std::vector<std::uint64_t> none(static_cast<std::size_t>(processors), 0);
  const std::uint32_t counter = PCL_COUNT_NOT_NATTED;
  write_value(object.map("stats"), &counter, none.data(), "reset a counter");
}

std::vector<std::uint32_t> keys_of(int map) {
  std::vector<std::uint32_t> out;
  std::uint32_t key = 0, next = 0;
  while (bpf_map_get_next_key(map, out.empty() ? nullptr : &key, &next) == 0) {
    key = next;
    out.push_back(next);
  }
  return out;
}

// Every interface, also those without the program: packets leave by them.
void write_interfaces(const Object& object, const Node& node, const std::optional<PodInterface>& pods) {
  const int map = object.map("ifs");
  for (const std::uint32_t index : keys_of(map)) {
    if (node.find(index) == nullptr) bpf_map_delete_elem(map, &index);
  }
  for (const Interface& interface : node.interfaces) {
    if (interface.loopback) continue;
    const pcl_interface row = interface_row(node, interface, pods);
    if (bpf_map_update_elem(map, &interface.index, &row, BPF_ANY) != 0) {
      if (errno == E2BIG)
        throw CannotDo(fmt::format("this node has more interfaces than the program can know ({} do not fit)",
                                   node.interfaces.size()));
      cannot("tell the program about " + interface.name, errno);
    }
  }
}

void attach_filters(const Object& object, const std::vector<const Interface*>& interfaces, const Options& options,
                    const Pins& pins, Applied& applied) {
  for (const Interface* interface : interfaces) {
    if (interface->header == LinkHeader::other) {
      applied.skipped.push_back(interface->name);
      continue;
    }
    options.step("attach " + interface->name);
    // Pods come and go: an interface that is gone by now needs nothing.
    if (attach_filter(*interface, object.program("pcl_in"), pins)) applied.interfaces.push_back(interface->name);
  }
}

// The tables of the artefact and of this node become the active ones, unless they are.
void activate(const Object& object, const Pins& pins, const Artefact& artefact, const Entries& wanted, Made made,
              const Options& options, Applied& applied) {
  const Origin origin = origin_of(artefact.tables, artefact.digest);
  applied.generation = active_generation(object);
  const Origin before = origin_of_active(object);
  if (std::memcmp(&before, &origin, sizeof origin) == 0 && is_frozen_generation(object, applied.generation) &&
      read_generation(object, applied.generation) == wanted)
    return;
  applied.generation = fill_generation(object, pins, wanted, origin, std::move(made), options.step);
  applied.changed = true;
  options.step("switch");
  const auto begin = std::chrono::steady_clock::now();
  switch_to(object, applied.generation);
  applied.switching = std::chrono::steady_clock::now() - begin;
}

}  // namespace

std::optional<PodInterface> pod_interface_of(const Origin& origin) {
  if (origin.pod_interface[0] == '\0') return std::nullopt;
  return PodInterface{static_cast<const char*>(origin.pod_interface), origin.is_prefix != 0};
}

std::vector<std::string> unset(const std::vector<Sysctl>& sysctls) {
  std::vector<std::string> out;
  for (const Sysctl& one : sysctls) {
    std::string path = "/proc/sys/" + one.name;
    std::ranges::replace(path, '.', '/');
    std::string found;
    std::ifstream(path) >> found;
    if (found != one.value)
      out.push_back(fmt::format("sysctl {0} is {1} and has to be {2}: set it (sysctl -w {0}={2})", one.name,
                                found.empty() ? "not there" : found, one.value));
  }
  return out;
}

std::vector<const Interface*> chosen(const Node& node, const std::vector<std::string>& names) {
  std::vector<const Interface*> out;
  for (const std::string& name : names) {
    const Interface* interface = node.find(name);
    if (interface == nullptr) throw CannotDo(fmt::format("there is no interface {}", name));
    if (interface->loopback)
      throw CannotDo(fmt::format("{} is never attached to: processes have their own hooks", name));
    out.push_back(interface);
  }
  if (!names.empty()) return out;
  for (const Interface& interface : node.interfaces)
    if (is_entrance(node, interface)) out.push_back(&interface);
  return out;
}

Applied apply(const Artefact& artefact, const Options& options) {
  const Pins pins(options.pins);
  const Lock lock(pins);
  const Node node = look_at_node();
  const std::vector<const Interface*> interfaces = chosen(node, options.interfaces);
  const std::string cgroup = options.cgroup.empty() ? cgroup_root() : options.cgroup;
  Applied applied;
  applied.absent = absent_addresses(artefact.tables, node);
  applied.unset = unset(artefact.sysctls);
  options.step("companion");
  load_modules();
  load_companion(artefact.companion);
  options.step("load");
  pins.make();
  const Entries wanted = entries(with_addresses(artefact.tables, node));
  // The first time the kernel checks the program for about as long as it takes the tables: both at once.
  std::future<Made> making;
  if (loaded_versions(pins).empty()) making = std::async(std::launch::async, make_tables, std::cref(wanted));
  const Object object = Object::load(pins);
  options.step("configure");
  write_config(object, node);
  forget_untranslated(object);
  write_interfaces(object, node, artefact.tables.pod_interface);
  activate(object, pins, artefact, wanted, making.valid() ? making.get() : Made{}, options, applied);
  forget_markers(node, pins);
  attach_filters(object, interfaces, options, pins, applied);
  options.step("attach sockets");
  attach_hooks(object, cgroup, pins);
  options.step("forget other versions");
  forget_other_versions(pins);
  options.step("forget stale flows");
  applied.forgotten =
      forget_stale_flows(artefact.tables.cleanup) + forget_stale_sockets(object, artefact.tables.cleanup);
  return applied;
}

void attach(const std::vector<std::string>& interfaces, const Options& options) {
  const Pins pins(options.pins);
  const Lock lock(pins);
  const Object object = Object::open(pins);
  const Node node = look_at_node();
  write_interfaces(object, node, pod_interface_of(origin_of_active(object)));
  Applied applied;
  attach_filters(object, chosen(node, interfaces), options, pins, applied);
  if (applied.interfaces.empty() && applied.skipped.empty())
    throw CannotDo(fmt::format("{} is gone", fmt::join(interfaces, ", ")));
  if (!applied.skipped.empty())
    throw CannotDo(
        fmt::format("packets of {} have a link header that the program does not know", applied.skipped.front()));
}

bool roll_back(const Options& options) {
  const Pins pins(options.pins);
  const Lock lock(pins);
  const Object object = Object::open(pins);
  const auto slot = previous_generation(object);
  if (!slot) return false;
  options.step("switch");
  switch_to(object, *slot);
  options.step("configure");
  write_interfaces(object, look_at_node(), pod_interface_of(origin_of_active(object)));
  return true;
}

Removed remove(bool now, const Options& options) {
  const Pins pins(options.pins);
  const Lock lock(pins);
  Removed removed;
  removed.was_loaded = pins.exist();
  const Node node = look_at_node();
  for (const Interface& interface : node.interfaces) {
    options.step("detach " + interface.name);
    detach_filter(interface, pins);
  }
  options.step("detach sockets");
  detach_unlinked_hooks(options.cgroup, pins);
  options.step("unpin");
  unload(pins);
  options.step("companion");
  removed.flows = now ? 0 : translated_flows();
  removed.companion_kept = removed.flows != 0 && has_companion();
  if (!removed.companion_kept) delete_companion();
  return removed;
}

}  // namespace portcullis::ebpf::loader
