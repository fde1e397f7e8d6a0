#include "backends/ebpf/loader/status.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "backends/ebpf/companion.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/loader/companion.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/filter.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/loader/sockets.hpp"

namespace portcullis::ebpf::loader {

namespace {

constexpr std::array counter_words{
#define PCL_COUNTER_WORD(name, word) word,
    PCL_COUNTERS(PCL_COUNTER_WORD)
#undef PCL_COUNTER_WORD
};

std::uint64_t count_of(const Object& object, std::uint32_t counter) {
  const int processors = libbpf_num_possible_cpus();
  if (processors <= 0) cannot("count the processors", -processors);
  std::vector<std::uint64_t> each(static_cast<std::size_t>(processors));
  read_value(object.map("stats"), &counter, each.data(), "read the counters");
  std::uint64_t sum = 0;
  for (const std::uint64_t one : each) sum += one;
  return sum;
}

void tell_counters(const Object& object, Status& out) {
  for (std::uint32_t i = 0; i < counter_words.size(); ++i)
    out.counters.emplace_back(counter_words[i], count_of(object, i));
  if (const std::uint64_t lost = count_of(object, PCL_COUNT_NOT_NATTED); lost != 0)
    out.problems.push_back(fmt::format(
        "{} flows were not translated by netfilter and dropped: something takes the node's packets out of conntrack",
        lost));
}

void tell_interfaces(const Object& object, const Node& node, Status& out) {
  const std::uint32_t program = program_id(object.program("pcl_in"));
  for (const Interface* interface : chosen(node, {})) {
    const auto there = filter_program(*interface);
    if (there == program) {
      out.covered.push_back(interface->name);
    } else if (there) {
      out.problems.push_back(
          fmt::format("{} has the program of another version: run `portcullis apply` again", interface->name));
    } else if (interface->header == LinkHeader::other) {
      out.warnings.push_back(
          fmt::format("{} has a link header that the program does not know: what comes in by it is "
                      "left alone",
                      interface->name));
    } else {
      out.problems.push_back(
          fmt::format("{0} is not covered, Services are unknown to what comes in by it: run "
                      "`portcullis attach {0}`",
                      interface->name));
    }
  }
}

// Addresses come and go; what the program knows of them is from the last apply or attach.
void tell_addresses(const Object& object, const Node& node, const Origin& origin, Status& out) {
  const auto pods = pod_interface_of(origin);
  for (const Interface* interface : chosen(node, {})) {
    const pcl_interface wanted = interface_row(node, *interface, pods);
    pcl_interface found{};
    if (bpf_map_lookup_elem(object.map("ifs"), &interface->index, &found) == 0 &&
        std::memcmp(&wanted, &found, sizeof wanted) == 0)
      continue;
    out.problems.push_back(fmt::format(
        "addresses of {0} have changed since the program was told: run `portcullis attach {0}`", interface->name));
  }
  const auto config = read_value<pcl_config>(object.map("cfg"), 0);
  if (config.netns == 0) {
    out.warnings.emplace_back(
        "the program serves processes of the initial network namespace, as apply.sh told it: run `portcullis apply` to "
        "name this one");
  } else if (config.netns != node.cookie) {
    out.problems.emplace_back("the program serves another network namespace: run `portcullis apply` in this one");
  }
}

void tell_locals(const Entries& live, const Node& node, Status& out) {
  const Rows wanted = entries(with_addresses({}, node)).of(TableId::locals);
  const Rows& rows = live.of(TableId::locals);
  for (std::size_t i = 0; i < wanted.count(); ++i) {
    const auto address = wanted.key<pcl_addr>(i);
    bool known = false;
    for (std::size_t j = 0; j < rows.count() && !known; ++j) {
      const auto row = rows.key<pcl_addr>(j);
      known = std::memcmp(&row, &address, sizeof row) == 0;
    }
    if (!known)
      out.problems.push_back(fmt::format("the tables do not know the node's address {}: run `portcullis apply` again",
                                         to_address(address).text()));
  }
}

void compare(const Artefact& wanted, const Entries& live, const Node& node, Status& out) {
  const Tables tables = with_addresses(wanted.tables, node);
  if (entries(tables) != live) {
    out.differences = differences(print(tables), print(tables_of(live, tables)));
    if (out.differences.empty())
      out.problems.emplace_back("the tables differ from the artefact's in what its text does not show: apply again");
  }
  for (std::string& one : unset(wanted.sysctls)) out.problems.push_back(std::move(one));
  for (const net::Address& address : absent_addresses(wanted.tables, node))
    out.warnings.push_back(
        fmt::format("the artefact takes {} for an address of this node, which has it not", address.text()));
}

void tell_tables(const Object& object, const Artefact* wanted, const Node& node, Status& out) {
  out.generation = active_generation(object);
  out.can_roll_back = previous_generation(object).has_value();
  const auto live = read_generation(object, out.generation);
  if (!live) {
    out.problems.emplace_back("there are no tables: run `portcullis apply` again");
    return;
  }
  const Origin origin = read_value<Origin>(object.map("origins"), out.generation);
  out.artefact.assign(static_cast<const char*>(origin.artefact), sizeof origin.artefact);
  out.frontends = live->of(TableId::frontends).count();
  const Tables tables = tables_of(*live, {});
  out.pools = tables.pools.size();
  for (const Pool& pool : tables.pools) out.endpoints += pool.endpoints.size();
  if (!is_frozen_generation(object, out.generation))
    out.problems.emplace_back("a table can be written by others: it is not the one that was loaded; apply again");
  tell_addresses(object, node, origin, out);
  tell_locals(*live, node, out);
  if (wanted != nullptr) compare(*wanted, *live, node, out);
}

void tell_hooks(const Object& object, const Pins& pins, Status& out) {
  const std::vector<std::string> missing = missing_hooks(object, pins);
  if (!missing.empty() && read_value<pcl_config>(object.map("cfg"), 0).netns == 0) {
    out.problems.emplace_back(
        "it cannot be told whether the socket hooks are attached, apply.sh makes no links: run `portcullis apply`");
    return;
  }
  for (const std::string& hook : missing)
    out.problems.push_back(
        fmt::format("{} is not attached: what processes of this node send is left alone; run "
                    "`portcullis apply` again",
                    hook));
}

}  // namespace

Status look(const Artefact* wanted, const Options& options) {
  const Pins pins(options.pins);
  const Lock lock(pins);
  Status out;
  if (loaded_versions(pins).empty()) {
    out.problems.emplace_back("nothing is loaded: run `portcullis apply`");
    return out;
  }
  const Object object = Object::open(pins);
  const Node node = look_at_node();
  out.loaded = true;
  out.version = object.loaded_version();
  if (out.version != version())
    out.problems.emplace_back(
        "the program of another version of portcullis is loaded: apply again, or use that version");
  tell_tables(object, wanted, node, out);
  tell_interfaces(object, node, out);
  tell_hooks(object, pins, out);
  if (!has_companion())
    out.problems.push_back(
        fmt::format("table inet {} is gone, without it nobody translates packets: run `portcullis "
                    "apply` again",
                    companion_table));
  tell_counters(object, out);
  return out;
}

}  // namespace portcullis::ebpf::loader
