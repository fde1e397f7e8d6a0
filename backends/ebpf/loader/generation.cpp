#include "backends/ebpf/loader/generation.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/maps.hpp"

namespace portcullis::ebpf::loader {

namespace {

std::uint32_t behind(std::uint32_t slot) {
  return (slot + 1) % PCL_GENERATIONS;
}

std::uint32_t before(std::uint32_t slot) {
  return (slot + PCL_GENERATIONS - 1) % PCL_GENERATIONS;
}

// The kernel numbers its maps in the order in which they are made. Frontends are put in their slot last and taken out
// first, so a generation that has them is whole.
std::optional<std::uint32_t> number_of(const Object& object, std::uint32_t slot) {
  return map_in_slot(object.table(TableId::frontends), slot);
}

// Packets that still read a generation which a roll back has left are not to see it change: putting the active
// frontends where they are returns when no such packet is left.
void let_packets_go(const Object& object) {
  const std::uint32_t active = active_generation(object);
  const auto frontends = number_of(object, active);
  if (frontends) put_in_slot(object.table(TableId::frontends), active, map_by_id(*frontends).get());
}

// For people who look at a node with bpftool.
void pin_table(const Pins& pins, std::uint32_t slot, TableId table, int map) {
  const std::string path = pins.path(fmt::format("generation/{}/{}", slot, to_string(table)));
  if (bpf_obj_pin(map, path.c_str()) != 0) cannot("pin " + path, errno);
}

}  // namespace

std::uint32_t active_generation(const Object& object) {
  return read_value<std::uint32_t>(object.map("active"), 0) % PCL_GENERATIONS;
}

std::optional<Entries> read_generation(const Object& object, std::uint32_t slot) {
  Entries out;
  for (const TableId table : all_tables) {
    const auto id = map_in_slot(object.table(table), slot);
    if (!id) return std::nullopt;
    out.of(table) = read_rows(map_by_id(*id).get(), table);
  }
  return out;
}

bool is_frozen_generation(const Object& object, std::uint32_t slot) {
  return std::ranges::all_of(all_tables, [&](TableId table) {
    const auto id = map_in_slot(object.table(table), slot);
    return id && is_frozen(map_by_id(*id).get());
  });
}

Made make_tables(const Entries& entries) {
  Made out;
  for (const TableId table : all_tables)
    out.at(static_cast<std::size_t>(table)) = make_frozen(table, entries.of(table));
  return out;
}

std::uint32_t fill_generation(const Object& object, const Pins& pins, const Entries& entries, const Origin& origin,
                              Made made, const Step& step) {
  const std::uint32_t slot = behind(active_generation(object));
  step("make way");
  let_packets_go(object);
  empty_slot(object.table(TableId::frontends), slot);
  const std::string folder = fmt::format("generation/{}", slot);
  pins.remove(folder);
  pins.make_folder("generation");
  pins.make_folder(folder);
  write_value(object.map("origins"), slot, origin);
  for (const TableId table : all_tables) {
    step(fmt::format("fill {}", to_string(table)));
    Fd map = std::move(made.at(static_cast<std::size_t>(table)));
    if (!map.open()) map = make_frozen(table, entries.of(table));
    put_in_slot(object.table(table), slot, map.get());
    pin_table(pins, slot, table, map.get());
  }
  step("read back");
  if (read_generation(object, slot) != entries)
    throw CannotDo(
        "the kernel holds other tables than were written: nothing was switched; apply again, and report this if it "
        "stays");
  return slot;
}

void switch_to(const Object& object, std::uint32_t slot) {
  write_value(object.map("active"), 0, slot);
}

std::optional<std::uint32_t> previous_generation(const Object& object) {
  const std::uint32_t active = active_generation(object);
  const std::uint32_t slot = before(active);
  const auto ours = number_of(object, active), theirs = number_of(object, slot);
  // What is younger has been rolled back from, or is half of an update that died.
  if (!ours || !theirs || *theirs >= *ours) return std::nullopt;
  return slot;
}

}  // namespace portcullis::ebpf::loader
