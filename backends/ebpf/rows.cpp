#include <algorithm>
#include <numeric>

#include "backends/ebpf/entries.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::ebpf {

std::string_view to_string(TableId table) {
  switch (table) {
    case TableId::pools:
      return "pools";
    case TableId::endpoints:
      return "endpoints";
    case TableId::members:
      return "members";
    case TableId::prefixes:
      return "prefixes";
    case TableId::locals:
      return "locals";
    case TableId::frontends:
      return "frontends";
  }
  throw base::InternalError("no such table");
}

Rows rows_of(TableId table) {
  switch (table) {
    case TableId::pools:
      return {sizeof(pcl_u32), sizeof(pcl_pool)};
    case TableId::endpoints:
      return {sizeof(pcl_u32), sizeof(pcl_endpoint)};
    case TableId::members:
      return {sizeof(pcl_member_key), sizeof(pcl_u32)};
    case TableId::prefixes:
      return {sizeof(pcl_prefix_key), sizeof(pcl_u32)};
    case TableId::locals:
      return {sizeof(pcl_addr), sizeof(pcl_local)};
    case TableId::frontends:
      return {sizeof(pcl_frontend_key), sizeof(pcl_frontend)};
  }
  throw base::InternalError("no such table");
}

Entries::Entries() {
  for (const TableId table : all_tables) of(table) = rows_of(table);
}

void Rows::add_bytes(std::span<const std::byte> key, std::span<const std::byte> value) {
  if (key.size() != key_size_ || value.size() != value_size_) throw base::InternalError("a row of another table");
  keys_.insert(keys_.end(), key.begin(), key.end());
  values_.insert(values_.end(), value.begin(), value.end());
}

void Rows::sort() {
  const auto key = [this](std::size_t row) { return keys_.data() + row * key_size_; };
  std::vector<std::size_t> order(count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return std::memcmp(key(a), key(b), key_size_) < 0; });
  const auto same = [&](std::size_t a, std::size_t b) { return std::memcmp(key(a), key(b), key_size_) == 0; };
  order.erase(std::ranges::unique(order, same).begin(), order.end());
  Rows sorted(key_size_, value_size_);
  sorted.keys_.reserve(keys_.size());
  sorted.values_.reserve(values_.size());
  const std::span keys(keys_), values(values_);
  for (const std::size_t row : order)
    sorted.add_bytes(keys.subspan(row * key_size_, key_size_), values.subspan(row * value_size_, value_size_));
  *this = std::move(sorted);
}

}  // namespace portcullis::ebpf
