#include "backends/ebpf/batch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/error.hpp"

namespace portcullis::ebpf {

namespace {

// As the loader makes them (loader/maps.cpp): arrays with BPF_F_INNER_MAP, the trie with BPF_F_NO_PREALLOC.
std::string_view kind_words(TableId table) {
  switch (table) {
    case TableId::pools:
    case TableId::endpoints:
      return "type array flags 0x1000";
    case TableId::prefixes:
      return "type lpm_trie flags 0x1";
    case TableId::members:
    case TableId::locals:
    case TableId::frontends:
      return "type hash";
  }
  throw base::InternalError("no such table");
}

std::size_t room_for(TableId table, const Rows& rows) {
  const std::size_t room = rows.count() + (table == TableId::locals ? spare_locals : 0);
  return std::max<std::size_t>(room, 1);
}

void append_table(std::string& out, TableId table, const Rows& rows) {
  out += fmt::format("map create {0} {1} key {2} value {3} entries {4} name pcl_{0}\n", to_string(table),
                     kind_words(table), rows.key_size(), rows.value_size(), room_for(table, rows));
  const std::string head = fmt::format("map update pinned {} key hex", to_string(table));
  const std::span keys(rows.keys()), values(rows.values());
  for (std::size_t i = 0; i < rows.count(); ++i) {
    out += head;
    append_bytes(out, keys.subspan(i * rows.key_size(), rows.key_size()));
    out += " value hex";
    append_bytes(out, values.subspan(i * rows.value_size(), rows.value_size()));
    out += '\n';
  }
}

std::size_t size_of(const Rows& rows) {
  constexpr std::size_t words = 64, digits = 3;
  return words * 2 + rows.count() * (words + digits * (rows.key_size() + rows.value_size()));
}

}  // namespace

void append_bytes(std::string& out, std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<std::size_t>(byte);
    const std::array text{' ', digits[value >> 4U], digits[value & 15U]};
    out.append(text.data(), text.size());
  }
}

std::string batch(const Entries& entries) {
  std::string out;
  std::size_t size = 0;
  for (const TableId table : all_tables) size += size_of(entries.of(table));
  out.reserve(size);
  for (const TableId table : all_tables) append_table(out, table, entries.of(table));
  return out;
}

}  // namespace portcullis::ebpf
