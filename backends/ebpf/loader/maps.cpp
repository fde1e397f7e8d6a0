#include "backends/ebpf/loader/maps.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "backends/ebpf/loader/failure.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::ebpf::loader {

namespace {

struct Kind {
  bpf_map_type type;
  std::uint32_t flags;
};

Kind kind_of(TableId table) {
  switch (table) {
    case TableId::pools:
    case TableId::endpoints:
      return {BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP};
    case TableId::prefixes:
      return {BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC};
    case TableId::members:
    case TableId::locals:
    case TableId::frontends:
      return {BPF_MAP_TYPE_HASH, 0};
  }
  throw base::InternalError("no such table");
}

std::string name_of(TableId table) {
  return fmt::format("pcl_{}", to_string(table));
}

void fill_singly(int map, TableId table, const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const std::byte* key = rows.keys().data() + i * rows.key_size();
    const std::byte* value = rows.values().data() + i * rows.value_size();
    if (bpf_map_update_elem(map, key, value, BPF_ANY) != 0) cannot(fmt::format("fill {}", name_of(table)), errno);
  }
}

void fill(int map, TableId table, const Rows& rows) {
  if (rows.count() == 0) return;
  auto count = static_cast<std::uint32_t>(rows.count());
  bpf_map_batch_opts options{};
  options.sz = sizeof options;
  if (bpf_map_update_batch(map, rows.keys().data(), rows.values().data(), &count, &options) == 0) return;
  // Kernels before 5.19 take no batch for tries.
  fill_singly(map, table, rows);
}

std::uint32_t capacity_of(int map) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) cannot("look at a map", errno);
  return info.max_entries;
}

// False where the kernel reads no batches of this kind of map.
bool read_batch(int map, Rows& rows) {
  const std::uint32_t capacity = capacity_of(map);
  std::vector<std::byte> keys(capacity * rows.key_size()), values(capacity * rows.value_size());
  std::vector<std::byte> place(std::max<std::size_t>(rows.key_size(), sizeof(std::uint32_t)));
  std::uint32_t count = capacity;
  bpf_map_batch_opts options{};
  options.sz = sizeof options;
  // ENOENT: that was all.
  if (bpf_map_lookup_batch(map, nullptr, place.data(), keys.data(), values.data(), &count, &options) != 0 &&
      errno != ENOENT)
    return false;
  const std::span all_keys(keys), all_values(values);
  for (std::size_t i = 0; i < count; ++i) {
    rows.add_bytes(all_keys.subspan(i * rows.key_size(), rows.key_size()),
                   all_values.subspan(i * rows.value_size(), rows.value_size()));
  }
  return true;
}

void read_singly(int map, Rows& rows) {
  std::vector<std::byte> key(rows.key_size()), next(rows.key_size()), value(rows.value_size());
  bool first = true;
  while (bpf_map_get_next_key(map, first ? nullptr : key.data(), next.data()) == 0) {
    first = false;
    key = next;
    if (bpf_map_lookup_elem(map, key.data(), value.data()) != 0) cannot("read a map", errno);
    rows.add_bytes(key, value);
  }
}

}  // namespace

Fd make_frozen(TableId table, const Rows& rows) {
  const Kind kind = kind_of(table);
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = kind.flags;
  const auto size = static_cast<std::uint32_t>(std::max<std::size_t>(rows.count(), 1));
  Fd map(bpf_map_create(kind.type, name_of(table).c_str(), static_cast<std::uint32_t>(rows.key_size()),
                        static_cast<std::uint32_t>(rows.value_size()), size, &options));
  if (!map.open()) cannot(fmt::format("make map {} of {} rows", name_of(table), size), errno);
  fill(map.get(), table, rows);
  if (bpf_map_freeze(map.get()) != 0) cannot(fmt::format("freeze {}", name_of(table)), errno);
  return map;
}

Rows read_rows(int map, TableId table) {
  Rows rows = rows_of(table);
  // A foreign map in our slot has other sizes; reading it by ours would write past our buffers.
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) cannot("look at a map", errno);
  if (info.key_size != rows.key_size() || info.value_size != rows.value_size())
    throw CannotDo(fmt::format("cannot read {}: its rows have other sizes than this version's", name_of(table)));
  if (!read_batch(map, rows)) {
    rows = rows_of(table);
    read_singly(map, rows);
  }
  if (kind_of(table).type != BPF_MAP_TYPE_ARRAY) rows.sort();
  return rows;
}

bool is_frozen(int map) {
  std::ifstream file(fmt::format("/proc/self/fdinfo/{}", map));
  std::string word;
  while (file >> word)
    if (word == "frozen:") return file >> word && word == "1";
  return false;
}

std::optional<std::uint32_t> map_in_slot(int outer, std::uint32_t slot) {
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(outer, &slot, &id) == 0) return id;
  if (errno == ENOENT) return std::nullopt;
  cannot("look at a generation", errno);
}

Fd map_by_id(std::uint32_t id) {
  Fd map(bpf_map_get_fd_by_id(id));
  if (!map.open()) cannot(fmt::format("open map {}", id), errno);
  return map;
}

void put_in_slot(int outer, std::uint32_t slot, int inner) {
  if (bpf_map_update_elem(outer, &slot, &inner, BPF_ANY) != 0) cannot("put a table in its place", errno);
}

void empty_slot(int outer, std::uint32_t slot) {
  if (bpf_map_delete_elem(outer, &slot) != 0 && errno != ENOENT) cannot("empty a generation", errno);
}

Fd pinned(const std::string& path) {
  Fd map(bpf_obj_get(path.c_str()));
  if (!map.open() && errno != ENOENT) cannot(fmt::format("open {}", path), errno);
  return map;
}

void read_value(int map, const void* key, void* value, const char* what) {
  if (bpf_map_lookup_elem(map, key, value) != 0) cannot(what, errno);
}

void write_value(int map, const void* key, const void* value, const char* what) {
  if (bpf_map_update_elem(map, key, value, BPF_ANY) != 0) cannot(what, errno);
}

}  // namespace portcullis::ebpf::loader
