// Tables of an artefact ⇄ rows of the program's maps, byte for byte as bpf/types.h says. Pure: no kernel is asked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf {

// The maps that every generation has of its own, in the order in which they are put in place: without frontends no
// other table is looked at, so frontends come last.
enum class TableId : std::uint8_t { pools, endpoints, members, prefixes, locals, frontends };
inline constexpr std::array all_tables{TableId::pools,    TableId::endpoints, TableId::members,
                                       TableId::prefixes, TableId::locals,    TableId::frontends};
// `pools`, …; the map of the program is called `t_pools`.
[[nodiscard]] std::string_view to_string(TableId table);

// Rows of one map: keys and values as the kernel takes them, one behind the other.
class Rows {
 public:
  Rows() = default;
  Rows(std::size_t key_size, std::size_t value_size) : key_size_(key_size), value_size_(value_size) {}

  [[nodiscard]] std::size_t key_size() const { return key_size_; }
  [[nodiscard]] std::size_t value_size() const { return value_size_; }
  [[nodiscard]] std::size_t count() const { return key_size_ == 0 ? 0 : keys_.size() / key_size_; }
  [[nodiscard]] const std::vector<std::byte>& keys() const { return keys_; }
  [[nodiscard]] const std::vector<std::byte>& values() const { return values_; }

  void add_bytes(std::span<const std::byte> key, std::span<const std::byte> value);
  template <class Key, class Value>
  void add(const Key& key, const Value& value) {
    add_bytes(std::as_bytes(std::span(&key, 1)), std::as_bytes(std::span(&value, 1)));
  }
  template <class Key>
  [[nodiscard]] Key key(std::size_t row) const {
    return take<Key>(keys_, row);
  }
  template <class Value>
  [[nodiscard]] Value value(std::size_t row) const {
    return take<Value>(values_, row);
  }
  // Orders rows by the bytes of their keys; of equal keys the first one stays.
  void sort();
  bool operator==(const Rows&) const = default;

 private:
  template <class T>
  static T take(const std::vector<std::byte>& from, std::size_t row) {
    static_assert(std::is_trivially_copyable_v<T>);
    T out;
    std::memcpy(&out, from.data() + row * sizeof(T), sizeof(T));
    return out;
  }

  std::size_t key_size_ = 0, value_size_ = 0;
  std::vector<std::byte> keys_, values_;
};

// No rows yet, of the sizes that this table has.
[[nodiscard]] Rows rows_of(TableId table);

// One generation.
struct Entries {
  std::array<Rows, all_tables.size()> rows;  // sorted
  Entries();
  [[nodiscard]] Rows& of(TableId table) { return rows[static_cast<std::size_t>(table)]; }
  [[nodiscard]] const Rows& of(TableId table) const { return rows[static_cast<std::size_t>(table)]; }
  bool operator==(const Entries&) const = default;
};

[[nodiscard]] Entries entries(const Tables& tables);

// What the maps of a node say. They hold no names of pools, owners and sets, no protocols of pools, nothing that is
// done beside the program (guards, sysctls, UDP clean-up), and not which interfaces are pods'; those are taken from
// `like` where it has the same key, number or index. What it has not gets a name that says so.
[[nodiscard]] Tables tables_of(const Entries& entries, const Tables& like);

[[nodiscard]] pcl_addr to_bytes(const net::Address& address);
[[nodiscard]] net::Address to_address(const pcl_addr& address);
[[nodiscard]] std::uint16_t network_order(std::uint16_t port);

}  // namespace portcullis::ebpf
