// Maps of the kernel: made, filled, frozen, read back. Everything here throws CannotDo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backends/ebpf/entries.hpp"
#include "backends/ebpf/loader/fd.hpp"

namespace portcullis::ebpf::loader {

// A new map with exactly these rows that user space cannot write any more.
[[nodiscard]] Fd make_frozen(TableId table, const Rows& rows);
// Every row that the map has, sorted.
[[nodiscard]] Rows read_rows(int map, TableId table);
[[nodiscard]] bool is_frozen(int map);

// Of a map of maps: the number by which the kernel knows the map in that slot; nothing where the slot is empty.
[[nodiscard]] std::optional<std::uint32_t> map_in_slot(int outer, std::uint32_t slot);
[[nodiscard]] Fd map_by_id(std::uint32_t id);
// Returns when no packet uses what was in the slot before.
void put_in_slot(int outer, std::uint32_t slot, int inner);
void empty_slot(int outer, std::uint32_t slot);

// A pinned map; not open where nothing is pinned there.
[[nodiscard]] Fd pinned(const std::string& path);

template <class Value>
[[nodiscard]] Value read_value(int map, std::uint32_t index);
template <class Value>
void write_value(int map, std::uint32_t index, const Value& value);

void read_value(int map, const void* key, void* value, const char* what);
void write_value(int map, const void* key, const void* value, const char* what);

template <class Value>
Value read_value(int map, std::uint32_t index) {
  Value value{};
  read_value(map, &index, &value, "read a map");
  return value;
}

template <class Value>
void write_value(int map, std::uint32_t index, const Value& value) {
  write_value(map, &index, &value, "write a map");
}

}  // namespace portcullis::ebpf::loader
